package completion

import (
	"context"
	"strings"
)

// Member is an attribute of a value, or a key of it.
type Member struct {
	Name string
	// Detail is its value, type or meaning in a few words.
	Detail string
	// Rank orders members: lower first.
	Rank int
}

// Objects knows the attributes of values. It never runs the user's code.
type Objects interface {
	// Members returns the attributes of what the expression chain ("pkt",
	// `cap.filter("dns")[0].dns`) stands for; nil when that cannot be known
	// without running the user's code.
	Members(ctx context.Context, chain string) []Member
	// Keys returns the strings that may index what chain stands for: the layers
	// of a packet, the keys of a dict; nil like Members.
	Keys(ctx context.Context, chain string) []Member
}

// Scoped is optionally implemented by [Objects] that can tell from the input
// itself what names stand for: that p is a packet in `for p in cap: print(p.`.
type Scoped interface {
	// In returns Objects that also know the names that source binds. Source is
	// the whole input, what stands after the cursor included (a comprehension's
	// loop follows its body), and mostly not yet valid.
	In(source string) Objects
}

// AttributeProvider suggests what may stand after a dot, in x['…'], and in
// strings that name a member (layer.get_field('…').
type AttributeProvider struct {
	Objects Objects
}

// Suggest implements [Provider].
func (p AttributeProvider) Suggest(ctx context.Context, at Context) []Suggestion {
	if p.Objects == nil || at.Receiver == "" {
		return nil
	}
	objects := p.Objects
	if scoped, ok := objects.(Scoped); ok {
		objects = scoped.In(at.Text)
	}
	var members []Member
	switch {
	case at.Kind == KindAttribute, at.Kind == KindString && at.Wants(ArgMember):
		members = objects.Members(ctx, at.Receiver)
	case at.Kind == KindString && at.Wants(ArgKey):
		members = objects.Keys(ctx, at.Receiver)
	}
	out := make([]Suggestion, 0, len(members))
	for _, m := range members {
		if strings.HasPrefix(m.Name, "_") && !strings.HasPrefix(at.Value, "_") {
			m.Rank += rankThird // _ws_expert and its like are seldom what is looked for
		}
		out = append(out, Suggestion{Text: quoteContent(at, m.Name), Key: m.Name, Description: m.Detail, Rank: m.Rank})
	}
	return out
}

// quoteContent escapes text as the content of the string literal that the
// cursor is in; elsewhere it is unchanged.
func quoteContent(at Context, text string) string {
	if at.Kind != KindString {
		return text
	}
	return escape(text, at.Quote)
}

// escape puts a backslash before backslashes and the quote.
func escape(text string, quote byte) string {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' || text[i] == quote {
			out = append(out, '\\')
		}
		out = append(out, text[i])
	}
	return string(out)
}
