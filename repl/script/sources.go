// This file remembers the texts of the user's functions, for them to be edited.

package script

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// source is what is remembered of a function: its text, and the text that its body
// begins with, which explains it.
type source struct{ text, doc string }

// docOf is the text that a function's body begins with, "" when it does with none.
func docOf(def *syntax.DefStmt) string {
	if e, ok := def.Body[0].(*syntax.ExprStmt); ok {
		if literal, ok := e.X.(*syntax.Literal); ok {
			doc, _ := literal.Value.(string)
			return doc
		}
	}
	return ""
}

// rememberSources notes the text of each function that a file's top level defines.
// line is that of the first line of src.
func (it *Interp) rememberSources(file *syntax.File, src string, line int) {
	lines := strings.Split(src, "\n")
	for _, s := range file.Stmts {
		def, ok := s.(*syntax.DefStmt)
		if !ok {
			continue
		}
		start, end := def.Span()
		from, to := int(start.Line)-line, int(end.Line)-line
		if from < 0 || to < from || to >= len(lines) {
			continue
		}
		if it.sources == nil {
			it.sources = map[string]source{}
		}
		it.sources[def.Name.Name] = source{strings.TrimRight(strings.Join(lines[from:to+1], "\n"), " \t\r\n"), docOf(def)}
	}
}

// FunctionSource returns the text that a global function was defined by, false for
// what is none, or was defined in a file that load() ran.
func (it *Interp) FunctionSource(name string) (text string, ok bool) {
	if _, ok := it.main.env[name].(*starlark.Function); !ok {
		return "", false
	}
	found, ok := it.sources[name]
	return found.text, ok
}

// Defined says that a name has a value.
func (it *Interp) Defined(name string) bool {
	_, ok := it.main.env[name]
	return ok
}

// SetArgs makes a list of texts argv and returns what gives it back its value.
func (it *Interp) SetArgs(args []string) (restore func()) {
	before := it.main.env["argv"]
	list := make([]starlark.Value, len(args))
	for i, a := range args {
		list[i] = starlark.String(a)
	}
	it.main.env["argv"] = starlark.NewList(list)
	return func() { it.main.env["argv"] = before }
}

// maxResults is how many values of expressions are kept.
const maxResults = 50

// keepResult makes a value _ and, as IPython does, _1, _2 … in turn. The oldest of
// more than maxResults are let go.
func (it *Interp) keepResult(v starlark.Value) {
	it.results++
	it.main.env["_"] = v
	it.main.env[resultName(it.results)] = v
	if old := resultName(it.results - maxResults); it.results > maxResults && !it.main.assigned[old] {
		delete(it.main.env, old)
	}
}

func resultName(n int) string { return fmt.Sprintf("_%d", n) }

// describeResults lists the values that _ and _1, _2 … are.
func (it *Interp) describeResults() described {
	d := described{text: []string{"_ is the value of the last expression; these are kept"}}
	for n := max(1, it.results-maxResults+1); n <= it.results; n++ {
		v, ok := it.main.env[resultName(n)]
		if !ok {
			continue
		}
		d.rows = append(d.rows, [3]string{resultName(n), it.shortly(v), v.Type()})
	}
	if len(d.rows) == 0 {
		d.text = []string{"_ is the value of the last expression; there is none yet"}
	}
	return d
}
