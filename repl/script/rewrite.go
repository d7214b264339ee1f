// This file rewrites a statement's syntax tree before it is compiled. It does
// what Starlark has no hook for.
//
// Globals. Starlark copies a chunk's globals when a function is made, so that
// redefining a helper does not reach its callers. Here an assignment at top
// level, `x = 1`, becomes `⟨globals⟩["x"] = 1`, and every name that is not
// local is looked up in the interpreter's one table when it is used, as in
// Python. What a function declares with `global` (dialect.go) is assigned likewise.
//
// Fields. A Field stands for its text, but Starlark compares values of
// different types as unequal before a value is asked, and a dictionary keeps
// the key it was given. Comparisons, `in`, index keys, dictionary keys and
// arguments of methods therefore go through the operators of ops.go and
// lookup.go, which pass everything that is not a Field straight on.
//
// Text. Formatting (format.go) and the methods of textmethods.go are Python's.
//
// Exceptions. A try statement is a call of its body (try.go).
//
// Recursion. Starlark bounds it only by Go's stack, whose overflow no program
// survives. A function therefore begins by asking how deep it is.

package script

import (
	"go.starlark.net/syntax"
)

// The names of the operators. No identifier can be spelt like this.
const (
	opGlobals = "⟨globals⟩"
	opKey     = "⟨key⟩"
	opCall    = "⟨call⟩"
	opEcho    = "⟨echo⟩"
	opEnter   = "⟨enter⟩"
	opPercent = "⟨%⟩"
	opIndex   = "⟨index⟩"
	opSlot    = "⟨slot⟩"
	opAttr    = "⟨attr⟩"
	opDelete  = "⟨del⟩"
)

// comparisons maps the operators that are rewritten to their functions' names.
var comparisons = map[syntax.Token]string{
	syntax.EQL:    "⟨==⟩",
	syntax.NEQ:    "⟨!=⟩",
	syntax.LT:     "⟨<⟩",
	syntax.LE:     "⟨<=⟩",
	syntax.GT:     "⟨>⟩",
	syntax.GE:     "⟨>=⟩",
	syntax.IN:     "⟨in⟩",
	syntax.NOT_IN: "⟨not in⟩",
}

// rewriteTop returns the statements that stand for one top-level statement.
// With echo, an expression's value is handed to the echo operator.
func rewriteTop(s syntax.Stmt, echo bool) []syntax.Stmt {
	if e, ok := s.(*syntax.ExprStmt); ok && echo && !isDocString(e.X) && globalNames(s) == nil && deletions(e.X) == nil {
		e.X = apply(opEcho, syntax.Start(e.X), rewriteExpr(e.X))
		return []syntax.Stmt{e}
	}
	return rewriteStmts((&tries{}).block([]syntax.Stmt{s}), assigned{all: true})
}

// assigned is to which names a block assigns as globals: all at top level, in a
// function those that it declared.
type assigned struct {
	all   bool
	names map[string]bool
}

func (a assigned) has(name string) bool { return a.all || a.names[name] }

// globalNames returns what `global x, y` declares, nil for any other statement.
func globalNames(s syntax.Stmt) []string {
	e, ok := s.(*syntax.ExprStmt)
	if !ok {
		return nil
	}
	call, ok := e.X.(*syntax.CallExpr)
	if !ok {
		return nil
	}
	if fn, ok := call.Fn.(*syntax.Ident); !ok || fn.Name != globalMarker {
		return nil
	}
	var names []string
	for _, arg := range call.Args {
		if name, ok := arg.(*syntax.Ident); ok {
			names = append(names, name.Name)
		}
	}
	return names
}

// deletions returns the calls that `del x[i], y[j]` stands for; nil for all else. What
// is no element of something cannot be deleted, and stays as it is: an undefined name.
func deletions(e syntax.Expr) syntax.Expr {
	call, ok := e.(*syntax.CallExpr)
	if !ok {
		return nil
	}
	if fn, ok := call.Fn.(*syntax.Ident); !ok || fn.Name != deleteMarker {
		return nil
	}
	out := &syntax.TupleExpr{Lparen: call.Lparen, Rparen: call.Rparen}
	for _, arg := range call.Args {
		element, ok := arg.(*syntax.IndexExpr)
		if !ok {
			return nil
		}
		out.List = append(out.List, apply(opDelete, element.Lbrack, element.X, element.Y))
	}
	return out
}

// declaredGlobal collects what a function's body declares to be global.
func declaredGlobal(body []syntax.Stmt, names map[string]bool) {
	for _, s := range body {
		for _, name := range globalNames(s) {
			names[name] = true
		}
		switch s := s.(type) {
		case *syntax.IfStmt:
			declaredGlobal(s.True, names)
			declaredGlobal(s.False, names)
		case *syntax.ForStmt:
			declaredGlobal(s.Body, names)
		case *syntax.WhileStmt:
			declaredGlobal(s.Body, names)
		}
	}
}

