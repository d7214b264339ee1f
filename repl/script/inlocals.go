// This file has names of a function's variables looked up in a dictionary, since
// another function, the body of a try statement, shares them.

package script

import (
	"maps"

	"go.starlark.net/syntax"
)

// inDictionary replaces names by elements of a dictionary, in place.
type inDictionary struct{ names map[string]bool }

// without returns it for where some of the names mean something else.
func (d inDictionary) without(hidden map[string]bool) inDictionary {
	names := maps.Clone(d.names)
	for name := range hidden {
		delete(names, name)
	}
	return inDictionary{names}
}

func (d inDictionary) stmts(list []syntax.Stmt) {
	for _, s := range list {
		if globalNames(s) != nil {
			continue
		}
		switch s := s.(type) {
		case *syntax.AssignStmt:
			s.LHS, s.RHS = d.expr(s.LHS), d.expr(s.RHS)
		case *syntax.ExprStmt:
			s.X = d.expr(s.X)
		case *syntax.ReturnStmt:
			s.Result = d.expr(s.Result)
		case *syntax.IfStmt:
			if marker, args := condition(s); marker != exceptMarker {
				s.Cond = d.expr(s.Cond)
			} else {
				d.caught(s, args)
			}
			d.stmts(s.True)
			d.stmts(s.False)
		case *syntax.ForStmt:
			s.Vars, s.X = d.expr(s.Vars), d.expr(s.X)
			d.stmts(s.Body)
		case *syntax.WhileStmt:
			s.Cond = d.expr(s.Cond)
			d.stmts(s.Body)
		case *syntax.DefStmt:
			d.params(s.Params)
			d.within(s.Params, s.Body).stmts(s.Body)
		}
	}
}

// caught has the variable of `except … as e` assigned where the handler begins, when e is
// one of the names.
func (d inDictionary) caught(s *syntax.IfStmt, args []syntax.Expr) {
	for _, arg := range args {
		if name, ok := arg.(*syntax.Ident); ok && d.names[name.Name] {
			s.True = append([]syntax.Stmt{assign(s.If, &syntax.Ident{NamePos: name.NamePos, Name: name.Name}, &syntax.Ident{NamePos: name.NamePos, Name: tryFunction + name.Name})}, s.True...)
			name.Name = tryFunction + name.Name
		}
	}
}

// within returns it for a function's body: its parameters and what it assigns are its
// own.
func (d inDictionary) within(params []syntax.Expr, body []syntax.Stmt) inDictionary {
	own, global := map[string]bool{}, map[string]bool{}
	for _, p := range params {
		if name := paramName(p); name != nil {
			own[name.Name] = true
		}
	}
	assignedInTries(body, true, own)
	declaredGlobal(body, global)
	for name := range global {
		own[name] = true
	}
	return d.without(own)
}

// params replaces names in the defaults of parameters.
func (d inDictionary) params(list []syntax.Expr) {
	for _, p := range list {
		if b, ok := p.(*syntax.BinaryExpr); ok {
			b.Y = d.expr(b.Y)
		}
	}
}

func (d inDictionary) list(list []syntax.Expr) {
	for i := range list {
		list[i] = d.expr(list[i])
	}
}

func (d inDictionary) expr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *syntax.Ident:
		if d.names[e.Name] {
			return localElement(e)
		}
	case *syntax.BinaryExpr:
		e.X, e.Y = d.expr(e.X), d.expr(e.Y)
	case *syntax.UnaryExpr:
		e.X = d.expr(e.X)
	case *syntax.CallExpr:
		e.Fn = d.expr(e.Fn)
		for i, arg := range e.Args {
			if b, ok := arg.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ { // name=value
				b.Y = d.expr(b.Y)
				continue
			}
			e.Args[i] = d.expr(arg)
		}
	case *syntax.Comprehension:
		own := map[string]bool{}
		for _, clause := range e.Clauses {
			if c, ok := clause.(*syntax.ForClause); ok {
				targets(c.Vars, own)
			}
		}
		inner := d.without(own)
		for i, clause := range e.Clauses {
			switch c := clause.(type) {
			case *syntax.ForClause:
				if i == 0 {
					c.X = d.expr(c.X) // the first is outside
				} else {
					c.X = inner.expr(c.X)
				}
			case *syntax.IfClause:
				c.Cond = inner.expr(c.Cond)
			}
		}
		e.Body = inner.expr(e.Body)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = d.expr(e.Cond), d.expr(e.True), d.expr(e.False)
	case *syntax.DictEntry:
		e.Key, e.Value = d.expr(e.Key), d.expr(e.Value)
	case *syntax.DictExpr:
		d.list(e.List)
	case *syntax.ListExpr:
		d.list(e.List)
	case *syntax.TupleExpr:
		d.list(e.List)
	case *syntax.ParenExpr:
		e.X = d.expr(e.X)
	case *syntax.DotExpr:
		e.X = d.expr(e.X)
	case *syntax.IndexExpr:
		e.X, e.Y = d.expr(e.X), d.expr(e.Y)
	case *syntax.SliceExpr:
		e.X, e.Lo, e.Hi, e.Step = d.expr(e.X), d.expr(e.Lo), d.expr(e.Hi), d.expr(e.Step)
	case *syntax.LambdaExpr:
		d.params(e.Params)
		e.Body = d.within(e.Params, nil).expr(e.Body)
	}
	return e
}
