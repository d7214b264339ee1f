package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pktsh/engine/filter"
	"pktsh/engine/wireshark"
)

// handOver has tshark -2 answer the question as it stands.
func (r *run) handOver(ctx context.Context) (exit int, err error) {
	if r.feed != nil {
		r.feed.leave()
	}
	in := wireshark.Input{Path: r.Files[0]}
	if r.spooled() {
		f, err := r.whole(ctx)
		if err != nil {
			return exitRead, err
		}
		in.Path, in.Inherit = f.DissectorFile()
	}
	if r.Watched {
		fmt.Fprintln(r.Stderr, "pktsh: asking Wireshark about the whole capture")
	}
	said := &ownVoice{w: r.Stderr}
	exit, err = wireshark.RunRaw(ctx, r.Tools, in, r.args(), r.Stdout, said)
	said.flush()
	if exit == exitError && err == nil {
		r.suggest(ctx)
	}
	return exit, err
}

// suggest says which fields may have been meant by names that Wireshark does not know.
func (r *run) suggest(ctx context.Context) {
	if len(r.Fields) == 0 {
		return
	}
	catalogue, err := wireshark.LoadCatalogue(ctx, r.Tools, r.CacheDir)
	if err != nil {
		return // tshark has said what is wrong
	}
	for _, name := range r.Fields {
		var unknown *filter.Error
		if _, err := filter.Compile(name, catalogue); errors.As(err, &unknown) && unknown.Suggestion != "" && !strings.Contains(name, " ") {
			fmt.Fprintf(r.Stderr, "pktsh: %s: %s\n", name, unknown.Suggestion)
		}
	}
}

// args are tshark's flags for the question.
func (r *run) args() []string {
	args := append([]string{"-2", "-T", r.Format}, r.Flags...)
	each := func(flag string, values []string) {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	each("-e", r.Fields)
	each("-E", r.FieldOptions)
	if r.Filter != "" {
		args = append(args, "-Y", r.Filter)
	}
	if r.Count > 0 {
		args = append(args, "-c", strconv.Itoa(r.Count))
	}
	return args
}

// ownVoice passes on what tshark says on its error output, as pktsh, and without
// the line with which it greets root.
type ownVoice struct {
	w    io.Writer
	part []byte // a line whose end has not come yet
}

func (v *ownVoice) Write(b []byte) (int, error) {
	v.part = append(v.part, b...)
	for {
		line, rest, whole := bytes.Cut(v.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		v.part = rest
		if bytes.HasPrefix(line, []byte("Running as user ")) {
			continue
		}
		if text, own := bytes.CutPrefix(line, []byte("tshark: ")); own {
			line = append([]byte("pktsh: "), text...)
		} else {
			line = bytes.Clone(line)
		}
		if _, err := v.w.Write(append(line, '\n')); err != nil {
			return 0, err
		}
	}
}

// flush writes a last line that has no end.
func (v *ownVoice) flush() { _, _ = v.w.Write(v.part) }
