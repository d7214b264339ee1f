package editor

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEdit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, c := range []struct{ command, text, want, fails string }{
		{"sed -i s/dns/http/", "filter dns", "filter http", ""},
		{"sed -i -e '$a ls'", "filter dns", "filter dns\nls", ""}, // words are the shell's
		{"true", "def f(p):\n    pass", "def f(p):\n    pass", ""},
		{"cp /dev/null \"$1\"; true", "ls", "", ""},
		{"true", "", "", ""},
		{"no-such-editor-here", "ls", "ls", "no-such-editor-here"},
		{"false", "ls", "ls", "$EDITOR"},
	} {
		got, err := Editor{Command: c.command}.Edit(context.Background(), c.text)
		if got != c.want || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: got %q and %v, want %q and %q", c.command, got, err, c.want, c.fails)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWhichEditor goes through the variables in the order that POSIX tools have.
func TestWhichEditor(t *testing.T) {
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "")
	if got := (Editor{}).command(); got != "vi" {
		t.Errorf("got %q without a variable, want vi", got)
	}
	t.Setenv("EDITOR", "ed")
	if got := (Editor{}).command(); got != "ed" {
		t.Errorf("got %q, want $EDITOR", got)
	}
	t.Setenv("VISUAL", "nano")
	if got := (Editor{}).command(); got != "nano" {
		t.Errorf("got %q, want $VISUAL", got)
	}
}

// TestCancelled tells an editor to end.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := (Editor{Command: "sleep 100; true"}).Edit(ctx, "ls"); err == nil || got != "ls" {
		t.Errorf("got %q, %v", got, err)
	}
}
