package batch

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/native"
)

// This file answers -T out of pktsh's own dissectors alone, where that is asked
// for: it is not Wireshark's answer then, and says so.

// printOwn answers -T with --engine native.
func (r *run) printOwn(ctx context.Context) (exit int, err error) {
	write, head := r.summaryLine, []byte(nil)
	switch r.Format {
	case "text", "tabs":
	case "fields":
		l, err := parseLayout(r.FieldOptions)
		if err != nil {
			return exitError, err
		}
		catalogue := dissect.NativeCatalogue()
		for _, name := range r.Fields {
			if _, ok := catalogue.Lookup(name); !ok {
				return exitError, fmt.Errorf("%q is not a field of pktsh's own dissectors: leave out --engine native to ask Wireshark's", name)
			}
		}
		write, head = r.fieldsLine(l), l.preamble(r.Fields)
	default:
		return exitError, fmt.Errorf("-T %s is Wireshark's alone: leave out --engine native, or take fields, text or tabs", r.Format)
	}
	f, err := r.whole(ctx)
	if err != nil {
		return exitRead, err
	}
	fmt.Fprintln(r.Stderr, "pktsh: answered by pktsh's own dissectors, not by Wireshark's (--engine native)")
	passed, err := r.passed(ctx, f)
	if err != nil {
		return exitError, err
	}
	d := native.New(f)
	defer d.Close()
	if err := d.Prepare(ctx); err != nil {
		return exitError, err
	}
	out := bufio.NewWriterSize(r.Stdout, 64<<10)
	if _, err := out.Write(head); err != nil {
		return exitError, err
	}
	if err := eachOwn(ctx, f, d, passed, func(line []byte) error { _, err := out.Write(line); return err }, write); err != nil {
		return exitError, err
	}
	return exitOK, out.Flush()
}

// ownLine appends a frame's line.
type ownLine func(ctx context.Context, out []byte, f *capfile.File, d *native.Dissector, frame uint32) ([]byte, error)

func eachOwn(ctx context.Context, f *capfile.File, d *native.Dissector, frames *roaring.Bitmap, each func([]byte) error, write ownLine) error {
	var line []byte
	for it := frames.Iterator(); it.HasNext(); {
		var err error
		if line, err = write(ctx, line[:0], f, d, it.Next()); err != nil {
			return err
		}
		if err := each(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// fieldsLine writes rows of -T fields.
func (r *run) fieldsLine(l layout) ownLine {
	catalogue := dissect.NativeCatalogue()
	kinds := make([]dissect.Type, len(r.Fields))
	for i, name := range r.Fields {
		info, _ := catalogue.Lookup(name)
		kinds[i] = info.Type
	}
	return func(ctx context.Context, out []byte, _ *capfile.File, d *native.Dissector, frame uint32) ([]byte, error) {
		tree, err := d.Tree(ctx, frame)
		if err != nil {
			return nil, err
		}
		for i, name := range r.Fields {
			if i > 0 {
				out = append(out, l.separator)
			}
			if slices.Contains(r.Fields[i+1:], name) {
				continue // tshark prints the last
			}
			var values []string
			for _, v := range tree.Values(name) {
				values = append(values, escape(v.Text(tree, kinds[i])))
			}
			out = l.cell(out, values)
		}
		return out, nil
	}
}

// summaryLine writes a row of the packet list as tshark does: numbers and sources
// are aligned right, destinations left, with an arrow between.
func (r *run) summaryLine(ctx context.Context, out []byte, f *capfile.File, d *native.Dissector, frame uint32) ([]byte, error) {
	end, arrow := " ", "→"
	if r.Format == "tabs" {
		end = "\t"
	}
	err := d.Rows(ctx, []uint32{frame}, func(s dissect.Summary) error {
		out = fmt.Appendf(out, "%5d%s%s%s", frame, end, padLeft(r.Time(f, int(frame)-1), 10), end)
		out = fmt.Appendf(out, "%s%s%s%s%s%s", padLeft(s.Source, 12), end, arrow, end, padRight(s.Destination, 12), end)
		out = fmt.Appendf(out, "%s%s%d%s%s", s.Protocol, end, s.Length, end, escape(s.Info))
		return nil
	})
	return out, err
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))) + text
}

func padRight(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
