// This file suggests operators, functions and values in a display filter. What
// fits which type was asked of Wireshark 4.0.17 (sharkd's "check"), one field a type.

package completion

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// suggestFilter suggests for a place in a display filter.
func (p *FieldProvider) suggestFilter(ctx context.Context, at Context) []Suggestion {
	cat := p.catalogue(ctx)
	if cat == nil {
		return nil
	}
	f := at.Filter
	var out []Suggestion
	switch f.Place {
	case FilterOperand:
		out = p.operands(ctx, cat, at.Value)
		out = append(out, filterFunctions(at.Value, f.Function != "")...)
		if at.Value == "" && f.Function == "" {
			out = append(out, p.saved()...)
		}
	case FilterReference:
		out = p.saved()
		if p.Here != nil {
			for _, s := range p.Here(ctx) {
				out = append(out, Suggestion{Text: "${" + s.Field + "}", Key: "${" + s.Field, Description: strings.TrimSpace(s.describe()), Rank: rankSecond})
			}
		}
	case FilterOperator:
		if f.Function == "" {
			out = operatorsAfter(cat, f.Field, at.Value)
		}
	case FilterValue:
		out = p.values(ctx, cat, at)
	case FilterLogic:
		out = slices.Clone(logicOperators)
	}
	if f.Depth > 0 && at.Value == "" && (f.Place == FilterOperator || f.Place == FilterLogic) {
		out = append(out, Suggestion{Text: ")", Rank: rankLast})
	}
	return inQuotes(at, out)
}

// saved returns the saved filters as they are used.
func (p *FieldProvider) saved() []Suggestion {
	if p.Saved == nil {
		return nil
	}
	var out []Suggestion
	for name, text := range p.Saved() {
		end := "}"
		if strings.Contains(text, "$1") {
			end = ":" // its arguments follow
		}
		out = append(out, Suggestion{Text: "${" + name + end, Description: text, Rank: rankFirst})
	}
	return out
}

// inQuotes leaves out what would end the string literal that the filter stands in.
func inQuotes(at Context, all []Suggestion) []Suggestion {
	if at.Quote == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(s Suggestion) bool { return strings.IndexByte(s.Text, at.Quote) >= 0 })
}

// The operators and functions of display filters, wireshark-filter(4); read only.
var (
	logicOperators = []Suggestion{
		{Text: "&&", Description: "both", Rank: rankSecond},
		{Text: "||", Description: "either or both", Rank: rankSecond + 1},
		{Text: "and", Description: "same as &&", Rank: rankSecond + 2},
		{Text: "or", Description: "same as ||", Rank: rankSecond + 3},
	}
	equality = []Suggestion{
		{Text: "==", Description: "any is equal", Rank: 0},
		{Text: "!=", Description: "all are different", Rank: 1},
	}
	ordering = []Suggestion{
		{Text: ">", Description: "greater", Rank: 2},
		{Text: "<", Description: "less", Rank: 3},
		{Text: ">=", Description: "greater or equal", Rank: 4},
		{Text: "<=", Description: "less or equal", Rank: 5},
	}
	containsOperator = Suggestion{Text: "contains", Description: "holds these bytes or this text", Rank: 6}
	matchesOperator  = Suggestion{Text: "matches", Description: "regular expression, case ignored", Rank: 7}
	inOperators      = []Suggestion{
		{Text: "in", Description: "is one of {a, b, c..d}", Rank: 8},
		{Text: "not in", Description: "is none of {a, b, c..d}", Rank: 9},
	}
	// spelledEquality and spelledOrdering are offered once a letter is typed.
	spelledEquality = []Suggestion{
		{Text: "eq", Description: "same as ==", Rank: 0},
		{Text: "ne", Description: "same as !=", Rank: 1},
		{Text: "all_eq", Description: "all are equal", Rank: 2},
		{Text: "any_ne", Description: "any is different", Rank: 3},
	}
	spelledOrdering = []Suggestion{
		{Text: "gt", Description: "same as >", Rank: 2},
		{Text: "lt", Description: "same as <", Rank: 3},
		{Text: "ge", Description: "same as >=", Rank: 4},
		{Text: "le", Description: "same as <=", Rank: 5},
	}
	functions = []Suggestion{
		{Text: "len(", Description: "length in bytes"},
		{Text: "count(", Description: "number of occurrences"},
		{Text: "lower(", Description: "text in lower case"},
		{Text: "upper(", Description: "text in upper case"},
		{Text: "string(", Description: "value as text"},
		{Text: "max(", Description: "greatest value"},
		{Text: "min(", Description: "least value"},
		{Text: "abs(", Description: "absolute value"},
	}
	prefixes = []Suggestion{
		{Text: "not", Description: "the opposite"},
		{Text: "any", Description: "any occurrence"},
		{Text: "all", Description: "every occurrence"},
	}
)

