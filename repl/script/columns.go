package script

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"go.starlark.net/starlark"
)

// This file is the questions to a field of all packets at once: they run at the
// engine's speed, not a Starlark step for each packet.

// errNoField says what count_by and its like want.
var errNoField = errors.New("got no field, want its filter name: 'ip.src'")

// countBy is cap.count_by(field): how often each value occurs, the most frequent
// first.
func countBy(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var field string
	if err := in.unpack("field", &field); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if field == "" {
		return nil, fmt.Errorf("count_by: %w", errNoField)
	}
	counts, err := c.view.CountBy(ctx, field)
	if err != nil {
		return nil, err
	}
	out := starlark.NewDict(len(counts))
	for _, count := range counts {
		if err := out.SetKey(starlark.String(count.Value), starlark.MakeInt(count.N)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// valuesOf is cap.values(field): every occurrence, in the packets' order.
func valuesOf(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var field string
	if err := in.unpack("field", &field); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if field == "" {
		return nil, fmt.Errorf("values: %w", errNoField)
	}
	packets, err := c.view.Values(ctx, field)
	if err != nil {
		return nil, err
	}
	var out []starlark.Value
	for values := range packets {
		for _, v := range values {
			out = append(out, starlark.String(v))
		}
	}
	return starlark.NewList(out), ctx.Err()
}

// tableOf is cap.table(fields…): a tuple for each packet with the value of each
// field, None where the packet lacks it, several occurrences joined by commas.
func tableOf(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	if len(in.kwargs) > 0 {
		return nil, fmt.Errorf("table: takes fields' names only, got %s=", in.kwargs[0][0])
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if len(in.args) == 0 {
		return nil, fmt.Errorf("table: %w", errNoField)
	}
	pull := make([]func() ([]string, bool), len(in.args))
	for i, arg := range plainArgs(in.args) {
		field, ok := starlark.AsString(arg)
		if !ok {
			return nil, fmt.Errorf("table: got a %s, want fields' names: cap.table('ip.src', 'tcp.dstport')", arg.Type())
		}
		packets, err := c.view.Values(ctx, field)
		if err != nil {
			return nil, err
		}
		next, stop := iter.Pull(packets)
		defer stop()
		pull[i] = next
	}
	var out []starlark.Value
	for {
		row := make(starlark.Tuple, len(pull))
		for i, next := range pull {
			values, ok := next()
			switch {
			case !ok:
				return starlark.NewList(out), nil
			case values == nil:
				row[i] = starlark.None
			default:
				row[i] = starlark.String(strings.Join(values, ","))
			}
		}
		if out = append(out, row); len(out)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}
