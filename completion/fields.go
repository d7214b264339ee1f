// This file suggests fields and protocols out of a catalogue of a quarter of a
// million names. It never goes through all of them on a key: what begins with a
// word is a range found by binary search, a long range is folded by the next
// segment of the names, and fuzzy search stays within one protocol.

package completion

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync/atomic"

	"pktsh/dissect"
)

// FieldProvider suggests what may stand in a display filter: fields, protocols,
// operators that fit the field's type, functions and values; and fields and
// protocols where they are an argument. Use it by pointer; it is safe for
// concurrent use once its fields are set.
type FieldProvider struct {
	// Catalogue returns the fields and protocols, once they are loaded; nil when ctx
	// is done before. It is called on every key.
	Catalogue func(ctx context.Context) *dissect.Catalogue
	// Present returns the filter names of the protocols in the current packet,
	// which come first, and Met those known to be in the capture, which come next;
	// nil, and nil for none known, is fine.
	Present, Met func(ctx context.Context) []string
	// Values returns values of a field in this capture, written as a filter
	// wants them (strings in double quotes); nil is fine. It must answer from
	// what is in memory.
	Values func(ctx context.Context, field string) []Suggestion

	// Here returns the fields that the packets at hand hold, in order of name; nil
	// is fine. It must answer from what is in memory.
	Here func(ctx context.Context) []Sample
	// Saved returns the saved filters, which ${name} stands for; nil is fine.
	Saved func() map[string]string
	// Names returns the names of a field's values, the first ones of many; nil is fine.
	Names func(ctx context.Context, field string) []ValueName

	protocols atomic.Pointer[protocolList]
	labels    atomic.Pointer[labelIndex]
}

// Sample is a field that packets at hand hold.
type Sample struct {
	// Field is its name and Value one of its values, as Wireshark shows it.
	Field, Value string
	// Count is how many packets of the capture have this value; 0 where that is not
	// known, and AtLeast says that there may be more.
	Count   int
	AtLeast bool
}

// ValueName is a value of a field and what it is called.
type ValueName struct{ Value, Name string }

// protocolList is the protocols of one catalogue, in order of name.
type protocolList struct {
	of   *dissect.Catalogue
	list []dissect.FieldInfo
}

// The share of MaxSuggestions that protocols may take when other things can stand as well.
const maxProtocols = MaxSuggestions - 15

// Suggest implements [Provider].
func (p *FieldProvider) Suggest(ctx context.Context, at Context) []Suggestion {
	if at.Kind == KindFilter {
		return p.suggestFilter(ctx, at)
	}
	if at.Kind != KindArgument && at.Kind != KindString {
		return nil
	}
	cat := p.catalogue(ctx)
	switch {
	case cat == nil:
		return nil
	case at.Wants(ArgField):
		return p.operands(ctx, cat, at.Value)
	case at.Wants(ArgProtocol):
		return p.protocolsFor(ctx, cat, at.Value, MaxSuggestions)
	}
	return nil
}

func (p *FieldProvider) catalogue(ctx context.Context) *dissect.Catalogue {
	if p.Catalogue == nil {
		return nil
	}
	return p.Catalogue(ctx)
}

// operands returns protocols and fields for a word.
func (p *FieldProvider) operands(ctx context.Context, cat *dissect.Catalogue, word string) []Suggestion {
	var out []Suggestion
	prefix := word
	if !strings.Contains(word, ".") {
		out = p.protocolsFor(ctx, cat, word, maxProtocols)
		switch _, whole := cat.Lookup(word); {
		case whole:
			prefix = word + "."
		case len(out) > 0:
			return out // half a protocol's name is not yet a field's
		}
	}
	out = append(out, p.here(ctx, cat, func(name string) bool { return strings.HasPrefix(name, prefix) })...)
	out = append(out, fieldsFor(cat, prefix)...)
	if len(out) == 0 {
		return p.fuzzy(ctx, cat, word)
	}
	return out
}

// here returns the fields of the packets at hand that are wanted.
func (p *FieldProvider) here(ctx context.Context, cat *dissect.Catalogue, wanted func(name string) bool) []Suggestion {
	if p.Here == nil {
		return nil
	}
	var out []Suggestion
	for _, s := range p.Here(ctx) {
		if len(out) == maxProtocols {
			break
		}
		f, ok := cat.Lookup(s.Field)
		if !ok || f.Type == dissect.TypeProtocol || !wanted(s.Field) {
			continue
		}
		found := fieldSuggestion(f, rankThird-1)
		found.Description = s.describe() + found.Description
		out = append(out, found)
	}
	return out
}

// describe is what stands before a field's label: "example.org (41)  ".
func (s Sample) describe() string {
	text := strings.Join(strings.Fields(s.Value), " ")
	if runes := []rune(text); len(runes) > maxSample {
		text = string(runes[:maxSample-1]) + "…"
	}
	switch {
	case text == "":
		return ""
	case s.Count > 0 && s.AtLeast:
		text += fmt.Sprintf(" (%d+)", s.Count)
	case s.Count > 0:
		text += fmt.Sprintf(" (%d)", s.Count)
	}
	return text + "  "
}

