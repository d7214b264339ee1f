package wireshark

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// FilterError is a display filter that Wireshark does not take.
type FilterError struct {
	Expr string
	// Offset and Length locate the fault in Expr, in bytes; -1 when Wireshark
	// does not say where.
	Offset, Length int
	Message        string // Wireshark's own words
}

func (e *FilterError) Error() string { return e.Message }

const (
	// filterChunk is the least number of matching frames asked for at once.
	filterChunk = 10_000
	// maxFilterChunk keeps one reply below about 30 MB.
	maxFilterChunk = 1_000_000
	// maxArgument is the longest argument Linux passes to a program
	// (MAX_ARG_STRLEN, execve(2)).
	maxArgument = 128<<10 - 1
)

// Filter returns the numbers of the frames that a display filter lets through,
// counted from 1. Results are kept by the filter's text; the bitmap is shared
// and must not be changed. A filter that Wireshark does not take gives a
// *FilterError.
func (d *Dissector) Filter(ctx context.Context, expr string) (*roaring.Bitmap, error) {
	if err := plausibleFilter(expr); err != nil {
		return nil, err
	}
	if err := d.Wait(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	set := d.filters[expr]
	d.mu.Unlock()
	if set != nil {
		return set, nil
	}
	var err error
	if d.filterRequest(expr, 1<<31, maxFilterChunk, "100").fits() {
		set, err = d.filterBySharkd(ctx, expr)
	} else {
		set, err = d.filterByTshark(ctx, expr)
	}
	if err != nil {
		return nil, err
	}
	set.RunOptimize()
	d.mu.Lock()
	d.filters[expr] = set
	d.mu.Unlock()
	return set, nil
}

func plausibleFilter(expr string) error {
	if i := strings.IndexByte(expr, 0); i >= 0 {
		return &FilterError{Expr: expr, Offset: i, Length: 1, Message: "a NUL byte cannot stand in a filter"}
	}
	if strings.TrimSpace(expr) == "" {
		return &FilterError{Expr: expr, Offset: -1, Length: -1, Message: "the filter is empty"}
	}
	return nil
}

func (d *Dissector) filterRequest(expr string, skip, limit int, column string) *request {
	req := newRequest("frames").str("filter", expr)
	if skip > 0 {
		req.num("skip", uint64(skip))
	}
	return req.num("limit", uint64(limit)).str("column0", column)
}

// filterBySharkd pages through the frames that match. The first page takes the
// pass over the capture; sharkd keeps the result for the others.
func (d *Dissector) filterBySharkd(ctx context.Context, expr string) (*roaring.Bitmap, error) {
	set := roaring.New()
	// Skipping walks over the frames before, so pages grow with the capture.
	limit := min(max(filterChunk, d.State().Frames/32), maxFilterChunk)
	for skip := 0; ; skip += limit {
		answer, err := d.ask(ctx, question{
			text:  fmt.Sprintf("filter %q", expr),
			build: func(p *process) *request { return d.filterRequest(expr, skip, limit, p.columns.pad) },
			stall: d.opts.Deadlines.Rows,
		})
		if err != nil {
			return nil, err
		}
		if answer.code != 0 {
			return nil, d.filterError(ctx, expr, answer.msg)
		}
		n := 0
		s := scanner{buf: answer.result}
		s.array(func() {
			n++
			s.object(func(key string) {
				if key == "num" {
					set.Add(uint32(s.number()))
				} else {
					s.skip()
				}
			})
		})
		if s.err != nil {
			return nil, fmt.Errorf("filter %q: %w", expr, s.err)
		}
		if n < limit {
			return set, nil
		}
	}
}

// filterByTshark runs a filter that is too long for sharkd's request line
// through a two-pass tshark under the same profile.
func (d *Dissector) filterByTshark(ctx context.Context, expr string) (*roaring.Bitmap, error) {
	if len(expr) > maxArgument {
		return nil, fmt.Errorf("filter: got %d bytes, want at most %d: split it into parts joined by \"||\"", len(expr), maxArgument)
	}
	if err := d.Check(ctx, expr); err != nil {
		return nil, err
	}
	set := roaring.New()
	args := []string{"-2", "-Y", expr, "-T", "fields", "-e", "frame.number"}
	err := d.tshark(ctx, args, func(out io.Reader) error {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.ParseUint(lines.Text(), 10, 32)
			if err != nil {
				return fmt.Errorf("filter: got the frame number %q from tshark, want a number", lines.Text())
			}
			set.Add(uint32(n))
		}
		return lines.Err()
	})
	// A truncated capture makes tshark fail after its last frame.
	if err != nil && (!d.State().Partial || ctx.Err() != nil) {
		return nil, err
	}
	return set, nil
}

