// This file gives Starlark Python's try. The text of
//
//	try:
//	    BODY
//	except KeyError as e:
//	    HANDLER
//	else:
//	    …
//	finally:
//	    …
//
// is read as an if statement with conditions that no one can write (dialect.go), and that
// becomes a function of BODY, which ⟨try⟩ calls:
//
//	def try⟨1(): BODY
//	ended⟨1 = ⟨try⟩(try⟨1)
//	if ⟨raised⟩(ended⟨1, "KeyError"):
//	    e = ⟨error⟩(ended⟨1)
//	    HANDLER
//	elif ⟨raised⟩(ended⟨1): ⟨raise⟩(ended⟨1)
//	else: …
//
// What BODY assigns in a function is local to that, not to BODY, and so is kept in a
// dictionary. An except clause takes any error of pktsh's own, whatever class it names, and
// what a script raised by its class (exceptions.go). An interrupt, StopCapture(), sys.exit()
// and a dissector's failure are not caught.

package script

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The conditions that the clauses of try become, and the names of what they stand for.
const (
	tryMarker     = "__try__"
	exceptMarker  = "__except__"
	elseMarker    = "__else__"
	finallyMarker = "__finally__"

	tryFunction = "try⟨"
	tryOutcome  = "ended⟨"
	tryLocals   = "locals⟨"

	opTry    = "⟨try⟩"
	opRaised = "⟨raised⟩"
	opError  = "⟨error⟩"
	opRaise  = "⟨raise⟩"
	opEnded  = "⟨ended⟩"
	opResult = "⟨result⟩"
)

// byReturn is how a body ends that returns; "break" and "continue" are the other two ways
// to leave it before its end.
const byReturn = "return"

// isOwnName says whether a name is one of this file's.
func isOwnName(name string) bool { return strings.Contains(name, "⟨") }

// tryStmt is a try statement as written.
type tryStmt struct {
	at             syntax.Position
	body           []syntax.Stmt
	handlers       []handler
	orElse, finish []syntax.Stmt
}

type handler struct {
	at      syntax.Position
	classes string
	name    *syntax.Ident // nil without "as"
	body    []syntax.Stmt
}

// condition returns the marker that an if statement's condition is, and its arguments.
func condition(s *syntax.IfStmt) (marker string, args []syntax.Expr) {
	switch c := s.Cond.(type) {
	case *syntax.Ident:
		return c.Name, nil
	case *syntax.CallExpr:
		if fn, ok := c.Fn.(*syntax.Ident); ok {
			return fn.Name, c.Args
		}
	}
	return "", nil
}

// asTry returns the try statement that an if statement stands for, or nil.
func asTry(s *syntax.IfStmt) *tryStmt {
	if marker, _ := condition(s); marker != tryMarker {
		return nil
	}
	t := &tryStmt{at: s.If, body: s.True}
	for rest := s.False; len(rest) == 1; {
		clause, ok := rest[0].(*syntax.IfStmt)
		if !ok {
			break
		}
		marker, args := condition(clause)
		switch marker {
		case exceptMarker:
			h := handler{at: clause.If, body: clause.True}
			for _, arg := range args {
				switch arg := arg.(type) {
				case *syntax.Literal:
					h.classes, _ = arg.Value.(string)
				case *syntax.Ident:
					h.name = arg
				}
			}
			t.handlers = append(t.handlers, h)
		case elseMarker:
			t.orElse = clause.True
		case finallyMarker:
			t.finish = clause.True
		}
		rest = clause.False
	}
	return t
}

// checkTries returns the syntax error of a try statement without a clause.
func checkTries(list []syntax.Stmt) (err error) {
	file := &syntax.File{Stmts: list}
	syntax.Walk(file, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.IfStmt); ok {
			if t := asTry(s); t != nil && len(t.handlers) == 0 && t.finish == nil && err == nil {
				err = syntax.Error{Pos: s.If, Msg: "try without except: got neither except nor finally behind its block, want one of them"}
			}
		}
		return err == nil
	})
	return err
}

