package completion

import "context"

// Globals knows the names that Starlark code can use: predeclared functions and
// modules, and what the user defined.
type Globals interface {
	Globals(ctx context.Context) []Member
}

// NameProvider suggests Starlark's names: keywords, builtins, globals, and the
// parameters of the function whose call the cursor is in.
type NameProvider struct {
	// Globals may be nil; so may Functions.
	Globals   Globals
	Functions Functions
}

// Suggest implements [Provider].
func (p NameProvider) Suggest(ctx context.Context, at Context) []Suggestion {
	var out []Suggestion
	switch {
	case at.Kind == KindCommandName:
		if at.CommandOnly || at.Word == "" {
			return nil // the prompt's first word is a command's before it is a name
		}
		out = append(keywords(statementKeywords), keywords(operandKeywords)...)
	case at.Kind != KindName:
		return nil
	case at.AfterOperand:
		return keywords(operatorKeywords)
	case at.LineStart:
		out = append(keywords(statementKeywords), keywords(operandKeywords)...)
	default:
		out = keywords(operandKeywords)
	}
	out = append(out, p.parameters(at)...)
	for _, b := range builtins {
		out = append(out, Suggestion{Text: b.Name, Description: b.Detail, Rank: rankThird})
	}
	if p.Globals != nil {
		for _, m := range p.Globals.Globals(ctx) {
			out = append(out, Suggestion{Text: m.Name, Description: m.Detail, Rank: rankSecond + m.Rank})
		}
	}
	return out
}

// parameters returns the keyword arguments that the call does not have yet.
func (p NameProvider) parameters(at Context) []Suggestion {
	c := at.Call
	if p.Functions == nil || c == nil || c.Index || c.Callee == "" || c.Keyword != "" {
		return nil
	}
	var out []Suggestion
	for i, param := range p.Functions.Parameters(c.Callee) {
		if i >= c.Arg && param.Name != "" {
			out = append(out, Suggestion{Text: param.Name + "=", Description: param.Detail, Rank: rankFirst})
		}
	}
	return out
}

func keywords(words []string) []Suggestion {
	out := make([]Suggestion, len(words))
	for i, w := range words {
		out[i] = Suggestion{Text: w, Description: "keyword", Rank: rankLast}
	}
	return out
}

// The keywords by where they stand; read only.
var (
	statementKeywords = []string{"break", "continue", "def", "elif", "else", "for", "if", "load", "pass", "return", "while"}
	operandKeywords   = []string{"lambda", "not"}
	operatorKeywords  = []string{"and", "else", "for", "if", "in", "not", "or"}
)

// builtins are Starlark's own, spec section "Built-in constants and functions"; read only.
var builtins = []Member{
	{Name: "None"}, {Name: "True"}, {Name: "False"},
	{Name: "abs", Detail: "absolute value"},
	{Name: "all", Detail: "whether all elements are true"},
	{Name: "any", Detail: "whether any element is true"},
	{Name: "bool", Detail: "truth value"},
	{Name: "bytes", Detail: "bytes of a string or of integers"},
	{Name: "chr", Detail: "character of a code point"},
	{Name: "dict", Detail: "new dictionary"},
	{Name: "dir", Detail: "names of attributes"},
	{Name: "enumerate", Detail: "pairs of index and element"},
	{Name: "fail", Detail: "stop with an error"},
	{Name: "float", Detail: "floating-point number"},
	{Name: "getattr", Detail: "attribute by name"},
	{Name: "hasattr", Detail: "whether there is an attribute"},
	{Name: "hash", Detail: "hash of a string"},
	{Name: "int", Detail: "integer"},
	{Name: "len", Detail: "number of elements"},
	{Name: "list", Detail: "new list"},
	{Name: "max", Detail: "greatest element"},
	{Name: "min", Detail: "least element"},
	{Name: "ord", Detail: "code point of a character"},
	{Name: "print", Detail: "print values"},
	{Name: "range", Detail: "sequence of integers"},
	{Name: "repr", Detail: "value as source text"},
	{Name: "reversed", Detail: "elements in reverse"},
	{Name: "set", Detail: "new set"},
	{Name: "sorted", Detail: "elements in order"},
	{Name: "str", Detail: "value as text"},
	{Name: "tuple", Detail: "new tuple"},
	{Name: "type", Detail: "name of the type"},
	{Name: "zip", Detail: "pairs of elements"},
}