// isDocString says that e is a triple-quoted string standing by itself, which
// people write as a comment.
func isDocString(e syntax.Expr) bool {
	l, ok := e.(*syntax.Literal)
	if !ok || l.Token != syntax.STRING {
		return false
	}
	raw := l.Raw
	if raw != "" && raw[0] == 'r' {
		raw = raw[1:]
	}
	return len(raw) >= 6 && (raw[:3] == `"""` || raw[:3] == `'''`)
}

// rewriteStmts rewrites a block; global says which of its assignments are to globals.
func rewriteStmts(list []syntax.Stmt, global assigned) []syntax.Stmt {
	out := make([]syntax.Stmt, 0, len(list))
	for _, s := range list {
		if globalNames(s) != nil {
			start, _ := s.Span()
			out = append(out, &syntax.BranchStmt{Token: syntax.PASS, TokenPos: start})
			continue
		}
		out = append(out, s)
		switch s := s.(type) {
		case *syntax.AssignStmt:
			if name, ok := s.LHS.(*syntax.Ident); ok && s.Op == syntax.PERCENT_EQ {
				s.Op, s.RHS = syntax.EQ, &syntax.BinaryExpr{
					X: &syntax.Ident{NamePos: name.NamePos, Name: name.Name}, OpPos: s.OpPos, Op: syntax.PERCENT, Y: s.RHS}
			}
			s.LHS = rewriteTarget(s.LHS, global)
			s.RHS = rewriteExpr(s.RHS)
		case *syntax.ExprStmt:
			if list := deletions(s.X); list != nil {
				s.X = list
			}
			s.X = rewriteExpr(s.X)
		case *syntax.ReturnStmt:
			if s.Result != nil {
				s.Result = rewriteExpr(s.Result)
			}
		case *syntax.IfStmt:
			s.Cond = rewriteExpr(s.Cond)
			s.True = rewriteStmts(s.True, global)
			s.False = rewriteStmts(s.False, global)
		case *syntax.ForStmt:
			s.Vars = rewriteTarget(s.Vars, global)
			s.X = rewriteExpr(s.X)
			s.Body = rewriteStmts(s.Body, global)
		case *syntax.WhileStmt:
			s.Cond = rewriteExpr(s.Cond)
			s.Body = rewriteStmts(s.Body, global)
		case *syntax.DefStmt:
			if isOwnName(s.Name.Name) { // the body of a try statement, a part of this block
				s.Body = append([]syntax.Stmt{&syntax.ExprStmt{X: apply(opEnter, s.Def)}}, rewriteStmts(s.Body, global)...)
				continue
			}
			rewriteParams(s.Params)
			names := map[string]bool{}
			declaredGlobal(s.Body, names)
			s.Body = append([]syntax.Stmt{&syntax.ExprStmt{X: apply(opEnter, s.Def)}}, rewriteStmts(s.Body, assigned{names: names})...)
			if global.has(s.Name.Name) {
				// The rest of this very statement must see the function too.
				out = append(out, &syntax.AssignStmt{
					OpPos: s.Def, Op: syntax.EQ,
					LHS: globalTarget(s.Name.Name, s.Name.NamePos),
					RHS: &syntax.Ident{NamePos: s.Name.NamePos, Name: s.Name.Name},
				})
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// rewriteTarget rewrites what is assigned to.
func rewriteTarget(e syntax.Expr, global assigned) syntax.Expr {
	switch e := e.(type) {
	case *syntax.Ident:
		if global.has(e.Name) && !isOwnName(e.Name) {
			return globalTarget(e.Name, e.NamePos)
		}
	case *syntax.ParenExpr:
		e.X = rewriteTarget(e.X, global)
	case *syntax.TupleExpr:
		for i := range e.List {
			e.List[i] = rewriteTarget(e.List[i], global)
		}
	case *syntax.ListExpr:
		for i := range e.List {
			e.List[i] = rewriteTarget(e.List[i], global)
		}
	case *syntax.DotExpr:
		e.X = rewriteExpr(e.X)
	case *syntax.IndexExpr:
		e.X = rewriteExpr(e.X)
		if !isPlain(e.Y) {
			e.X, e.Y = apply(opSlot, e.Lbrack, e.X, rewriteExpr(e.Y)), literal("", e.Lbrack)
		}
	}
	return e
}

// globalTarget returns ⟨globals⟩["name"].
func globalTarget(name string, pos syntax.Position) syntax.Expr {
	return &syntax.IndexExpr{
		X:      &syntax.Ident{NamePos: pos, Name: opGlobals},
		Lbrack: pos,
		Y:      literal(name, pos),
		Rbrack: pos,
	}
}

// literal returns a string written out.
func literal(s string, pos syntax.Position) syntax.Expr {
	return &syntax.Literal{Token: syntax.STRING, TokenPos: pos, Raw: s, Value: s}
}

// apply returns the call of an operator.
func apply(op string, pos syntax.Position, args ...syntax.Expr) syntax.Expr {
	return &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: pos, Name: op},
		Lparen: pos, Args: args, Rparen: pos,
	}
}

func rewriteParams(params []syntax.Expr) {
	for _, p := range params {
		if d, ok := p.(*syntax.BinaryExpr); ok {
			d.Y = rewriteExpr(d.Y)
		}
	}
}

func rewriteList(list []syntax.Expr) {
	for i := range list {
		list[i] = rewriteExpr(list[i])
	}
}

func rewriteOptional(e syntax.Expr) syntax.Expr {
	if e == nil {
		return nil
	}
	return rewriteExpr(e)
}

// rewriteExpr rewrites an expression and returns what stands for it.
func rewriteExpr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		return rewriteBinary(e)
	case *syntax.CallExpr:
		return rewriteCall(e)
	case *syntax.Comprehension:
		rewriteComprehension(e)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = rewriteExpr(e.Cond), rewriteExpr(e.True), rewriteExpr(e.False)
	case *syntax.DictEntry:
		e.Key, e.Value = rewriteKey(e.Key), rewriteExpr(e.Value)
	case *syntax.DictExpr:
		rewriteList(e.List)
	case *syntax.DotExpr:
		e.X = rewriteExpr(e.X)
		if isAddedMethod(e.Name.Name) {
			return apply(opAttr, e.NamePos, e.X, literal(e.Name.Name, e.NamePos))
		}
	case *syntax.IndexExpr:
		e.X = rewriteExpr(e.X)
		if !isPlain(e.Y) {
			return apply(opIndex, e.Lbrack, e.X, rewriteExpr(e.Y))
		}
	case *syntax.LambdaExpr:
		rewriteParams(e.Params)
		e.Body = &syntax.BinaryExpr{X: apply(opEnter, e.Lambda), OpPos: e.Lambda, Op: syntax.OR, Y: rewriteExpr(e.Body)}
	case *syntax.ListExpr:
		rewriteList(e.List)
	case *syntax.ParenExpr:
		e.X = rewriteExpr(e.X)
	case *syntax.SliceExpr:
		e.X = rewriteExpr(e.X)
		e.Lo, e.Hi, e.Step = rewriteOptional(e.Lo), rewriteOptional(e.Hi), rewriteOptional(e.Step)
	case *syntax.TupleExpr:
		rewriteList(e.List)
	case *syntax.UnaryExpr:
		e.X = rewriteOptional(e.X)
	}
	return e
}

