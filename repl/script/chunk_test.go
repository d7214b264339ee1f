package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestChunks runs whole chunks in one interpreter each. A line that must fail
// carries ### and a regular expression; what stands before ---- in a chunk is
// run by itself, so that state passes from chunk to chunk.
func TestChunks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no chunk files: %v", err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) { runChunkFile(t, string(src)) })
	}
}

func runChunkFile(t *testing.T, src string) {
	line := 1
	h := newHarness(t)
	if err := h.Exec(context.Background(), "def eq(got, want):\n    if got != want or type(got) != type(want):\n        fail('got %s, want %s' % (repr(got), repr(want)))\n", "prelude", 1); err != nil {
		t.Fatal(err)
	}
	for chunk := range strings.SplitSeq(src, "\n----\n") {
		wantLine, want := expectedError(chunk, line)
		err := h.Exec(context.Background(), chunk, "test.star", line)
		var e *Error
		switch {
		case err == nil && want != nil:
			t.Errorf("line %d: no error, want %s", wantLine, want)
		case err != nil && !errors.As(err, &e):
			t.Errorf("chunk at line %d: the error %v is no *Error", line, err)
		case err != nil && want == nil:
			t.Errorf("unexpected %v\n%s", err, e.Backtrace)
		case err != nil && (e.Line != wantLine || !want.MatchString(e.Msg)):
			t.Errorf("got  line %d: %s\nwant line %d: %s", e.Line, e.Msg, wantLine, want)
		}
		line += strings.Count(chunk, "\n") + 2
	}
}

// expectedError finds the ### of a chunk whose first line has a number.
func expectedError(chunk string, line int) (int, *regexp.Regexp) {
	for i, l := range strings.Split(chunk, "\n") {
		if _, pattern, ok := strings.Cut(l, "### "); ok {
			return line + i, regexp.MustCompile(pattern)
		}
	}
	return 0, nil
}

