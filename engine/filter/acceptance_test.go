package filter_test

// This file holds the parser and checker to Wireshark's on filters that nobody wrote:
// mutants of the case table and random sentences of the grammar. Whatever is accepted
// here Wireshark accepts, and whatever is refused here, and not left to Wireshark, it
// refuses.

import (
	"bufio"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// acceptor is a sharkd that is asked which filters it takes.
type acceptor struct {
	in  *bufio.Writer
	out *bufio.Reader
}

func startAcceptor(t *testing.T) *acceptor {
	cmd := exec.Command("sharkd", "-")
	cmd.Env = append(os.Environ(), "TZ=UTC", "XDG_CONFIG_HOME="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	return &acceptor{bufio.NewWriter(in), bufio.NewReaderSize(out, 1<<20)}
}

// crashed is why a filter was refused that ended sharkd.
const crashed = "sharkd crashed"

// accepts asks about filters; the second result is why one is refused.
func (a *acceptor) accepts(t *testing.T, exprs []string) (ok []bool, why []string) {
	for _, expr := range exprs {
		request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "check", "params": map[string]any{"filter": expr}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.in.Write(append(request, '\n')); err != nil {
			t.Fatal(err)
		}
		if err := a.in.Flush(); err != nil {
			t.Fatal(err)
		}
		line, err := a.out.ReadBytes('\n')
		if err != nil { // it crashed of it: there are such filters
			t.Logf("%q: sharkd: %v", expr, err)
			*a = *startAcceptor(t)
			ok, why = append(ok, false), append(why, crashed)
			continue
		}
		var reply struct {
			Error *struct{ Message string }
		}
		if err := json.Unmarshal(line, &reply); err != nil {
			t.Fatalf("%q: %s: %v", expr, line, err)
		}
		ok = append(ok, reply.Error == nil)
		if reply.Error != nil {
			why = append(why, reply.Error.Message)
		} else {
			why = append(why, "")
		}
	}
	return ok, why
}

// sentences makes filters.
type sentences struct {
	*rand.Rand
	cases  []string
	fields []dissect.FieldInfo // a few of each type
}

func newSentences(seed uint64, cases []string, all *dissect.Catalogue) *sentences {
	s := &sentences{Rand: rand.New(rand.NewPCG(seed, 1)), cases: cases}
	byType := map[dissect.Type]int{}
	for _, f := range all.All() {
		if byType[f.Type] < 6 {
			byType[f.Type]++
			s.fields = append(s.fields, f)
		}
	}
	for _, name := range strings.Fields("ip ip.src ip.ttl ip.flags.df tcp tcp.port tcp.flags tcp.flags.syn tcp.payload tcp.time_delta eth.src ipv6.src dns.qry.name dns.qry.type http.host frame.time frame.len frame.number frame.time_delta udp.port") {
		if f, ok := all.Lookup(name); ok {
			s.fields = append(s.fields, f, f)
		}
	}
	return s
}

func pick[T any](s *sentences, from ...T) T { return from[s.IntN(len(from))] }

// next is a filter.
func (s *sentences) next() string {
	if s.IntN(3) == 0 {
		return s.mutant()
	}
	return s.expr(3)
}

func (s *sentences) expr(depth int) string {
	if depth == 0 || s.IntN(3) == 0 {
		return s.test()
	}
	switch s.IntN(6) {
	case 0:
		return pick(s, "not ", "!", "! ", "NOT ") + s.expr(depth-1)
	case 1:
		return "(" + s.expr(depth-1) + ")"
	}
	return s.expr(depth-1) + pick(s, " && ", " and ", "||", " or ", "&&", " AND ") + s.expr(depth-1)
}

func (s *sentences) test() string {
	switch s.IntN(12) {
	case 0:
		return s.field().Name
	case 3, 4, 5, 6:
		f := s.field()
		value := s.fitting(f.Type)
		if s.IntN(4) == 0 {
			return f.Name + " in {" + value + pick(s, ", ", "..", ", ") + s.fitting(f.Type) + "}"
		}
		return f.Name + pick(s, "", "", "", "#1", " + 1", " & 7") + s.operator() + pick(s, "", "", "", "-", "+") + value
	case 1:
		return s.operand() + pick(s, " in ", " not in ", " in") + s.set()
	case 2:
		return s.operand() + pick(s, " contains ", " matches ", " ~ ") + pick(s, s.literal(), s.text())
	}
	quantifier := ""
	if s.IntN(10) == 0 {
		quantifier = pick(s, "any ", "all ")
	}
	return quantifier + s.operand() + s.operator() + pick(s, s.literal(), s.literal(), s.operand())
}

func (s *sentences) operator() string {
	return pick(s, " == ", " != ", " > ", " < ", " >= ", " <= ", " eq ", " ne ", " gt ", " lt ", " ge ", " le ", "==", ">", " === ", " !== ", " ~= ", " any_eq ", " all_ne ", " any_ne ", " all_eq ", " & ", " bitand ")
}

func (s *sentences) field() dissect.FieldInfo { return pick(s, s.fields...) }

func (s *sentences) operand() string {
	name := s.field().Name
	switch s.IntN(12) {
	case 0:
		return name + s.slice()
	case 1:
		return pick(s, "len", "count", "upper", "lower", "string", "abs", "max", "min") + "(" + name + ")"
	case 2:
		return name + pick(s, " + ", " - ", " * ", " / ", " % ", "&", " & ", "+") + pick(s, "1", "0x10", s.field().Name)
	case 3:
		return name + pick(s, "#1", "#[1]", "#[1-2]", "#[-1]", "#")
	case 4:
		return "-" + name
	case 5:
		return pick(s, "min", "max") + "(" + name + ", " + pick(s, "1", s.field().Name) + ")"
	case 6:
		return "@" + name
	}
	return name
}

func (s *sentences) slice() string {
	return pick(s, "[0]", "[0:3]", "[1-2]", "[-4:]", "[:2]", "[0,3]", "[1:2,3-4]", "[]", "[-1]", "[2:-1]", "[0:0]", "[3-1]", "[:-2]", "[0x1]")
}

func (s *sentences) set() string {
	var b strings.Builder
	b.WriteString(pick(s, "{", "{ "))
	for i := range s.IntN(4) {
		if i > 0 {
			b.WriteString(pick(s, ", ", ",", " "))
		}
		b.WriteString(s.literal())
		if s.IntN(4) == 0 {
			b.WriteString(pick(s, "..", " .. ", ".. ") + s.literal())
		}
	}
	return b.String() + pick(s, "}", " }")
}

func (s *sentences) text() string {
	return pick(s, `"abc"`, `"a.c"`, `r"a\d"`, `"\x41"`, `"(?i)x"`, `""`, `"["`, `'a'`, `'\n'`, `"a\"b"`)
}

func (s *sentences) literal() string {
	return pick(s, "1", "0", "-1", "80", "0x50", "0b11", "017", "1.5", "1e3", "-0.5", "99999999999", "256", "10.0.0.1", "10.0.0.0/8", "10.0.0.1/33", "10.0.0",
		"::1", "fe80::1/10", "fe80::", "00:11:22:33:44:55", "00:11:22", "00-11-22", "0011.2233.4455", "aa:bb", "ab", "1:2", ":80", "true", "false", "TRUE", "True",
		`"example.org"`, "example.org", `"2024-01-02 03:04:05"`, "2024-01-02", `"Jan  2, 2024 03:04:05"`, `"2024-01-02T03:04:05Z"`, "'a'", "GET", "tcp", "ip.src", s.text(),
		"08002b0102030405", "1.2.3", "01.02.03", "\"1.2.840\"", "65536", "4294967296", "-129", "18446744073709551616", "0xffffffffffffffff", "c0ffee01-0203-0405-0607-08090a0b0c0d")
}

// fitting is a literal that a field of a type may take.
func (s *sentences) fitting(t dissect.Type) string {
	switch name := string(t); {
	case strings.Contains(name, "INT") && !strings.Contains(name, "_"), name == "FRAMENUM", name == "CHAR", name == "BOOLEAN":
		return pick(s, "0", "1", "7", "80", "0x1f", "255", "256", "017", "0b101", "65535", "65536", "2147483648", "'a'", "4294967296", "00", "0x")
	case name == "FLOAT", name == "DOUBLE", name == "RELATIVE_TIME":
		return pick(s, "1", "0.5", "1.5e3", ".5", "5.", "0.0000000001", "1e-3", "12345678.123456789", "0x1p3", "1.2.3", "1s", "inf", "nan")
	case strings.HasPrefix(name, "STRING"), name == "UINT_STRING":
		return pick(s, s.text(), "abc", "a.b.c", "1", "tcp", "a-b", "a/b", "*", `"*"`, "é", `"\u00e9"`, `"\q"`, `"\x4"`, `"\0"`)
	case name == "IPv4":
		return pick(s, "10.0.0.1", "10.0.0.0/8", "10.0.0.1/0", "10.0.0.1/32", "0.0.0.0", "255.255.255.255", "10.1", "10.0.0.01", "localhost", "10.0.0.1/8.0", "10.0.0.1/")
	case name == "IPv6":
		return pick(s, "::", "::1", "fe80::1/64", "2001:db8::1", "::ffff:10.0.0.1", "fe80::1%1", "1:2:3:4:5:6:7:8", "::1/129", "::1/0", "localhost")
	case name == "ETHER", name == "BYTES", name == "PROTOCOL":
		return pick(s, "00:11:22:33:44:55", "00:11", "0011.2233.4455", "00-11-22-33-44-55", "001122334455", "0:1:2:3:4:5", "aa", ":aa", "0xaa", "a", "00:11:2", "00::11", `"abc"`, "'a'", "1.2.3")
	case name == "ABSOLUTE_TIME":
		return pick(s, `"2024-01-02 03:04:05"`, "2024-01-02", "2024-01-02T03:04:05Z", `"2024-01-02 03:04:05.123456789"`, `"Jan 2, 2024 03:04:05"`, `"Jan  2, 2024 03:04:05.5 UTC"`, "2024", `"2024-02-30"`, `"2024-01-02 25:00:00"`, `"2024-01-02 03:04+01:00"`, "2024-01-02T03:04")
	}
	return s.literal()
}

// mutant is a case of the table with a token, or a byte, changed.
func (s *sentences) mutant() string {
	expr := pick(s, s.cases...)
	tokens := filter.Tokens(expr)
	if len(tokens) == 0 || len(expr) > 200 {
		return expr
	}
	at := pick(s, tokens...)
	before, after := expr[:at.Offset], expr[at.End():]
	switch s.IntN(6) {
	case 0:
		return before + after
	case 1:
		return before + at.Text + " " + at.Text + after
	case 2:
		other := pick(s, filter.Tokens(pick(s, s.cases...))...)
		return before + other.Text + after
	case 3:
		return before + s.literal() + after
	case 4:
		i := s.IntN(len(expr))
		return expr[:i] + pick(s, " ", "(", ")", "[", "]", "{", "}", ".", ",", ":", "-", "=", "&", "|", "!", "#", "0", "a", "\"", "'", "\\", "$", "@", "~", "/", "%") + expr[i:]
	}
	i := s.IntN(len(expr))
	return expr[:i] + expr[i+1:]
}

// refusedHere are the looks of what Wireshark takes and is refused here, at the prompt
// with a reason: then Wireshark is asked all the same (engine.View.Narrow).
var refusedHere = regexp.MustCompile(strings.Join([]string{
	`(^|[^0-9a-fA-F]):`,          // bytes that begin with a colon, before the dots of a range: {:aa..:bb}
	`[0-9a-fA-F][-:.]([ ,})]|$)`, // bytes that end with a separator
	`(max|min)\([^)]*\)`,         // functions of constants, which take the type of the other side
	`(matches|~)`,                // patterns that RE2 and PCRE2 read in two ways
	`\d[eE]\d`,                   // seconds with an exponent
	`"[^"]*\d[-:]\d[^"]*"`,       // times with parts of odd lengths
}, "|"))

// accepted says whether a difference is one that is known, and why.
func accepted(expr string, refused bool) (reason string) {
	if refused && refusedHere.MatchString(expr) {
		return "Wireshark is more generous there"
	}
	for _, e := range []struct{ part, reason string }{
		{`'\n'`, "4.0.17 refuses the character as too long, against wireshark-filter(4), which has it as an example"},
		{"^^", "Wireshark 4.2 brought the exclusive or"},
		{"xor", "Wireshark 4.2 brought the exclusive or"},
	} {
		if strings.Contains(expr, e.part) {
			return e.reason
		}
	}
	return ""
}

// TestAcceptance compares some thousands of filters, always the same; with
// PKTSH_ACCEPTANCE=10m it goes on with new ones for that long.
func TestAcceptance(t *testing.T) {
	if testing.Short() {
		t.Skip("asks Wireshark about thousands of filters")
	}
	if version := wiresharkVersion(t); !strings.HasSuffix(version, " 4.0.17") {
		t.Skipf("the language is 4.0.17's; installed is %s", version)
	}
	seed, end := uint64(1), time.Time{}
	if text := os.Getenv("PKTSH_ACCEPTANCE"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		seed, end = rand.Uint64(), time.Now().Add(d)
	}
	fields := fullCatalogue(t)
	s := newSentences(seed, readCases(t), fields)
	wireshark := startAcceptor(t)
	compared, taken, open, wrong, generous := 0, 0, 0, 0, 0
	for batch := 0; batch < 8 || time.Now().Before(end); batch++ {
		exprs := make([]string, 0, 500)
		for range cap(exprs) {
			if e := s.next(); !strings.ContainsAny(e, "\n\x00") && strings.TrimSpace(e) != "" {
				exprs = append(exprs, e)
			}
		}
		theirs, why := wireshark.accepts(t, exprs)
		for i, expr := range exprs {
			_, err := filter.Compile(expr, fields)
			var fe *filter.Error
			if errors.As(err, &fe) && fe.NeedsWireshark {
				open++
				continue
			}
			compared++
			if err == nil {
				taken++
			}
			if (err == nil) == theirs[i] || why[i] == crashed || accepted(expr, err != nil) != "" {
				continue
			}
			if err != nil && !end.IsZero() { // new ones show new corners of Wireshark's generosity: to look at
				generous++
				t.Logf("refused here, and not by Wireshark: %s: %v", expr, err)
				continue
			}
			if wrong++; wrong <= 40 {
				t.Errorf("%s\n  here: %v\n  Wireshark: %v %s", expr, err, theirs[i], why[i])
			}
		}
	}
	t.Logf("seed %d: %d filters compared, %d of them taken; %d left to Wireshark; %d taken wrongly, or of the fixed ones refused; %d refused that Wireshark takes", seed, compared, taken, open, wrong, generous)
	if taken < compared/10 || compared < open {
		t.Errorf("%d of %d filters were taken and %d left to Wireshark: that compares too little", taken, compared, open)
	}
}
