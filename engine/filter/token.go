package filter

// TokenKind says what a token is.
type TokenKind uint8

// The kinds of token.
const (
	TokenError    TokenKind = iota // text that belongs to no token; Message says why
	TokenWord                      // a field, a protocol, a function or an unquoted literal
	TokenString                    // "…" or r"…"
	TokenChar                      // 'c'
	TokenOperator                  // a comparison, logical or arithmetic operator, in either spelling
	TokenPunct                     // ( ) { } , .. # $
	TokenRange                     // [0:4,-1]: a slice's brackets and all between
)

// Token is a piece of an expression. White space between tokens is not a token.
type Token struct {
	Kind TokenKind
	// Text is the token as written.
	Text string
	// Offset is where it begins, in bytes.
	Offset int
	// Op is the operator's canonical spelling: "==" for "eq" and "any_eq".
	Op string
	// Message says what is wrong with a TokenError.
	Message string
}

// End returns the offset of the first byte after the token.
func (t Token) End() int { return t.Offset + len(t.Text) }

func (t Token) span() span { return span{t.Offset, t.End()} }

// operatorWord returns the canonical spelling of an operator that is a word,
// or "". Words are case-sensitive, as in Wireshark.
func operatorWord(w string) string {
	switch w {
	case "eq", "any_eq":
		return "=="
	case "ne", "all_ne":
		return "!="
	case "all_eq":
		return "==="
	case "any_ne":
		return "!=="
	case "gt":
		return ">"
	case "lt":
		return "<"
	case "ge":
		return ">="
	case "le":
		return "<="
	case "and":
		return "&&"
	case "or":
		return "||"
	case "xor":
		return "^^"
	case "not":
		return "!"
	case "bitwise_and":
		return "&"
	case "contains", "matches", "in", "any", "all":
		return w
	}
	return ""
}

// symbols are the operators and punctuation written with signs, longest first.
func symbols() []struct{ text, op string } {
	return []struct{ text, op string }{
		{"===", "==="}, {"!==", "!=="},
		{"==", "=="}, {"!=", "!="}, {"~=", "!=="}, {">=", ">="}, {"<=", "<="},
		{"&&", "&&"}, {"||", "||"}, {"^^", "^^"}, {"..", ""},
		{">", ">"}, {"<", "<"}, {"!", "!"}, {"&", "&"}, {"~", "matches"},
		{"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"}, {"%", "%"},
		{"(", ""}, {")", ""}, {"{", ""}, {"}", ""}, {",", ""}, {"#", ""}, {"$", ""},
	}
}
