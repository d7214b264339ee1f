package repl

import (
	"strings"

	"pktsh/completion"
	"pktsh/repl/command"
)

// callParameters knows the parameters of functions: of the user's, of PyShark's
// names, and of the commands, which are functions too.
type callParameters struct {
	s     *Shell
	known completion.Signatures
}

// Parameters implements [completion.Functions]. It runs nothing.
func (p callParameters) Parameters(callee string) []completion.Parameter {
	if p.s.interp.Assigned(callee) {
		var out []completion.Parameter
		for _, own := range p.s.interp.Parameters(callee) {
			parameter := completion.Parameter{Name: own.Name, Detail: "parameter"}
			if own.Default != "" {
				parameter.Detail = "default " + own.Default
			}
			out = append(out, parameter)
		}
		return out
	}
	if known := p.known.Parameters(callee); known != nil {
		return known
	}
	if c, ok := p.s.table.Lookup(callee); ok && !c.NoFunction {
		return commandParameters(c)
	}
	return nil
}

// manyArguments is how often a repeated argument is taken for one.
const manyArguments = 8

// commandParameters are a command's arguments, which have no keyword, and its
// options, which have: show(5, 'dns'), find('GET', text=True).
func commandParameters(c *command.Command) []completion.Parameter {
	var out []completion.Parameter
	for _, a := range c.Args {
		n := 1
		if a.Repeated {
			n = manyArguments
		}
		for range n {
			out = append(out, completion.Parameter{Kinds: a.Kinds})
		}
	}
	for _, o := range c.Options {
		detail := o.Help
		if o.Value == "" {
			detail = "True: " + o.Help
		}
		out = append(out, completion.Parameter{Name: strings.ReplaceAll(o.Name, "-", "_"), Detail: detail, Kinds: o.Kinds})
	}
	return out
}