func TestSplitter(t *testing.T) {
	tests := []struct {
		name        string
		interactive bool
		src         string
		want        []string // chunk texts, each "LINE:text"
	}{
		{"simple", true, "a = 1\nb = 2\n", []string{"1:a = 1\n", "2:b = 2\n"}},
		{"the line after a block", false, "for p in cap:\n    print(p)\nx = 1\n", []string{"1:for p in cap:\n    print(p)\n", "3:x = 1\n"}},
		{"interactive block", true, "def f():\n    return 1\n\nf()\n", []string{"1:def f():\n    return 1\n", "4:f()\n"}},
		{"batch blank line in block", false, "def f():\n    a = 1\n\n    return a\nf()\n", []string{"1:def f():\n    a = 1\n\n    return a\n", "5:f()\n"}},
		{"comment in block", true, "if x:\n# note\n    y\n\n", []string{"1:if x:\n# note\n    y\n"}},
		{"else", false, "if x:\n    y\nelse:\n    z\nw\n", []string{"1:if x:\n    y\nelse:\n    z\n", "5:w\n"}},
		{"elif", true, "if x:\n    y\nelif q:\n    z\nelse:\n    w\n\n", []string{"1:if x:\n    y\nelif q:\n    z\nelse:\n    w\n"}},
		{"try", false, "try:\n    x\nexcept KeyError as e:\n    y\nfinally:\n    z\nw\n", []string{"1:try:\n    x\nexcept KeyError as e:\n    y\nfinally:\n    z\n", "7:w\n"}},
		{"inline for", true, "for p in cap: print(p)\nx\n", []string{"1:for p in cap: print(p)\n", "2:x\n"}},
		{"inline if at a prompt", true, "if x: y\nz\n", []string{"1:if x: y\n", "2:z\n"}},
		{"inline if else in batch", false, "if x: y\nelse: z\nw\n", []string{"1:if x: y\nelse: z\n", "3:w\n"}},
		{"bracket", true, "a = [\n1,\n\n2]\nb\n", []string{"1:a = [\n1,\n\n2]\n", "5:b\n"}},
		{"bracket in block header", false, "for x in [1,\n2]:\n    x\ny\n", []string{"1:for x in [1,\n2]:\n    x\n", "4:y\n"}},
		{"triple quotes", true, "s = '''a\n\n# no comment'''\nb\n", []string{"1:s = '''a\n\n# no comment'''\n", "4:b\n"}},
		{"backslash", true, "a = 1 + \\\n2\nb\n", []string{"1:a = 1 + \\\n2\n", "3:b\n"}},
		{"quote in comment", true, "a # don't (\nb\n", []string{"1:a # don't (\n", "2:b\n"}},
		{"bracket in string", true, "a = '('\nb\n", []string{"1:a = '('\n", "2:b\n"}},
		{"escaped quote", true, `a = 'it\'s ('` + "\nb\n", []string{"1:a = 'it\\'s ('\n", "2:b\n"}},
		{"colon in dict", true, "a = {1:\n2}\nb\n", []string{"1:a = {1:\n2}\n", "3:b\n"}},
		{"leading blank and comment", false, "\n# c\n  \nx\n", []string{"4:x\n"}},
		{"end of input in block", false, "def f():\n    return 1", []string{"1:def f():\n    return 1\n"}},
		{"open string at end", false, "a = '''x\ny", []string{"1:a = '''x\ny\n"}},
		{"nested dedent", false, "def f():\n    if x:\n        y\n    else:\n        z\ng\n", []string{"1:def f():\n    if x:\n        y\n    else:\n        z\n", "6:g\n"}},
		{"string in body with unindented line", false, "def f():\n    return '''a\nb'''\ng\n", []string{"1:def f():\n    return '''a\nb'''\n", "4:g\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := split(tt.interactive, strings.TrimSuffix(tt.src, "\n"))
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func split(interactive bool, src string) (out []string) {
	s := NewSplitter(interactive)
	for line := range strings.SplitSeq(src, "\n") {
		for {
			c, done, consumed := s.Feed(line)
			if done {
				out = append(out, fmt.Sprintf("%d:%s", c.Line, c.Text))
			}
			if consumed {
				break
			}
		}
	}
	if c, ok := s.Flush(); ok {
		out = append(out, fmt.Sprintf("%d:%s", c.Line, c.Text))
	}
	return out
}

func TestInterrupt(t *testing.T) {
	for _, src := range []string{
		"while True: pass",
		"for p in cap: pass",
		"n = 0\nfor p in cap:\n    n += p.length",
		"def f():\n    while True: pass\ncap.apply_on_packets(lambda p: f())",
		"cap.apply_on_packets(lambda p: None)",
		"list(cap)",
		"[p.ip.src for p in cap if 'ip' in p]",
	} {
		t.Run(src, func(t *testing.T) {
			h := newHarness(t)
			h.view.endless = true
			ctx, cancel := context.WithCancel(context.Background())
			var at time.Time
			time.AfterFunc(20*time.Millisecond, func() { at = time.Now(); cancel() })
			err := h.Exec(ctx, src, "test.star", 1)
			late := time.Since(at)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want an error that is context.Canceled", err)
			}
			if late > 100*time.Millisecond {
				t.Errorf("it took %s to stop", late)
			}
			if got, err := h.exec("1 + 1"); err != nil || got != "2\n" {
				t.Errorf("after the interrupt: %q, %v", got, err)
			}
		})
	}
}

func TestOnlySummariesDissectNothing(t *testing.T) {
	h := newHarness(t)
	c := h.newCapture(h.view)
	c.onlySummary = true
	h.main.env["cap"] = c
	got, err := h.exec("for p in cap: print(p, p.no, p.time, p.source, p.destination, p.protocol, p.info, p.summary_line, p.length, repr(p))\ncap[0]\nlen(cap)\n")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "<PacketSummary DNS: 192.168.1.20 to 192.168.1.1>\n4\n") {
		t.Errorf("got %s", got)
	}
	for _, p := range h.view.packets {
		if p.dissection != 0 {
			t.Errorf("frame %d was dissected", p.tree.Frame)
		}
	}
	if got, err := h.exec("cap[0].dns.qry_name"); err != nil || got != "'example.org'\n" {
		t.Errorf("a layer of a summary packet: %q, %v", got, err)
	}
}

// TestIterationError checks that an error in the middle of a loop stops the
// chunk with the loop's place and is not swallowed.
func TestIterationError(t *testing.T) {
	h := newHarness(t)
	h.view.failAt = 3
	got, err := h.exec("n = 0\nfor p in cap:\n    n += 1\nprint('not reached')\n")
	var e *Error
	if !errors.As(err, &e) || e.Msg != "the file shrank" || e.Line == 0 || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := h.exec("list(cap)"); err == nil || !strings.Contains(err.Error(), "the file shrank") {
		t.Errorf("list(cap): %v", err)
	}
	if got, err := h.exec("n"); err != nil || got != "2\n" {
		t.Errorf("after the error: %q, %v", got, err)
	}
}

func TestLoad(t *testing.T) {
	h := newHarness(t)
	files := map[string]string{
		"lib.star":   "N = 2\ndef twice(x):\n    return x * N\n",
		"a.star":     "load('b.star', 'b')\na = 1\n",
		"b.star":     "load('a.star', 'a')\nb = 1\n",
		"bad.star":   "x = 1\ny = nope\n",
		"state.star": "seen = []\ndef add(x):\n    seen.append(x)\n    return len(seen)\n",
	}
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(h.cfg.Dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ src, want, wantErr string }{
		{"load('lib.star', 'twice', n='N')\ntwice(21), n", "(42, 2)\n", ""},
		{"twice(2)", "4\n", ""},
		{"load('state.star', 'add')\nadd(1)\nadd(2)", "1\n2\n", ""},
		{"load('state.star', 'add')\nadd(3)", "3\n", ""},
		{"load('a.star', 'a')", "", "cycle"},
		{"load('bad.star', 'x')", "", "bad.star:2:5: undefined: nope"},
		{"load('none.star', 'x')", "", "no such file"},
	}
	for _, tt := range tests {
		got, err := h.exec(tt.src)
		if tt.wantErr == "" && (err != nil || got != tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.src, got, err, tt.want)
		}
		if tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
			t.Errorf("%s: got %v, want an error with %q", tt.src, err, tt.wantErr)
		}
	}
}

