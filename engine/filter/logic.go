package filter

// This file takes a filter apart where it joins others: what is known of the parts
// then need not be asked again.

import "strings"

// Logic is how a filter is made of filters. Each packet passes it by which of the
// parts it passes.
type Logic struct {
	// Op is "&&", "||" or "!", which has one part; "" for a filter that is not
	// taken apart.
	Op    string
	Parts []*Logic
	// Text is the filter, in a spelling that those have in common which differ in
	// white space and operators' names only.
	Text string
}

// Split takes a filter apart; nil when it is none, or the empty one. Whether its
// fields exist is not checked.
func Split(expr string) *Logic {
	if e, err := Parse(expr); err != nil || e.root == nil {
		return nil
	}
	return split(Tokens(expr))
}

// split takes apart the tokens of a filter that parses.
func split(tokens []Token) *Logic {
	for _, op := range []string{"||", "^^", "&&"} { // from loose to tight
		pieces := pieces(tokens, op)
		if len(pieces) < 2 {
			continue
		}
		if op == "^^" { // which Wireshark 4.0 refuses
			return asWritten(tokens)
		}
		l := &Logic{Op: op}
		for _, piece := range pieces {
			part := split(piece)
			if part.Op == op {
				l.Parts = append(l.Parts, part.Parts...)
				continue
			}
			l.Parts = append(l.Parts, part)
		}
		return l.spelled()
	}
	switch {
	case tokens[0].Op == "!":
		return (&Logic{Op: "!", Parts: []*Logic{split(tokens[1:])}}).spelled()
	case tokens[0].Text == "(" && closing(tokens, 0) == len(tokens)-1:
		return split(tokens[1 : len(tokens)-1])
	}
	return asWritten(tokens)
}

// pieces cuts tokens at an operator that stands outside of all brackets.
func pieces(tokens []Token, op string) (out [][]Token) {
	begin := 0
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t.Kind == TokenPunct && (t.Text == "(" || t.Text == "{"):
			i = closing(tokens, i)
		case t.Kind == TokenOperator && t.Op == op:
			out = append(out, tokens[begin:i])
			begin = i + 1
		}
	}
	return append(out, tokens[begin:])
}

// closing is the index of the bracket that closes the one at open, the last token's
// when there is none.
func closing(tokens []Token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		if tokens[i].Kind != TokenPunct {
			continue
		}
		switch tokens[i].Text {
		case "(", "{":
			depth++
		case ")", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// asWritten is a filter that is not taken apart. Comparisons are spelled in one way; of
// other signs a space may change the meaning.
func asWritten(tokens []Token) *Logic {
	var b strings.Builder
	spaced := false // the token before wants a space after it
	for i, t := range tokens {
		text := t.Text
		compares := false
		switch t.Op {
		case "==", "!=", "===", "!==", ">", "<", ">=", "<=", "contains", "matches", "in":
			text, compares = t.Op, true
		}
		if i > 0 && (spaced || compares || t.Offset > tokens[i-1].End()) {
			b.WriteByte(' ')
		}
		b.WriteString(text)
		spaced = compares
	}
	return &Logic{Text: b.String()}
}

// spelled sets the text of a filter that has parts.
func (l *Logic) spelled() *Logic {
	if l.Op == "!" {
		l.Text = "!" + l.Parts[0].grouped()
		return l
	}
	texts := make([]string, len(l.Parts))
	for i, part := range l.Parts {
		texts[i] = part.grouped()
	}
	l.Text = strings.Join(texts, " "+l.Op+" ")
	return l
}

// grouped is the text in parentheses where something may be joined to it.
func (l *Logic) grouped() string {
	if l.Op == "" {
		return l.Text
	}
	return "(" + l.Text + ")"
}

// Join is the filter of several parts of this one.
func (l *Logic) Join(parts []*Logic) *Logic {
	if len(parts) == 1 {
		return parts[0]
	}
	return (&Logic{Op: l.Op, Parts: parts}).spelled()
}
