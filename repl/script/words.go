// This file reads off the source which names it uses: a loop that asks for a layer
// will ask for the fields of it that stand there, so they are loaded together.

package script

import (
	"strings"

	"go.starlark.net/syntax"
)

const (
	maxWords  = 2000 // that are remembered
	maxJoined = 5    // names of a chain that may be one field's: p.dns.flags.response
	maxHinted = 12   // fields of a protocol that are loaded unasked
)

// words are the names that source used, in the spelling under which names are
// compared.
type words struct {
	known map[string]bool
	added int // counts what came, to see that something did
}

// read adds a statement's names: what stands behind dots, chains of that joined,
// and text, which may be a field's name.
func (w *words) read(s syntax.Node) {
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DotExpr:
			w.addChain(n)
		case *syntax.Literal:
			if text, ok := n.Value.(string); ok && len(text) < 100 {
				w.add(normalize(text))
				if _, rest, dotted := strings.Cut(text, "."); dotted {
					w.add(normalize(rest))
				}
			}
		}
		return true
	})
}

// addChain adds what a chain of names that ends with e ends with: host, http_host.
func (w *words) addChain(e *syntax.DotExpr) {
	joined := normalize(e.Name.Name)
	w.add(joined)
	x := e.X
	for range maxJoined - 1 {
		dot, ok := x.(*syntax.DotExpr)
		if !ok {
			return
		}
		joined = normalize(dot.Name.Name) + "_" + joined
		w.add(joined)
		x = dot.X
	}
}

func (w *words) add(name string) {
	if name == "" || w.known[name] || len(w.known) >= maxWords {
		return
	}
	if w.known == nil {
		w.known = map[string]bool{}
	}
	w.known[name] = true
	w.added++
}

// expected returns the fields of a protocol that source named.
func (w *words) expected(l *headerLayer) []string {
	var out []string
	for word := range w.known {
		if f := l.fields[word]; f != nil && len(out) < maxHinted {
			out = append(out, f.name)
		}
	}
	return out
}