// tries expands try statements.
type tries struct{ n int }

// block expands those of a block, and in the functions in it.
func (t *tries) block(list []syntax.Stmt) []syntax.Stmt {
	var out []syntax.Stmt
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.IfStmt:
			if try := asTry(s); try != nil {
				out = append(out, t.expand(try)...)
				continue
			}
			s.True, s.False = t.block(s.True), t.block(s.False)
		case *syntax.ForStmt:
			s.Body = t.block(s.Body)
		case *syntax.WhileStmt:
			s.Body = t.block(s.Body)
		case *syntax.DefStmt:
			t.function(s)
		}
		out = append(out, s)
	}
	return out
}

// function expands those of a function, and has what they assign kept in a dictionary.
func (t *tries) function(def *syntax.DefStmt) {
	shared, global := map[string]bool{}, map[string]bool{}
	declaredGlobal(def.Body, global)
	assignedInTries(def.Body, false, shared)
	for name := range global {
		delete(shared, name)
	}
	if len(shared) > 0 {
		inDictionary{shared}.stmts(def.Body)
	}
	def.Body = t.block(def.Body)
	if len(shared) == 0 {
		return
	}
	begin := []syntax.Stmt{assign(def.Def, &syntax.Ident{NamePos: def.Def, Name: tryLocals}, &syntax.DictExpr{Lbrace: def.Def, Rbrace: def.Def})}
	for _, p := range def.Params {
		if name := paramName(p); name != nil && shared[name.Name] {
			begin = append(begin, assign(def.Def, localElement(name), &syntax.Ident{NamePos: name.NamePos, Name: name.Name}))
		}
	}
	def.Body = append(begin, def.Body...)
}

// paramName returns the name of a parameter, nil of a bare *.
func paramName(p syntax.Expr) *syntax.Ident {
	switch p := p.(type) {
	case *syntax.Ident:
		return p
	case *syntax.BinaryExpr: // name=default
		return paramName(p.X)
	case *syntax.UnaryExpr: // *args, **kwargs
		if p.X != nil {
			return paramName(p.X)
		}
	}
	return nil
}

// assignedInTries collects the names that the bodies of try statements assign.
func assignedInTries(list []syntax.Stmt, inside bool, names map[string]bool) {
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.AssignStmt:
			if inside {
				targets(s.LHS, names)
			}
		case *syntax.IfStmt:
			if try := asTry(s); try != nil {
				within := inside || try.finish != nil
				assignedInTries(try.body, true, names)
				assignedInTries(try.orElse, within, names)
				assignedInTries(try.finish, inside, names)
				for _, h := range try.handlers {
					if within && h.name != nil {
						names[h.name.Name] = true
					}
					assignedInTries(h.body, within, names)
				}
				continue
			}
			assignedInTries(s.True, inside, names)
			assignedInTries(s.False, inside, names)
		case *syntax.ForStmt:
			if inside {
				targets(s.Vars, names)
			}
			assignedInTries(s.Body, inside, names)
		case *syntax.WhileStmt:
			assignedInTries(s.Body, inside, names)
		}
	}
}

// targets collects the names that are assigned to.
func targets(e syntax.Expr, names map[string]bool) {
	switch e := e.(type) {
	case *syntax.Ident:
		names[e.Name] = true
	case *syntax.ParenExpr:
		targets(e.X, names)
	case *syntax.TupleExpr:
		for _, x := range e.List {
			targets(x, names)
		}
	case *syntax.ListExpr:
		for _, x := range e.List {
			targets(x, names)
		}
	}
}

