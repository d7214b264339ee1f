package script

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// This file finds what the names mean that an unfinished input binds: loops'
// variables, what is assigned in a block, and the parameters of functions.

// binding finds `for NAME in …`, in a statement or a comprehension, `NAME = …` as a
// statement, and the parameters of `def` and `lambda`.
var binding = regexp.MustCompile(`\bfor\s+([A-Za-z_]\w*)(?:\s*,\s*([A-Za-z_]\w*))?\s+in\s+(.+)` +
	`|(?m:^[ \t]*([A-Za-z_]\w*)\s*=\s*([^=\s].*)$)` +
	`|\bdef\s+\w+\s*\(([^)]*)\)?` +
	`|\blambda\s+([^:]*):`)

// loopEnd finds where what a loop goes through may end.
var loopEnd = regexp.MustCompile(`:|\sif\b|[\])}]|$`)

// knowSource adds to locals what is known of the names that source binds.
func (it *Interp) knowSource(ctx context.Context, source string, locals map[string]known) {
	group := func(m []int, n int) (string, bool) {
		if m[2*n] < 0 {
			return "", false
		}
		return source[m[2*n]:m[2*n+1]], true
	}
	for source != "" {
		m := binding.FindStringSubmatchIndex(source)
		if m == nil {
			return
		}
		next := m[1]
		if name, ok := group(m, 1); ok {
			second, _ := group(m, 2)
			rest, _ := group(m, 3)
			it.knowLoop(ctx, name, second, rest, locals)
			next = m[6] // a comprehension may hold another loop
		} else if name, ok := group(m, 4); ok {
			value, _ := group(m, 5)
			delete(locals, name)
			if e, err := fileOptions().ParseExpr("", value, 0); err == nil {
				if k, ok := it.know(ctx, e, locals); ok {
					locals[name] = k
				}
			}
			next = m[10] // which may hold a loop or a lambda
		} else if parameters, ok := group(m, 6); ok {
			guessParameters(parameters, locals)
		} else if parameters, ok := group(m, 7); ok {
			guessParameters(parameters, locals)
		}
		source = source[max(next, 1):]
	}
}

// knowLoop adds the variables of one loop. rest is what follows "in".
func (it *Interp) knowLoop(ctx context.Context, name, second, rest string, locals map[string]known) {
	for _, end := range loopEnd.FindAllStringIndex(rest, -1) {
		e, err := fileOptions().ParseExpr("", strings.TrimSpace(rest[:end[0]]), 0)
		if err != nil {
			continue // it ended inside a bracket
		}
		if second == "" {
			if k, ok := it.know(ctx, e, locals); ok {
				locals[name] = element(k)
			}
			return
		}
		if k, v, ok := it.knowPair(ctx, e, locals); ok {
			locals[name], locals[second] = k, v
		}
		return
	}
}

// knowPair returns what is known of the two variables of a loop over enumerate(x)
// or d.items().
func (it *Interp) knowPair(ctx context.Context, e syntax.Expr, locals map[string]known) (first, second known, ok bool) {
	call, ok := e.(*syntax.CallExpr)
	if !ok {
		return known{}, known{}, false
	}
	switch fn := call.Fn.(type) {
	case *syntax.Ident:
		if fn.Name == "enumerate" && len(call.Args) > 0 {
			x, ok := it.know(ctx, call.Args[0], locals)
			return known{value: starlark.MakeInt(0)}, element(x), ok
		}
	case *syntax.DotExpr:
		x, ok := it.know(ctx, fn.X, locals)
		if d, isDict := x.value.(*starlark.Dict); ok && isDict && fn.Name.Name == "items" {
			for _, item := range d.Items() {
				return known{value: item[0]}, known{value: item[1]}, true
			}
		}
	}
	return known{}, known{}, false
}

// guessParameters takes parameters for what their names say, as people name them:
// pkt is a packet. Nothing is certain about a function that nobody called yet, and
// what is offered for one that is something else is only not chosen.
func guessParameters(list string, locals map[string]known) {
	for parameter := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(strings.TrimLeft(strings.TrimSpace(parameter), "*"), "=")
		switch name = strings.TrimSpace(name); name {
		case "p", "pkt", "packet", "frame":
			locals[name] = known{kind: kindPacket}
		case "cap", "capture", "packets":
			locals[name] = known{kind: kindCapture}
		case "layer":
			locals[name] = known{kind: kindLayer}
		default:
			locals[name] = known{}
		}
	}
}

// knowComprehension returns what is known of `[body for x in …]`: a list of bodies.
func (it *Interp) knowComprehension(ctx context.Context, e *syntax.Comprehension, locals map[string]known) (known, bool) {
	inner := maps.Clone(locals)
	if inner == nil {
		inner = map[string]known{}
	}
	for _, c := range e.Clauses {
		loop, ok := c.(*syntax.ForClause)
		if !ok {
			continue
		}
		if name, ok := loop.Vars.(*syntax.Ident); ok {
			x, _ := it.know(ctx, loop.X, inner)
			inner[name.Name] = element(x)
		}
	}
	if _, isDict := e.Body.(*syntax.DictEntry); isDict {
		return known{value: starlark.NewDict(0)}, true
	}
	k, _ := it.know(ctx, e.Body, inner)
	return listOf(k), true
}