// TestLoopsAskForPagesOfRows checks that a loop over summaries asks for few
// pages, in a growing number of rows, and gets the right ones.
func TestLoopsAskForPagesOfRows(t *testing.T) {
	for _, src := range []string{
		"[int(p.no) for p in cap if p.info] == list(range(1, 501))",
		"seen = []\ncap.apply_on_packets(lambda p: seen.append(int(p.no)))\nseen == list(range(1, 501))",
		// Asked for here and there, and after the loop.
		"kept = [p for p in cap if p.number % 7 == 0 and p.info]\n[int(p.no) for p in kept] == [p.number for p in kept]",
	} {
		h := newHarness(t)
		h.view.packets = nil
		for i := range 500 {
			h.view.packets = append(h.view.packets, dnsPacket(uint32(i+1)))
		}
		if got, err := h.exec(src); err != nil || !strings.HasSuffix(got, "True\n") {
			t.Errorf("%s: %q %v", src, got, err)
		}
		if h.view.pages > 80 {
			t.Errorf("%s: asked for %d pages", src, h.view.pages)
		}
	}
}

// FuzzSplitter checks that no line is lost or changed and that splitting ends.
func FuzzSplitter(f *testing.F) {
	for _, seed := range []string{"for p in cap:\n    print(p)\nx", "if x: y\nelse: z", "a = '''b\nc'''", "x = (1,\n2)", "a \\\nb", "'\\", "def f():\n\n# c\n  x\n\n", "else:\n  x", "{[(\n"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, src string, interactive bool) {
		if strings.ContainsRune(src, '\r') {
			return
		}
		lines := strings.Split(src, "\n")
		s := NewSplitter(interactive)
		keep := func(c Chunk) {
			body := strings.Split(strings.TrimSuffix(c.Text, "\n"), "\n")
			if c.Line < 1 || c.Line-1+len(body) > len(lines) {
				t.Fatalf("chunk %q at line %d of %d", c.Text, c.Line, len(lines))
			}
			for i, l := range body {
				if lines[c.Line-1+i] != l {
					t.Fatalf("line %d is %q, the chunk has %q", c.Line+i, lines[c.Line-1+i], l)
				}
			}
		}
		for _, line := range lines {
			for tries := 0; ; tries++ {
				c, done, consumed := s.Feed(line)
				if done {
					keep(c)
				}
				if consumed {
					break
				}
				if tries > 0 {
					t.Fatalf("the line %q is never consumed", line)
				}
			}
		}
		if c, ok := s.Flush(); ok {
			keep(c)
		}
		if s.Pending() || s.Line() != len(lines) {
			t.Fatalf("pending %v at line %d of %d", s.Pending(), s.Line(), len(lines))
		}
	})
}