// expand returns what a try statement becomes.
func (t *tries) expand(try *tryStmt) []syntax.Stmt {
	if try.finish != nil {
		inner := *try
		inner.finish = nil
		body := try.body
		if len(try.handlers) > 0 {
			body = t.expand(&inner)
		} else {
			body = t.block(body)
		}
		out, ended := t.call(try.at, body)
		out = append(out, t.block(try.finish)...)
		out = append(out, &syntax.IfStmt{If: try.at, Cond: apply(opRaised, try.at, ended()), True: []syntax.Stmt{
			&syntax.ExprStmt{X: apply(opRaise, try.at, ended())}}})
		return append(out, leaving(try.at, body, ended)...)
	}
	body := t.block(try.body)
	out, ended := t.call(try.at, body)
	chain := []syntax.Stmt{&syntax.IfStmt{If: try.at, Cond: apply(opRaised, try.at, ended()),
		True: []syntax.Stmt{&syntax.ExprStmt{X: apply(opRaise, try.at, ended())}}, ElsePos: try.at, False: t.block(try.orElse)}}
	for i := len(try.handlers) - 1; i >= 0; i-- {
		h := try.handlers[i]
		body := t.block(h.body)
		if h.name != nil {
			body = append([]syntax.Stmt{assign(h.at, h.name, apply(opError, h.at, ended()))}, body...)
		}
		chain = []syntax.Stmt{&syntax.IfStmt{If: h.at, Cond: apply(opRaised, h.at, ended(), literal(h.classes, h.at)), True: body, ElsePos: h.at, False: chain}}
	}
	out = append(out, chain...)
	return append(out, leaving(try.at, body, ended)...)
}

// call returns the statements that run a body, and how to ask how it ended.
func (t *tries) call(at syntax.Position, body []syntax.Stmt) (out []syntax.Stmt, ended func() syntax.Expr) {
	t.n++
	n := strconv.Itoa(t.n)
	name := func(prefix string) *syntax.Ident { return &syntax.Ident{NamePos: at, Name: prefix + n} }
	ended = func() syntax.Expr { return name(tryOutcome) }
	return []syntax.Stmt{
		&syntax.DefStmt{Def: at, Name: name(tryFunction), Lparen: at, Rparen: at, Body: ending(body, false)},
		assign(at, name(tryOutcome), apply(opTry, at, name(tryFunction))),
	}, ended
}

// ending returns a body with its ways to leave it as values that it returns. The body
// itself is left as it is: what is behind it has to know them too.
func ending(list []syntax.Stmt, inLoop bool) []syntax.Stmt {
	out := make([]syntax.Stmt, len(list))
	for i, s := range list {
		switch s := s.(type) {
		case *syntax.ReturnStmt:
			var result syntax.Expr = &syntax.Ident{NamePos: s.Return, Name: "None"}
			if s.Result != nil {
				result = s.Result
			}
			out[i] = &syntax.ReturnStmt{Return: s.Return, Result: apply(opResult, s.Return, literal(byReturn, s.Return), result)}
		case *syntax.BranchStmt:
			if out[i] = s; !inLoop && s.Token != syntax.PASS {
				out[i] = &syntax.ReturnStmt{Return: s.TokenPos, Result: apply(opResult, s.TokenPos, literal(s.Token.String(), s.TokenPos))}
			}
		case *syntax.IfStmt:
			c := *s
			c.True, c.False = ending(s.True, inLoop), ending(s.False, inLoop)
			out[i] = &c
		case *syntax.ForStmt:
			c := *s
			c.Body = ending(s.Body, true)
			out[i] = &c
		case *syntax.WhileStmt:
			c := *s
			c.Body = ending(s.Body, true)
			out[i] = &c
		default:
			out[i] = s
		}
	}
	return out
}

// leaving returns the statements that leave what a body wanted to leave.
func leaving(at syntax.Position, body []syntax.Stmt, ended func() syntax.Expr) (out []syntax.Stmt) {
	ways := map[string]bool{}
	waysOut(body, false, ways)
	test := func(way string) syntax.Expr { return apply(opEnded, at, ended(), literal(way, at)) }
	if ways[byReturn] {
		out = append(out, &syntax.IfStmt{If: at, Cond: test(byReturn), True: []syntax.Stmt{
			&syntax.ReturnStmt{Return: at, Result: apply(opResult, at, ended())}}})
	}
	for _, token := range []syntax.Token{syntax.BREAK, syntax.CONTINUE} {
		if way := token.String(); ways[way] {
			out = append(out, &syntax.IfStmt{If: at, Cond: test(way), True: []syntax.Stmt{&syntax.BranchStmt{Token: token, TokenPos: at}}})
		}
	}
	return out
}

