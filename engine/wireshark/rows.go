package wireshark

import (
	"context"
	"fmt"
	"strconv"

	"pktsh/dissect"
)

const (
	// rowChunk is how many rows one request asks for. Smaller ones cost no less
	// in all (measured from 100 to 10,000), and this many take about 20 ms,
	// which is how soon a cancelled context is noticed.
	rowChunk = 2000
	// bridge is the widest gap between wanted frames that is dissected along
	// with them: a frame costs about 12 µs, a request about 100.
	bridge = 8
)

// run is a stretch of consecutive frame numbers, both ends included.
type run struct{ first, last uint32 }

// runs groups ascending frame numbers into stretches of at most rowChunk.
func runs(frames []uint32) []run {
	var out []run
	for _, n := range frames {
		if k := len(out) - 1; k >= 0 && n-out[k].last <= bridge+1 && n-out[k].first < rowChunk {
			out[k].last = n
			continue
		}
		out = append(out, run{n, n})
	}
	return out
}

// checkFrames refuses frame numbers that are not ascending or not there.
func (d *Dissector) checkFrames(ctx context.Context, frames []uint32) error {
	if err := d.Wait(ctx); err != nil {
		return err
	}
	last := uint32(0)
	for _, n := range frames {
		if n <= last {
			return fmt.Errorf("frames: got %d after %d, want ascending numbers from 1", n, last)
		}
		last = n
	}
	if s := d.State(); uint64(last) > uint64(s.Frames) {
		return d.noFrame(last, s)
	}
	return nil
}

func (d *Dissector) noFrame(frame uint32, s State) error {
	if s.Partial {
		return fmt.Errorf("frame %d: Wireshark read only the first %d frames of %s: %w", frame, s.Frames, d.in.Path, s.Err)
	}
	return fmt.Errorf("frame %d: Wireshark read %d frames of %s", frame, s.Frames, d.in.Path)
}

// Rows calls fn with the packet list's row of each frame: the text of
// Wireshark's default columns. Frame numbers are ascending, from 1. It stops at
// the first error of fn and returns it. A number beyond the capture's end is an
// error before the first call of fn.
func (d *Dissector) Rows(ctx context.Context, frames []uint32, fn func(dissect.Summary) error) error {
	if err := d.checkFrames(ctx, frames); err != nil {
		return err
	}
	columns := func(req *request, c columnNumbers) {
		req.str("column0", c.source).str("column1", c.destination).str("column2", c.protocol).str("column3", c.info)
		// A raw column: the frame's length is the same in every configuration.
		req.str("column4", "frame.len:1")
	}
	return d.rows(ctx, frames, "rows", columns, textColumns+1, func(n uint32, cells []string) error {
		length, err := strconv.ParseUint(cells[4], 10, 32)
		if err != nil {
			return fmt.Errorf("frame %d: got the length %q, want a number", n, cells[4])
		}
		return fn(dissect.Summary{
			Number: n, Source: cells[0], Destination: cells[1], Protocol: cells[2],
			Info: cells[3], Length: uint32(length),
		})
	})
}

// rows asks for the given columns of the frames and calls fn for each frame
// with its cells, of which there are want.
func (d *Dissector) rows(ctx context.Context, frames []uint32, what string, columns func(*request, columnNumbers), want int, fn func(uint32, []string) error) error {
	for _, r := range runs(frames) {
		r := r
		q := question{
			text: fmt.Sprintf("%s of frames %d–%d", what, r.first, r.last),
			build: func(p *process) *request {
				req := rangeRequest(r)
				columns(req, p.columns)
				return req
			},
			stall: d.opts.Deadlines.Rows,
		}
		answer, err := d.ask(ctx, q)
		if err != nil {
			return err
		}
		if answer.code != 0 {
			return fmt.Errorf("%s: sharkd: %s", q.text, answer.msg)
		}
		got, err := parseRows(answer.result, want)
		if err != nil {
			return fmt.Errorf("%s: %w", q.text, err)
		}
		for _, row := range got {
			if len(frames) == 0 || row.frame < frames[0] {
				continue // a bridged gap
			}
			if row.frame != frames[0] {
				return fmt.Errorf("%s: got frame %d, want %d", q.text, row.frame, frames[0])
			}
			frames = frames[1:]
			if err := fn(row.frame, row.cells); err != nil {
				return err
			}
		}
		if len(frames) > 0 && frames[0] <= r.last {
			return fmt.Errorf("%s: frame %d is missing in the reply", q.text, frames[0])
		}
	}
	return nil
}

// rangeRequest asks for consecutive frames by position: a filter on frame.number
// would dissect the whole capture.
func rangeRequest(r run) *request {
	req := newRequest("frames")
	if r.first > 1 {
		req.num("skip", uint64(r.first-1))
	}
	return req.num("limit", uint64(r.last-r.first)+1)
}

type row struct {
	frame uint32
	cells []string
}

// parseRows reads the reply to frames: [{"c":["…",…],"num":1}, …].
func parseRows(result []byte, want int) ([]row, error) {
	var out []row
	s := scanner{buf: result}
	s.array(func() {
		r := row{cells: make([]string, 0, want)}
		s.object(func(key string) {
			switch key {
			case "c":
				s.array(func() { r.cells = append(r.cells, s.text()) })
			case "num":
				r.frame = uint32(s.number())
			default:
				s.skip()
			}
		})
		if s.err == nil && len(r.cells) != want {
			s.err = fmt.Errorf("frame %d: got %d columns, want %d", r.frame, len(r.cells), want)
		}
		out = append(out, r)
	})
	return out, s.err
}
