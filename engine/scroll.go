package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"pktsh/engine/wireshark"
)

// scrollGrace is how long after a capture was stopped the rows of its last packets
// are waited for.
const scrollGrace = 2 * time.Second

// Scroll yields the rows of a live capture's packets as they come, of those that the
// view's filter lets through, from its first packet on. They are what Wireshark says of
// a packet when it comes, knowing none that come after, as tshark -i prints it; without
// tshark, pktsh's own. The capture is refreshed meanwhile.
//
// It ends when the capture has ended; and when ctx ends it stops the capture, yields
// what has come by then, and ends without an error.
func (v *View) Scroll(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		c := v.capture
		if c.Live() == nil {
			yield(Row{}, fmt.Errorf("%s is a file: it does not grow", c.Name()))
			return
		}
		inner, done := c.Outlast(ctx)
		defer done()
		scroll := v.scrollOwn
		if c.session.deepAllowed() && c.session.cfg.Tools.Tshark != "" {
			scroll = v.scrollWireshark
		}
		err := scroll(inner, func(r Row) error {
			if !yield(r, nil) {
				return errStop
			}
			return nil
		})
		if err == nil || err == errStop || inner.Err() != nil {
			return
		}
		yield(Row{}, err)
	}
}

// Outlast returns a context for who follows a live capture to its end: when ctx ends,
// the capture is stopped, and the context that is returned ends a while later, so that
// its last packets can still be told. done releases it.
func (c *Capture) Outlast(ctx context.Context) (inner context.Context, done func()) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		_ = c.Live().Stop(inner) // what went wrong is Live().Err()
		time.AfterFunc(scrollGrace, cancel)
	})
	return inner, func() {
		forget()
		cancel()
	}
}

// scrollOwn is Scroll by pktsh's own dissectors.
func (v *View) scrollOwn(ctx context.Context, fn func(Row) error) error {
	c := v.capture
	for seen := uint64(0); ; {
		ended := false
		select {
		case <-c.Live().Done():
			ended = true
		default:
		}
		if _, err := c.Refresh(ctx); err != nil {
			return err
		}
		n, err := v.Len(ctx)
		if err != nil {
			return err
		}
		place, _, err := v.Index(ctx, c.After(seen)) // a ring may have let packets go
		if err != nil {
			return err
		}
		if err := v.rows(ctx, place, n, RowOptions{PreviewAllowed: true}, fn); err != nil {
			return err
		}
		seen = c.Came()
		if ended {
			return nil
		}
		if err := c.WaitPackets(ctx, 1); err != nil {
			return err
		}
	}
}

// scrolledColumns are the columns of a summary, as tshark names them.
var scrolledColumns = [...]string{"frame.number", "_ws.col.Source", "_ws.col.Destination", "_ws.col.Protocol", "frame.len", "_ws.col.Info"}

// scrollWireshark is Scroll by tshark, which is given the spool as it grows.
func (v *View) scrollWireshark(ctx context.Context, fn func(Row) error) error {
	c := v.capture
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	rows := make(chan summary, rowBlock)
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer write.Close()
		if err := c.Live().Stream(ctx, write); !errors.Is(err, syscall.EPIPE) { // tshark has ended: it says why
			return err
		}
		return nil
	})
	g.Go(func() error {
		defer close(rows)
		defer read.Close() // frees a Stream that waits for a tshark that is gone
		in := wireshark.Input{Path: c.Name(), Stream: read}
		q := wireshark.FieldsQuery{Filter: v.Filter(), Fields: scrolledColumns[:], OnePass: true}
		return wireshark.RunFields(ctx, c.session.cfg.Tools, c.config, in, q, func(cells []string) error {
			select {
			case rows <- scrolled(cells):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	before, displayed := c.shed, uint64(0)
	for s := range rows {
		came := before + uint64(s.Number)
		if err = c.takeIn(ctx, came); err == nil {
			err = fn(c.scrolledRow(s, came, displayed))
		}
		if err != nil {
			break
		}
		displayed = came
	}
	if err != nil {
		cancel()
		_ = g.Wait() // it ended because of err
		return err
	}
	defer cancel()
	return g.Wait()
}

// takeIn refreshes a capture until so many packets have come to it, which are in the
// spool.
func (c *Capture) takeIn(ctx context.Context, came uint64) error {
	for came > c.Came() {
		grown, err := c.Refresh(ctx)
		if err != nil {
			return err
		}
		if grown == 0 {
			return c.noRow(uint32(came))
		}
	}
	return nil
}

// scrolledRow is the row of a packet by how many had come with it, and likewise of the
// one displayed before. Of one that a ring has let go already only the summary is
// known.
func (c *Capture) scrolledRow(s summary, came, displayed uint64) Row {
	number := s.Number
	if came <= c.shed {
		return Row{Summary: s}
	}
	s.Number = uint32(came - c.shed)
	r := c.row(s, uint32(max(displayed, c.shed)-c.shed))
	r.Number = number
	return r
}

// scrolled makes a summary of tshark's cells.
func scrolled(cells []string) summary {
	number, _ := strconv.ParseUint(cells[0], 10, 32) // tshark's own numbers
	length, _ := strconv.ParseUint(cells[4], 10, 32)
	return summary{
		Number: uint32(number), Source: cells[1], Destination: cells[2], Protocol: cells[3],
		Length: uint32(length), Info: cells[5],
	}
}