func waysOut(list []syntax.Stmt, inLoop bool, ways map[string]bool) {
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.ReturnStmt:
			ways[byReturn] = true
		case *syntax.BranchStmt:
			if !inLoop {
				ways[s.Token.String()] = true
			}
		case *syntax.IfStmt:
			waysOut(s.True, inLoop, ways)
			waysOut(s.False, inLoop, ways)
		case *syntax.ForStmt:
			waysOut(s.Body, true, ways)
		case *syntax.WhileStmt:
			waysOut(s.Body, true, ways)
		}
	}
}

func assign(at syntax.Position, to, value syntax.Expr) syntax.Stmt {
	return &syntax.AssignStmt{OpPos: at, Op: syntax.EQ, LHS: to, RHS: value}
}

// localElement returns locals⟨["name"].
func localElement(name *syntax.Ident) syntax.Expr {
	return &syntax.IndexExpr{X: &syntax.Ident{NamePos: name.NamePos, Name: tryLocals}, Lbrack: name.NamePos, Y: literal(name.Name, name.NamePos), Rbrack: name.NamePos}
}

// tryEnd is how the body of a try statement ended.
type tryEnd struct {
	starlark.Value // what it returned; None otherwise
	way            string
	err            error
	msg            string
}

func (e *tryEnd) String() string { return "how a try statement's body ended" }
func (e *tryEnd) Type() string   { return "ended" }

// addTry adds the operators of this file.
func (it *Interp) addTry(env starlark.StringDict) {
	add := func(name string, fn func(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error)) {
		env[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return fn(thread, args)
		})
	}
	outcome := func(v starlark.Value) *tryEnd {
		e, ok := v.(*tryEnd)
		if !ok {
			return &tryEnd{Value: starlark.None}
		}
		return e
	}
	add(opTry, func(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		v, err := starlark.Call(thread, args[0], nil, nil)
		if err == nil {
			return outcome(v), nil
		}
		if it.pending != nil || it.context().Err() != nil || errors.Is(err, errStopCapture) || errors.Is(err, errExit) || errors.Is(err, context.Canceled) {
			return nil, err
		}
		thread.SetLocal(leftKey, nil) // the loops that it left are no longer of interest
		told := it.translate(it.context(), err)
		out := &tryEnd{Value: starlark.None, err: told, msg: told.Error()}
		if e, ok := told.(*Error); ok {
			out.msg = e.Msg
		}
		if e := (*exception)(nil); errors.As(told, &e) {
			out.msg = e.msg
		}
		return out, nil
	})
	add(opResult, func(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		if e, ok := args[0].(*tryEnd); ok {
			return e.Value, nil
		}
		way, _ := starlark.AsString(args[0])
		out := &tryEnd{Value: starlark.None, way: way}
		if len(args) > 1 {
			out.Value = args[1]
		}
		return out, nil
	})
	add(opRaised, func(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		caught := outcome(args[0]).err != nil
		if len(args) > 1 {
			classes, _ := starlark.AsString(args[1])
			if caught = caught && catches(classes, outcome(args[0]).err); caught {
				it.handled = outcome(args[0]).err
			}
		}
		return starlark.Bool(caught), nil
	})
	add(opError, func(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		return starlark.String(outcome(args[0]).msg), nil
	})
	add(opRaise, func(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		err := outcome(args[0]).err
		if err == nil {
			err = fmt.Errorf("nothing was raised")
		}
		return nil, err
	})
	add(opEnded, func(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
		way, _ := starlark.AsString(args[1])
		return starlark.Bool(outcome(args[0]).way == way), nil
	})
}
