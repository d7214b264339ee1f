package wireshark

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestBinaryVersion(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"\x7fELF\x004.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3)\x00Git v4.0.17 packaged as\x00", "4.0.17"},
		{"\x00x\x00" + "4.2.5 (v4.2.5-0-g4aa814ac25a1)\x00 and 4.2.5 (v4.2.5-0-g4aa814ac25a1)", "4.2.5"},
		{"TShark 4.4.0 (v4.4.0).", "4.4.0"},
		{"4.1.0 (v4.1.0rc0-1-gabc)", "4.1.0"},         // of that version's own line
		{"4.1.1 (v4.1.0-12-gabc)", ""},                // built between two
		{"4.0.17 (v4.0.17) 4.0.18 (v4.0.18)", ""},     // two of them
		{"4.0.17 (Git commit 01234567)", ""},          // a packager's own way
		{"#!/bin/sh\nexec flatpak run wireshark", ""}, // a wrapper
		{" (v)", ""}, {" (v", ""}, {"", ""}, {"1 (v1)", ""},
	} {
		file := filepath.Join(t.TempDir(), "tshark")
		if err := os.WriteFile(file, []byte(c.data), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := binaryVersion(file); got != c.want {
			t.Errorf("%q: got %q, want %q", c.data, got, c.want)
		}
	}
	for _, path := range []string{"", t.TempDir(), "/no/such/file"} {
		if got := binaryVersion(path); got != "" {
			t.Errorf("%q: got %q, want nothing", path, got)
		}
	}
}

// What the file says is what the program says.
func TestBinaryVersionIsTheProgrammes(t *testing.T) {
	tools := installed(t)
	out, err := outputOf(command(testContext(t), tools.Tshark, "--version"))
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{tools.Tshark, tools.Sharkd} {
		if got, want := binaryVersion(program), parseVersion(string(out)); got != "" && got != want {
			t.Errorf("%s: got %q from its file, want %q", program, got, want)
		}
	}
}

func TestAdditions(t *testing.T) {
	root, home, extra := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("WIRESHARK_PLUGIN_DIR", extra)
	t.Setenv("WIRESHARK_DATA_DIR", "")
	write := func(text string, path ...string) string {
		t.Helper()
		name := filepath.Join(path...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o700)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	tools := Tools{Tshark: write("", root, "bin", "tshark")}
	plugins := filepath.Join(root, "lib", "x86_64-linux-gnu", "wireshark", "plugins")
	write("", plugins, "4.0", "epan", "mate.so")
	write("", plugins, "3.6", "epan", "other.so") // another version's: not read
	write("", plugins, "4.0", "epan", "README")
	write("-- require nothing\nenable_lua = true\ndofile(DATA_DIR..\"console.lua\")\n", root, "share", "wireshark", "init.lua")
	check := func(want ...string) {
		t.Helper()
		added, stock := tools.additions("4.0.17")
		if !slices.Equal(added, want) || !slices.Equal(stock, []string{"epan/mate"}) {
			t.Errorf("got %v and %v, want %v and epan/mate", added, stock, want)
		}
	}
	check()
	before := tools.Identity()
	mine := write("", plugins, "4.0", "epan", "mine.so")
	global := write("", plugins, "3.6", "old.LUA") // Lua files are read at any depth
	_ = write("", plugins, ".hidden", "no.lua")
	env := write("", extra, "env.lua")
	elsewhere := t.TempDir()
	write("", elsewhere, "linked.lua")
	personal := write("", home, ".local/lib/wireshark/plugins", "4.0", "epan", "mate.so")
	link := filepath.Join(home, ".local/lib/wireshark/plugins", "link")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	prefs := write("", root, "share", "wireshark", "preferences")
	init := write("enable_lua = true\ndofile(\"/opt/mine.lua\")\n", root, "share", "wireshark", "init.lua")
	check(global, mine, env, personal, filepath.Join(link, "linked.lua"), prefs, init)
	after := tools.Identity()
	if before == after {
		t.Error("the identity stays the same with other plugins")
	}
	for _, file := range []string{mine, global, env, personal, prefs, init} {
		if !strings.Contains(after, file+"=") {
			t.Errorf("the identity does not name %s:\n%s", file, after)
		}
	}
}