// Check asks Wireshark whether it takes a display filter: nil, or a
// *FilterError, or why it could not be asked. It does not wait for the capture
// to load: while sharkd is busy, tshark is asked.
func (d *Dissector) Check(ctx context.Context, expr string) error {
	if err := plausibleFilter(expr); err != nil {
		return err
	}
	req := newRequest("check").str("filter", expr)
	if s := d.State(); !req.fits() || s.Phase == Failed {
		return CheckFilter(ctx, d.tools, d.cfg, expr)
	}
	select {
	case <-d.turn:
	default:
		return CheckFilter(ctx, d.tools, d.cfg, expr)
	}
	answer, err := d.askInTurn(ctx, question{
		text:   fmt.Sprintf("the syntax of filter %q", expr),
		build:  func(*process) *request { return req },
		stall:  d.opts.Deadlines.Start,
		strict: true,
	})
	if err != nil || answer.code == 0 {
		return err
	}
	return d.filterError(ctx, expr, answer.msg)
}

// filterError asks tshark where the fault is, which sharkd does not say.
func (d *Dissector) filterError(ctx context.Context, expr, message string) error {
	err := CheckFilter(ctx, d.tools, d.cfg, expr)
	var fault *FilterError
	if errors.As(err, &fault) || ctx.Err() != nil {
		return err
	}
	message = strings.TrimPrefix(message, "Filter invalid - ")
	return &FilterError{Expr: expr, Offset: -1, Length: -1, Message: message}
}

// CheckFilter asks tshark whether it takes a display filter: nil, or a
// *FilterError, or why it could not be asked. It needs no capture and takes
// about 0.2 s.
func CheckFilter(ctx context.Context, tools Tools, cfg Config, expr string) error {
	if err := plausibleFilter(expr); err != nil {
		return err
	}
	if len(expr) > maxArgument {
		return fmt.Errorf("filter: got %d bytes, want at most %d", len(expr), maxArgument)
	}
	ok, stderr, err := tryTshark(ctx, tools, cfg, "-Y", expr)
	if err != nil || ok {
		return err
	}
	fault := parseFilterError(expr, stderr)
	if fault == nil {
		return fmt.Errorf("tshark cannot check the filter: %s", reason(stderr))
	}
	return fault
}

// parseFilterError reads what tshark prints of a bad filter:
//
//	tshark: Left side of "==" expression must be a field or function, not ip.scr.
//	    ip.scr == 1
//	    ^~~~~~
//
// The caret counts bytes from the filter's start, also across line breaks.
func parseFilterError(expr, stderr string) *FilterError {
	i := strings.LastIndex(stderr, "tshark: ")
	if i < 0 {
		return nil
	}
	fault := &FilterError{Expr: expr, Offset: -1, Length: -1}
	message, rest, found := strings.Cut(stderr[i+len("tshark: "):], "\n    "+expr+"\n")
	fault.Message, _, _ = strings.Cut(message, "\n")
	if !found {
		return fault
	}
	fault.Message = strings.TrimSpace(message)
	caret, _, _ := strings.Cut(rest, "\n")
	at := strings.IndexByte(caret, '^')
	length := 1 + strings.Count(caret, "~")
	if at >= 4 && strings.Trim(caret, " ^~") == "" && at-4+length <= len(expr) {
		fault.Offset, fault.Length = at-4, length
	}
	return fault
}

// emptyCapture is a pcap file without packets: magic, version 2.4, snap length
// 65535, link type Ethernet (draft-ietf-opsawg-pcap, section 4).
const emptyCapture = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00"

// tryTshark runs tshark with args on a capture without packets and says
// whether it was content.
func tryTshark(ctx context.Context, tools Tools, cfg Config, args ...string) (ok bool, stderr string, err error) {
	if tools.Tshark == "" {
		return false, "", errNoTshark
	}
	profile, err := cfg.writeProfile("", "", tools.shortName(ctx))
	if err != nil {
		return false, "", err
	}
	defer os.RemoveAll(profile)
	empty := filepath.Join(profile, "empty.pcap")
	if err := os.WriteFile(empty, []byte(emptyCapture), 0o600); err != nil {
		return false, "", err
	}
	cmd := command(ctx, tools.Tshark, append([]string{"-r", empty}, args...)...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	out := &tail{max: 1 << 20} // a bad decode-as rule is answered with all that there are
	cmd.Stderr = out
	err = runChild(cmd)
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return false, "", ctx.Err()
	}
	if errors.As(err, &exit) {
		return false, out.String(), nil
	}
	return err == nil, out.String(), err
}
