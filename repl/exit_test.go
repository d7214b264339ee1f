package repl

import (
	"bytes"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/repl/render"
)

// TestExit leaves scripts from within functions, handlers and loops.
func TestExit(t *testing.T) {
	for _, tt := range []struct {
		src, out, errs string
		code           int
	}{
		{"def f():\n    print(1)\n    sys.exit(3)\n    print(2)\nf()\nprint(4)", "1\n", "", 3},
		{"import sys\nfor i in range(3):\n    try:\n        sys.exit()\n    except:\n        print('caught')", "", "", 0},
		{"try:\n    sys.exit('bad input')\nexcept Exception:\n    print('caught')", "", "bad input\n", 1},
		{"raise SystemExit(4)", "", "", 4},
		{"for i in range(3): print(i); exit(5)\nprint('no')", "0\n", "", 5},
		{"if True:\n    quit()\n    print('no')", "", "", 0},
	} {
		session := engine.NewSession(engine.Config{TempDir: t.TempDir(), CacheDir: t.TempDir()})
		var out, errs bytes.Buffer
		shell := New(Config{Session: session, Out: &out, Err: &errs, Style: func() render.Style { return render.Style{} }})
		shell.Run(t.Context(), strings.NewReader(tt.src+"\n"), "script")
		code, quit := shell.Quit()
		if out.String() != tt.out || errs.String() != tt.errs || code != tt.code || !quit {
			t.Errorf("%s\ngot  %q, %q, code %d, quit %v\nwant %q, %q, code %d", tt.src, out.String(), errs.String(), code, quit, tt.out, tt.errs, tt.code)
		}
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}
}