// maxSample is how many characters of a value are shown beside a field.
const maxSample = 30

// protocolsFor returns the protocols that begin with word, those of the capture first.
func (p *FieldProvider) protocolsFor(ctx context.Context, cat *dissect.Catalogue, word string, limit int) []Suggestion {
	var out []Suggestion
	present := map[string]bool{}
	for i, names := range []func(context.Context) []string{p.Present, p.Met} {
		if names == nil {
			continue
		}
		for _, name := range names(ctx) {
			f, ok := cat.Lookup(name)
			if ok && !present[name] && len(out) < limit && strings.HasPrefix(name, word) {
				present[name] = true
				out = append(out, fieldSuggestion(f, rankFirst+i))
			}
		}
	}
	list := p.protocolsOf(cat)
	first := sort.Search(len(list), func(i int) bool { return list[i].Name >= word })
	for _, f := range list[first:] {
		if len(out) >= limit || !strings.HasPrefix(f.Name, word) {
			break
		}
		if !present[f.Name] {
			out = append(out, fieldSuggestion(f, rankSecond))
		}
	}
	return out
}

// protocolsOf returns the catalogue's protocols, which are collected once a catalogue.
func (p *FieldProvider) protocolsOf(cat *dissect.Catalogue) []dissect.FieldInfo {
	if l := p.protocols.Load(); l != nil && l.of == cat {
		return l.list
	}
	l := &protocolList{of: cat}
	for _, f := range cat.All() {
		// Those with a dot (tcp.options.sack) stand among the fields of their protocol.
		if f.Type == dissect.TypeProtocol && !strings.Contains(f.Name, ".") {
			l.list = append(l.list, f)
		}
	}
	p.protocols.Store(l)
	return l.list
}

// fieldsFor returns the fields that begin with prefix. With more than fit they
// are folded: of all names that go on with the same segment only "dns.flags."
// is offered.
func fieldsFor(cat *dissect.Catalogue, prefix string) []Suggestion {
	fields := cat.Prefix(prefix)
	if len(fields) <= maxProtocols {
		out := make([]Suggestion, len(fields))
		for i, f := range fields {
			out[i] = fieldSuggestion(f, rankThird)
		}
		return out
	}
	return fold(fields, len(prefix))
}

// fold returns the fields with those that share the segment after the first
// skip bytes of their names as one. It jumps over them, so that its cost is
// that of what it returns.
func fold(fields []dissect.FieldInfo, skip int) []Suggestion {
	var out []Suggestion
	for len(fields) > 0 && len(out) < MaxSuggestions {
		f := fields[0]
		dot := strings.IndexByte(f.Name[skip:], '.')
		if dot < 0 {
			out = append(out, fieldSuggestion(f, rankThird))
			fields = fields[1:]
			continue
		}
		group := f.Name[:skip+dot+1]
		n := sort.Search(len(fields), func(i int) bool { return !strings.HasPrefix(fields[i].Name, group) })
		if n == 1 {
			out = append(out, fieldSuggestion(f, rankThird))
		} else {
			out = append(out, Suggestion{Text: group, Description: fmt.Sprintf("%d fields", n), Rank: rankThird})
		}
		fields = fields[n:]
	}
	return out
}

// fuzzy returns what a word that nothing begins with may mean: fields of the
// packets at hand that have it as a part of their names, fields of its protocol or
// protocols whose names have its letters, or else what its label says.
func (p *FieldProvider) fuzzy(ctx context.Context, cat *dissect.Catalogue, word string) []Suggestion {
	lower := "." + strings.ToLower(word)
	if out := p.here(ctx, cat, func(name string) bool { return strings.Contains(strings.ToLower(name), lower) }); len(out) > 0 {
		return out
	}
	candidates := p.protocolsOf(cat)
	if dot := strings.IndexByte(word, '.'); dot >= 0 {
		protocol := word[:dot+1]
		if candidates = cat.Prefix(protocol); len(candidates) == 0 {
			candidates = cat.Prefix(strings.ToLower(protocol))
		}
	}
	var out []Suggestion
	for _, f := range candidates {
		if matchWord(word, f.Name) != matchNone {
			out = append(out, fieldSuggestion(f, rankThird))
		}
	}
	if len(out) == 0 {
		out = p.byLabel(cat, word)
	}
	// The nearest in length are the likeliest; the rest would only be formatted.
	slices.SortStableFunc(out, func(a, b Suggestion) int { return len(a.Text) - len(b.Text) })
	return out[:min(len(out), MaxSuggestions)]
}

func fieldSuggestion(f dissect.FieldInfo, rank int) Suggestion {
	kind := string(f.Type)
	if f.Type == dissect.TypeProtocol {
		kind = "protocol"
	}
	return Suggestion{Text: f.Name, Description: f.Label + " (" + kind + ")", Rank: rank}
}
