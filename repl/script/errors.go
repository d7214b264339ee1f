package script

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"pktsh/completion"
	"pktsh/dissect"
)

// Error is what went wrong in a chunk, and where.
type Error struct {
	Msg string
	// File is the name given to Exec or the path of a loaded file; Line and Col
	// count from 1 and are 0 when the place is not known.
	File      string
	Line, Col int
	// Backtrace is Starlark's, outermost call first; empty for a syntax error.
	Backtrace string
	// Kind says what went wrong, for whoever words a hint.
	Kind ErrorKind
	// Err is what caused it, for errors.Is and errors.As: context.Canceled
	// after an interrupt, a *filter.Error for a bad display filter.
	Err error
}

// ErrorKind is what went wrong with a chunk.
type ErrorKind uint8

// The kinds of errors.
const (
	ErrorRuntime   ErrorKind = iota // running it failed
	ErrorSyntax                     // it is no Starlark: nothing of it ran
	ErrorUndefined                  // it uses a name that nobody defined
)

// Error returns "file:line:col: message", leaving out what is not known.
func (e *Error) Error() string {
	switch {
	case e.Line > 0 && e.File != "":
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Msg)
	}
	return e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// uninitialized is how Starlark words a predeclared name that is not there.
// Every global is one here, so it means that a name is not defined.
var uninitialized = regexp.MustCompile(`internal error: predeclared variable (\S+) is uninitialized`)

// translate makes an *Error of what parsing, resolving or running returned.
func (it *Interp) translate(ctx context.Context, err error) error {
	var out *Error
	var evalErr *starlark.EvalError
	var synErr syntax.Error
	var list resolve.ErrorList
	switch {
	case errors.As(err, &out):
		return out
	case errors.As(err, &evalErr):
		out = it.translateEval(evalErr)
	case errors.As(err, &synErr):
		out = errorAt(synErr.Msg, synErr.Pos)
		out.Err, out.Kind = err, ErrorSyntax
	case errors.As(err, &list) && len(list) > 0:
		out = errorAt(list[0].Msg, list[0].Pos)
		out.Err, out.Kind = err, ErrorSyntax
	default:
		out = &Error{Msg: err.Error(), Err: err}
	}
	if ctx.Err() != nil {
		out.Err = context.Cause(ctx)
		out.Msg = "interrupted"
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			out.Msg = "out of time"
		}
	}
	return out
}

func errorAt(msg string, pos syntax.Position) *Error {
	return &Error{Msg: msg, File: pos.Filename(), Line: int(pos.Line), Col: int(pos.Col)}
}

// translateEval places an error at the innermost call that the user wrote and
// leaves the operators of rewrite.go out of the backtrace.
func (it *Interp) translateEval(e *starlark.EvalError) *Error {
	out := &Error{Msg: e.Msg, Err: e.Unwrap()}
	var inner *Error
	if errors.As(e.Unwrap(), &inner) { // a function called back, or a loaded file
		return inner
	}
	if out.Err == nil {
		out.Err = e
	}
	var trace []string
	for _, f := range e.CallStack {
		if strings.HasPrefix(f.Name, "⟨") {
			continue
		}
		if f.Pos.Line == 0 {
			trace = append(trace, fmt.Sprintf("  in %s\n", f.Name))
			continue
		}
		if !isOwnName(f.Name) {
			trace = append(trace, fmt.Sprintf("  %s: in %s\n", f.Pos, f.Name))
		}
		out.File, out.Line, out.Col = f.Pos.Filename(), int(f.Pos.Line), int(f.Pos.Col)
	}
	out.Backtrace = strings.Join(folded(trace), "")
	if m := uninitialized.FindStringSubmatch(out.Msg); m != nil {
		out.Msg, out.Kind = it.undefined(m[1]), ErrorUndefined
	}
	return out
}

// folded shortens a backtrace that recursion made long: its ends tell all.
func folded(trace []string) []string {
	const most, ends = 30, 6
	if len(trace) <= most {
		return trace
	}
	hidden := len(trace) - 2*ends
	out := append(slices.Clone(trace[:ends]), fmt.Sprintf("  … %s more\n", humanize.Comma(int64(hidden))))
	return append(out, trace[len(trace)-ends:]...)
}

// undefined words the error of a name that nobody defined.
func (it *Interp) undefined(name string) string {
	if hint, ok := pythonOnly[name]; ok {
		return "undefined: " + name + " (" + hint + ")"
	}
	if info, ok := it.names().Lookup(name); ok && info.Type == dissect.TypeProtocol {
		return fmt.Sprintf("undefined: %s (a protocol: write `filter %s` for its packets, pkt.%s for a packet's layer)", name, name, name)
	}
	if _, open := it.main.env["cap"]; open && name == "pkt" {
		return "there is no current packet, so there is no pkt; `goto N` chooses one of those that the capture has"
	}
	if name == "cap" || name == "pkt" {
		return "no capture is open, so there is no " + name + "; `open FILE` opens one, as does pktsh FILE (before --script: what follows that is argv)"
	}
	return "undefined: " + name + suggestion(name, it.Names())
}

// pythonOnly maps names that Python has and Starlark lacks to what to use.
var pythonOnly = map[string]string{
	deleteMarker: "an element is deleted by del d[key]; a name stays",
	"open":       "Starlark reads no files; FileCapture('path') opens a capture",
	"input":      "Starlark reads no input",
	"true":       "write True",
	"false":      "write False",
	"null":       "write None",
	"nil":        "write None",
	"exec":       "the command source FILE runs a file",
}

// suggestion returns " (did you mean x?)" for the nearest of names, or "".
func suggestion(name string, names []string) string {
	if near, ok := completion.Nearest(name, slices.Values(names)); ok {
		return " (did you mean " + near + "?)"
	}
	return ""
}
