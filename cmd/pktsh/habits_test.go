package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file types what people bring along from other shells: a file of their own
// things, a first look around, watch, edit.

// TestTypedRC has the aliases and functions of rc.star, is told its mistake, and has
// none of it with --no-rc; the hint for newcomers comes as long as nothing was typed.
func TestTypedRC(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	if err := os.MkdirAll(filepath.Join(config, "pktsh"), 0o755); err != nil {
		t.Fatal(err)
	}
	rc := "alias d = filter dns\nls 5-3\ndef twice(x): return 2 * x\n"
	if err := os.WriteFile(filepath.Join(config, "pktsh", "rc.star"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, 100, 30, "--engine", "native", browse)
	p.see(`rc.star:2: `, `New here\? help examples`, `pkt> `)
	p.say("d", `^82 of 1,204 packets`)
	p.say("twice(21)", `^42`)
	p.typed("\x04")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d, want 0: a mistake in rc.star is none of the session's", code)
	}
	p = sit(t, 100, 30, "--engine", "native", "--no-rc", browse)
	p.see(`pkt> `)
	if strings.Contains(p.screen(), "rc.star") {
		t.Errorf("--no-rc: the screen shows:\n%s", p.screen())
	}
	p.say("twice(21)", `undefined: twice`)
}

// TestTypedWatch watches a line until Ctrl-C, which gives the prompt back.
func TestTypedWatch(t *testing.T) {
	p := sit(t, 80, 12, "--engine", "native", browse)
	p.see(`pkt> `)
	p.typed("watch 100ms layers 8\r")
	p.see(`\A\d\d:\d\d:\d\d  every 100ms: layers 8   Ctrl-C ends`, `^ETH IP TCP HTTP`)
	p.typed("\x03")
	p.see(`interrupted`, `pkt>\s*\z`)
	p.say("layers 1", `^ETH ARP`)
}

// TestTypedEdit changes the line before in an editor, which runs it and puts it into
// the history.
func TestTypedEdit(t *testing.T) {
	t.Setenv("VISUAL", "sed -i s/dns/icmp/")
	p := sit(t, 80, 24, "--engine", "native", browse)
	p.see(`pkt> `)
	p.say("filter dns", `^82 of 1,204 packets`)
	p.say("edit", `^12 of 1,204 packets`)
	p.see(`pkt\(icmp\)> `)
	p.say("history", `3 +filter icmp`)
}
