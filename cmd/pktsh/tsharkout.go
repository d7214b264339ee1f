package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// tsharkOutput is batch output in tshark's formats: -T, -e, -E and -c. tshark
// itself writes it, in two passes (-2), which is Wireshark's own answer.
type tsharkOutput struct {
	format  string
	fields  []string
	options []string
	count   int
}

func addOutputFlags(fs *pflag.FlagSet, o *tsharkOutput) *string {
	format := fs.StringP("format", "T", "", "print in tshark's format and exit: `fields|json|ek|tabs|text`")
	fs.StringArrayVarP(&o.fields, "field", "e", nil, "`FIELD` to print with -T fields (repeatable)")
	fs.StringArrayVarP(&o.options, "field-option", "E", nil, "`OPTION=VALUE` of -T fields, as tshark's -E")
	fs.IntVarP(&o.count, "count", "c", 0, "with -T: stop after `N` packets were read")
	return format
}

func (o *tsharkOutput) check() error {
	switch format := o.format; {
	case format != "" && !slices.Contains([]string{"fields", "json", "ek", "tabs", "text"}, format):
		return fmt.Errorf("-T %s: fields, json, ek, tabs or text was wanted", format)
	case format == "fields" && len(o.fields) == 0:
		return errors.New("-T fields wants at least one -e FIELD")
	case format != "fields" && len(o.options) > 0:
		return errors.New("-E goes with -T fields")
	case format == "" && (len(o.fields) > 0 || o.count > 0):
		return errors.New("-e and -c go with -T")
	}
	return nil
}

// tsharkOutput says whether the run is tshark's output and nothing else.
func (o *options) tsharkOutput() bool { return o.output.format != "" }

// runTshark hands over to `tshark -2` under an empty profile.
func runTshark(o *options) int {
	tools := wireshark.Find(os.Getenv("PATH"))
	switch {
	case tools.Tshark == "":
		fmt.Fprintln(os.Stderr, "pktsh: -T needs tshark, which is not on PATH (Debian: apt-get install tshark)")
		return exitError
	case len(o.files) == 0:
		fmt.Fprintln(os.Stderr, "pktsh: -T wants a capture: pktsh FILE -T text")
		return exitUsage
	}
	ctx, caught := untilSignal()
	in := wireshark.Input{Path: o.files[0]}
	if len(o.files) > 1 || in.Path == "-" { // two passes need a file
		session := engine.NewSession(engine.Config{Mode: plan.Native})
		defer session.Close()
		what := engine.OpenOptions{Paths: o.files}
		if in.Path == "-" {
			what = engine.OpenOptions{Reader: os.Stdin}
		}
		c, err := session.Open(ctx, what)
		if err != nil {
			fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
			return caught.code(exitError)
		}
		in.Path, in.Inherit = c.File().DissectorFile()
	}
	complaints := &withoutRootWarning{w: os.Stderr}
	code, err := wireshark.RunRaw(ctx, tools, in, o.tsharkArgs(), os.Stdout, complaints)
	complaints.flush()
	switch {
	case ctx.Err() != nil && err != nil:
		code = exitOK // the signal's code counts
	case err != nil:
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		code = exitError
	}
	return caught.code(code)
}

// withoutRootWarning drops the line with which tshark greets root.
type withoutRootWarning struct {
	w    io.Writer
	part []byte // a line whose end has not come yet
}

func (f *withoutRootWarning) Write(b []byte) (int, error) {
	f.part = append(f.part, b...)
	for {
		line, rest, whole := bytes.Cut(f.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		f.part = rest
		if bytes.HasPrefix(line, []byte("Running as user ")) {
			continue
		}
		if _, err := f.w.Write(append(line, '\n')); err != nil {
			return 0, err
		}
	}
}

// flush writes a last line that has no end.
func (f *withoutRootWarning) flush() { _, _ = f.w.Write(f.part) }

func (o *options) tsharkArgs() []string {
	args := []string{"-2", "-T", o.output.format, "-t", string(o.times)}
	each := func(flag string, values []string) {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	each("-e", o.output.fields)
	each("-E", o.output.options)
	each("-o", o.preferences)
	each("-d", o.decodeAs)
	each("--disable-protocol", o.disabled)
	if o.filter != "" {
		args = append(args, "-Y", o.filter)
	}
	if o.output.count > 0 {
		args = append(args, "-c", strconv.Itoa(o.output.count))
	}
	switch {
	case o.noNames:
		args = append(args, "-n")
	case o.names != "":
		args = append(args, "-N", o.names)
	}
	if len(o.wlanKeys) > 0 {
		args = append(args, "-o", "wlan.enable_decryption:TRUE")
	}
	for _, record := range o.wlanKeys {
		args = append(args, "-o", "uat:80211_keys:"+record)
	}
	if o.keyLog != "" {
		args = append(args, "-o", "tls.keylog_file:"+o.keyLog)
	}
	return args
}