func rewriteBinary(e *syntax.BinaryExpr) syntax.Expr {
	plain := isPlain(e.X) && isPlain(e.Y)
	if e.Op != syntax.EQ { // f(k=v): k is no expression
		e.X = rewriteExpr(e.X)
	}
	e.Y = rewriteExpr(e.Y)
	if e.Op == syntax.PERCENT {
		return apply(opPercent, e.OpPos, e.X, e.Y)
	}
	name, ok := comparisons[e.Op]
	if !ok || plain {
		return e
	}
	return apply(name, e.OpPos, e.X, e.Y)
}

// rewriteKey rewrites the key of a dictionary that is written out.
func rewriteKey(e syntax.Expr) syntax.Expr {
	if isPlain(e) {
		return e
	}
	return apply(opKey, syntax.Start(e), rewriteExpr(e))
}

// rewriteCall sends `x.method(arg)` through the call operator, because a
// method of a string, list, dictionary or set knows nothing of fields.
func rewriteCall(e *syntax.CallExpr) syntax.Expr {
	plain := true
	for i, a := range e.Args {
		plain = plain && isPlain(a)
		e.Args[i] = rewriteExpr(a)
	}
	dot, method := e.Fn.(*syntax.DotExpr)
	format := method && dot.Name.Name == "format" // Python's, not Starlark's
	e.Fn = rewriteExpr(e.Fn)
	if !method || plain && !format {
		return e
	}
	return &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: e.Lparen, Name: opCall},
		Lparen: e.Lparen,
		Args:   append([]syntax.Expr{e.Fn}, e.Args...),
		Rparen: e.Rparen,
	}
}

func rewriteComprehension(e *syntax.Comprehension) {
	e.Body = rewriteExpr(e.Body)
	for _, c := range e.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			c.X = rewriteExpr(c.X)
		case *syntax.IfClause:
			c.Cond = rewriteExpr(c.Cond)
		}
	}
}

// isPlain says that e is written out and so cannot be a Field.
func isPlain(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Literal, *syntax.LambdaExpr:
		return true
	case *syntax.UnaryExpr:
		return e.X != nil && isPlain(e.X)
	case *syntax.ParenExpr:
		return isPlain(e.X)
	case *syntax.Ident:
		return e.Name == "None" || e.Name == "True" || e.Name == "False"
	}
	return false
}
