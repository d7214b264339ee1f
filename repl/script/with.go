// This file gives Starlark Python's with. The text of
//
//	with EXPRESSION as NAME:
//	    BODY
//
// is read as an if statement with a condition that no one can write (dialect.go), and that
// becomes NAME = EXPRESSION and a try statement of BODY that finally closes NAME.

package script

import (
	"strconv"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const (
	withMarker = "__with__"
	withName   = "with⟨"
	opClose    = "⟨close⟩"
)

// withs expands with statements.
type withs struct{ n int }

// block expands those of a block and of the blocks in it.
func (w *withs) block(list []syntax.Stmt) []syntax.Stmt {
	var out []syntax.Stmt
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.IfStmt:
			s.True, s.False = w.block(s.True), w.block(s.False)
			if marker, args := condition(s); marker == withMarker {
				out = append(out, w.expand(s, args)...)
				continue
			}
		case *syntax.ForStmt:
			s.Body = w.block(s.Body)
		case *syntax.WhileStmt:
			s.Body = w.block(s.Body)
		case *syntax.DefStmt:
			s.Body = w.block(s.Body)
		}
		out = append(out, s)
	}
	return out
}

// expand returns what a with statement becomes; args are its expressions, each with the
// name it gets, None without one.
func (w *withs) expand(s *syntax.IfStmt, args []syntax.Expr) []syntax.Stmt {
	body := s.True
	for i := len(args) - 2; i >= 0; i -= 2 {
		name, ok := args[i+1].(*syntax.Ident)
		if !ok || name.Name == "None" {
			w.n++
			name = &syntax.Ident{NamePos: s.If, Name: withName + strconv.Itoa(w.n)}
		}
		of := func() syntax.Expr { return &syntax.Ident{NamePos: s.If, Name: name.Name} }
		body = []syntax.Stmt{
			assign(s.If, name, args[i]),
			&syntax.IfStmt{If: s.If, Cond: &syntax.Ident{NamePos: s.If, Name: tryMarker}, True: body, ElsePos: s.If, False: []syntax.Stmt{
				&syntax.IfStmt{If: s.If, Cond: &syntax.Ident{NamePos: s.If, Name: finallyMarker}, True: []syntax.Stmt{
					&syntax.ExprStmt{X: apply(opClose, s.If, of())}}}}},
		}
	}
	if len(body) == 1 {
		return body
	}
	// One statement, since those at top level run by themselves, and the name is local.
	return []syntax.Stmt{&syntax.IfStmt{If: s.If, Cond: &syntax.Ident{NamePos: s.If, Name: "True"}, True: body}}
}

// closeValue closes what can be closed.
func closeValue(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, ok := args[0].(starlark.HasAttrs)
	if !ok {
		return starlark.None, nil
	}
	if fn, err := x.Attr("close"); err == nil && fn != nil {
		return starlark.Call(thread, fn, nil, nil)
	}
	return starlark.None, nil
}
