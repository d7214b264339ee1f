package command

import (
	"testing"
)

// TestSplit is the rule that decides between a command and Starlark.
func TestSplit(t *testing.T) {
	table := NewTable()
	rebound := func(name string) bool { return name == "hex" }
	tests := []struct {
		line, name, rest string // name "" is Starlark
	}{
		{"ls", "ls", ""},
		{"ls 10-20", "ls", "10-20"},
		{"show 5", "show", "5"},
		{"show -1", "show", "-1"},
		{"filter (a||b) && !c", "filter", "(a||b) && !c"},
		{"filter == 3", "filter", "== 3"},
		{"list", "ls", ""},
		{":ls 3", "ls", "3"},
		{":hex 5", "hex", "5"},
		{"?ls", "help", "ls?"},
		{"ls?", "help", "ls?"},
		{"pkt?", "help", "pkt?"},
		{"pkt.ip?", "help", "pkt.ip?"},
		{"pkt.ip?  # what is in it?", "help", "pkt.ip?"},
		{"!echo hi", "!", "echo hi"},
		{"show(5)", "", ""},
		{"ls = 3", "", ""},
		{"ls += 3", "", ""},
		{"ls=3", "", ""},
		{"filter.x", "", ""},
		{"ls[0]", "", ""},
		{"hex 5", "", ""}, // rebound
		{"for ls in range(3): print(ls)", "", ""},
		{"lsx", "", ""},
		{"", "", ""},
		{"pkt.ip.src", "", ""},
	}
	for _, tt := range tests {
		c, rest, ok, err := table.Split(tt.line, rebound)
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		name := ""
		if ok {
			name = c.Name
		}
		if name != tt.name || rest != tt.rest {
			t.Errorf("%q: got %q with %q, want %q with %q", tt.line, name, rest, tt.name, tt.rest)
		}
	}
	if _, _, _, err := table.Split(":lss", rebound); err == nil || err.Error() != `no command or topic "lss"; did you mean ls?` {
		t.Errorf(":lss: got %v", err)
	}
}

// TestSplitRedirect is where > and | are operators and where they are text.
func TestSplitRedirect(t *testing.T) {
	tests := []struct{ in, args, op, target string }{
		{"5 > out.txt", "5", ">", "out.txt"},
		{"5 >> 'my file'", "5", ">>", "my file"},
		{"5 | grep -c '>'", "5", "|", "grep -c '>'"},
		{"'a > b'", "'a > b'", "", ""},
		{"a>b", "a>b", "", ""},
		{"5    # a comment | with > operators", "5", "", ""},
		{"'#1' x#y", "'#1' x#y", "", ""},
		{`a\ > b`, `a\ > b`, "", ""},
	}
	for _, tt := range tests {
		args, to, err := SplitRedirect(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if to == nil {
			to = &Redirect{}
		}
		if args != tt.args || to.Op != tt.op || to.Target != tt.target {
			t.Errorf("%q: got %q %q %q", tt.in, args, to.Op, to.Target)
		}
	}
	for _, bad := range []string{"5 >", "5 |", "5 > a b"} {
		if _, _, err := SplitRedirect(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