// filterFunctions returns what may begin a test besides fields and protocols.
// Before a letter is typed they come after the capture's protocols, afterwards last.
func filterFunctions(word string, inFunction bool) []Suggestion {
	rank := rankLast
	if word == "" {
		rank = rankSecond - 1
	}
	var out []Suggestion
	if !inFunction {
		out = append(out, prefixes...)
	}
	out = append(out, functions...)
	for i := range out {
		out[i].Rank = rank
	}
	return slices.DeleteFunc(out, func(s Suggestion) bool { return !strings.HasPrefix(s.Text, word) })
}

// typeClass groups types by the operators that they take.
type typeClass uint8

const (
	classUnknown typeClass = iota
	classNone              // only presence
	classBoolean           // == != in
	classOrdered           // == != > < >= <= in
	classBytes             // and contains
	classMatched           // and matches
)

// classOf returns the class of a type, as sharkd 4.0.17 accepts the operators.
func classOf(t dissect.Type) typeClass {
	switch t {
	case "":
		return classUnknown
	case "NONE":
		return classNone
	case "BOOLEAN":
		return classBoolean
	case "UINT_BYTES", "SYSTEM_ID":
		return classBytes
	case "BYTES", "ETHER", "AX25", "VINES", "FCWWN", dissect.TypeProtocol,
		"STRING", "STRINGZ", "UINT_STRING", "STRINGZPAD", "STRINGZTRUNC":
		return classMatched
	}
	return classOrdered
}

// operandType returns the type of an operand: a field or "function()".
func operandType(cat *dissect.Catalogue, name string) (t dissect.Type, function bool) {
	switch name {
	case "len()", "count()":
		return "UINT32", true
	case "lower()", "upper()", "string()":
		return "STRING", true
	case "max()", "min()", "abs()":
		return "INT64", true
	}
	f, _ := cat.Lookup(name)
	return f.Type, false
}

// operatorsAfter returns the operators that may follow an operand.
func operatorsAfter(cat *dissect.Catalogue, name, word string) []Suggestion {
	t, function := operandType(cat, name)
	class := classOf(t)
	eq, ord := equality, ordering
	if word != "" && isIdentifierStart(rune(word[0])) {
		eq, ord = spelledEquality, spelledOrdering
	}
	var out []Suggestion
	if class != classNone {
		out = append(out, eq...)
	}
	if class != classNone && class != classBoolean {
		out = append(out, ord...)
	}
	if class == classUnknown || class >= classBytes {
		out = append(out, containsOperator)
	}
	if class == classUnknown || class == classMatched {
		out = append(out, matchesOperator)
	}
	if class != classNone && !function {
		out = append(out, inOperators...)
	}
	if function {
		return out
	}
	out = append(out, logicOperators...)
	if t == dissect.TypeProtocol {
		// A protocol is a test by itself and seldom compared.
		for i := range out {
			if !slices.Contains(logicOperators, out[i]) {
				out[i].Rank += rankThird
			}
		}
	}
	return out
}

// values returns what may stand on the right of a comparison.
func (p *FieldProvider) values(ctx context.Context, cat *dissect.Catalogue, at Context) []Suggestion {
	f := at.Filter
	if f.NeedSet {
		return []Suggestion{{Text: "{", Description: "a, b, c..d}"}}
	}
	var out []Suggestion
	t, _ := operandType(cat, f.Field)
	if p.Values != nil && f.Field != "" {
		out = append(out, p.Values(ctx, f.Field)...)
	}
	if p.Names != nil && f.Field != "" {
		out = append(out, named(out, p.Names(ctx, f.Field), at.Value)...)
	}
	if t == "BOOLEAN" {
		out = append(out, Suggestion{Text: "True", Description: "1", Rank: 1}, Suggestion{Text: "False", Description: "0", Rank: 1})
	}
	// A set holds no fields, and a value is seldom one: only on demand.
	if at.Value != "" && !f.InSet && !strings.ContainsAny(at.Value[:1], "0123456789:-/") {
		for _, s := range p.operands(ctx, cat, at.Value) {
			s.Rank += rankThird
			out = append(out, s)
		}
	}
	return out
}

// named returns the values of a field that have names, in their order, after those
// that the capture holds, which get their names too. A word that begins no number is
// one of a name.
func named(here []Suggestion, names []ValueName, word string) []Suggestion {
	places := map[string]int{}
	for i, n := range names {
		places[plainNumber(n.Value)] = i
	}
	shown := map[int]bool{}
	for i := range here {
		if at, ok := places[plainNumber(here[i].Text)]; ok {
			here[i].Description = strings.TrimSpace(names[at].Name + "  " + here[i].Description)
			shown[at] = true
		}
	}
	letters := word != "" && (word[0] < '0' || word[0] > '9')
	out := make([]Suggestion, 0, len(names))
	for i, n := range names {
		if shown[i] && !letters {
			continue
		}
		s := Suggestion{Text: n.Value, Description: n.Name, Rank: MaxSuggestions + i}
		if letters && !strings.EqualFold(n.Value, word) {
			s.Key = n.Name
		}
		out = append(out, s)
	}
	return out
}

// plainNumber writes a number in decimal: 0x0800 in one place is 2048 in another.
// What is no number stays.
func plainNumber(text string) string {
	if n, err := strconv.ParseUint(text, 0, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return text
}
