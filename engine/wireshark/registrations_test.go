package wireshark

import (
	"compress/gzip"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var writeRegistrations = flag.Bool("write-registrations", false, "write the built-in registrations anew from the installed tshark")

// The built-in registrations are what this very tshark says. To renew them, or to
// add those of another version that the differential suite has passed with:
// go test ./engine/wireshark -run BuiltIn -write-registrations
func TestBuiltInRegistrationsAreTsharks(t *testing.T) {
	tools := installed(t)
	ctx := testContext(t)
	version, err := tools.Version(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if added, _ := tools.additions(version); len(added) > 0 {
		t.Skipf("this Wireshark has additions: %v", added)
	}
	tables, err := readRegistrations(ctx, tools)
	if err != nil {
		t.Fatal(err)
	}
	if *writeRegistrations {
		f, err := os.Create(filepath.Join("registrations", version+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := gzip.NewWriterLevel(f, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(encodeTables(&Registrations{tables: tables}))
		if err := errors.Join(err, w.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, ok := verified(version); !ok {
		t.Skipf("Wireshark %s is not verified", version)
	}
	built, err := builtInTables(version)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(built, tables) {
		t.Errorf("got %d tables, want %d as tshark %s has them", len(built), len(tables), version)
	}
}

func TestRegistrationsOfKnownPorts(t *testing.T) {
	tables, err := builtInTables("4.0.17")
	if err != nil {
		t.Fatal(err)
	}
	r := &Registrations{tables: tables}
	for _, c := range []struct {
		table    string
		selector uint32
		want     string
	}{
		{"tcp.port", 443, "tls"}, {"tcp.port", 80, "http"}, {"udp.port", 53, "dns"}, {"tcp.port", 4840, "opcua"},
		{"ethertype", 0x800, "ip"}, {"ethertype", 0x86dd, "ipv6"}, {"ip.proto", 6, "tcp"}, {"gre.proto", 0x88be, "erspan"},
		{"sctp.port", 36412, "s1ap"}, {"ppp.protocol", 0x21, "ip"}, {"wtap_encap", 1, "eth"},
		{"tcp.port", 1, ""}, {"no.such", 80, ""}, {"udp.port", 1 << 31, ""},
	} {
		if got := r.Protocol(c.table, c.selector); got != c.want {
			t.Errorf("%s %d: got %q, want %q", c.table, c.selector, got, c.want)
		}
	}
	ports := r.Table("tcp.port")
	if len(ports) < 500 || !slices.IsSortedFunc(ports, func(a, b Registration) int { return int(a.Selector) - int(b.Selector) }) {
		t.Errorf("tcp.port: got %d registrations, want over 500 in order", len(ports))
	}
	if again, ok := decodeTables(encodeTables(r)); !ok || !reflect.DeepEqual(again, tables) {
		t.Error("encoded and decoded, the tables are not the same")
	}
	for _, bad := range []string{"", "80 http\n", "\ttcp.port\n80 http", "\ttcp.port\nx http\n", "\ttcp.port\n80\n", "\ttcp.port\n4294967296 http\n"} {
		if _, ok := decodeTables([]byte(bad)); ok {
			t.Errorf("decodeTables(%q): got tables, want none", bad)
		}
	}
	if _, err := parseDecodes(strings.NewReader("tcp.port\tx\thttp\n")); err == nil {
		t.Error("a line without a number: got no error")
	}
}

// fakeTshark makes a tshark that is a script, as distributions have for sandboxes,
// and that writes down each of its runs in the file whose name is returned.
func fakeTshark(t *testing.T, version, decodes string) (tools Tools, runs func() string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"$@\" >> '" + dir + "/runs'\ncase \"$1\" in\n" +
		"--version) echo 'TShark (Wireshark) " + version + " (Git fake).' ;;\n" +
		"-G) ls \"$WIRESHARK_CONFIG_DIR\" >> '" + dir + "/runs'; printf '" + decodes + "' ;;\nesac\n"
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	tools = Tools{Tshark: filepath.Join(bin, "tshark")}
	if err := os.WriteFile(tools.Tshark, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return tools, func() string {
		data, err := os.ReadFile(filepath.Join(dir, "runs"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(dir, "runs"))
		return string(data)
	}
}

func TestRegistrationsOfAnUnknownVersionAreAskedOnce(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	tools, runs := fakeTshark(t, "9.8.7", `udp.port\t53\tdns\ntcp.port\t443\ttls\ntcp.port\t80\thttp\n`)
	cache := t.TempDir()
	ctx := testContext(t)
	load := func(source, ran string) *Registrations {
		t.Helper()
		r, err := LoadRegistrations(ctx, tools, cache)
		if err != nil {
			t.Fatal(err)
		}
		if r.Source != source || r.Version != "9.8.7" || r.Verified || len(r.Plugins) != 0 {
			t.Errorf("got %q, %q, %v, %v, want %q, 9.8.7, not verified, no plugins", r.Source, r.Version, r.Verified, r.Plugins, source)
		}
		if got := runs(); got != ran {
			t.Errorf("got the runs %q, want %q", got, ran)
		}
		if !slices.Equal(r.Tables(), []string{"tcp.port", "udp.port"}) || r.Protocol("tcp.port", 80) != "http" {
			t.Errorf("got %v", r.tables)
		}
		return r
	}
	load("tshark", "--version\n-G decodes\n") // an empty profile: ls printed nothing
	load("cache", "")
	file, err := filepath.Glob(filepath.Join(cache, "registrations-*"))
	if err != nil || len(file) != 1 {
		t.Fatalf("got the cache files %v, %v, want one", file, err)
	}
	data, err := os.ReadFile(file[0])
	if err != nil {
		t.Fatal(err)
	}
	for what, damaged := range map[string]string{
		"cut": string(data[:len(data)-3]), "changed": strings.Replace(string(data), "80", "81", 1), "empty": "",
		"of another format": strings.Replace(string(data), "-1", "-0", 1),
	} {
		if err := os.WriteFile(file[0], []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(what)
		load("tshark", "-G decodes\n")
	}
	// A plugin that comes changes what is installed.
	lua := filepath.Join(os.Getenv("HOME"), ".local/lib/wireshark/plugins/sub/mine.lua")
	if err := errors.Join(os.MkdirAll(filepath.Dir(lua), 0o700), os.WriteFile(lua, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	r, err := LoadRegistrations(ctx, tools, cache)
	if err != nil || r.Source != "tshark" || !slices.Equal(r.Plugins, []string{lua}) {
		t.Errorf("with a plugin: got %+v, %v, want tshark asked, and the plugin's path", r, err)
	}
}

func TestRegistrationsThatCannotBeHad(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	if _, err := LoadRegistrations(t.Context(), Tools{}, ""); err == nil {
		t.Error("without tshark: got no error")
	}
	for _, decodes := range []string{"", "no tab", `tcp.port\tx\ty\n`, `udp.port\t53\tdns\n`} {
		tools, _ := fakeTshark(t, "9.8.7", decodes)
		if r, err := LoadRegistrations(t.Context(), tools, ""); err == nil || !strings.Contains(err.Error(), "-G decodes") {
			t.Errorf("tshark prints %q: got %v, %v, want an error that says so", decodes, r, err)
		}
	}
}

// The installed tshark reads a Lua file of the user's under an empty profile too,
// and then the built-in registrations are not used.
func TestRegistrationsOfALuaPlugin(t *testing.T) {
	tools := installed(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	ctx := testContext(t)
	r, err := LoadRegistrations(ctx, tools, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if r.Verified && len(r.Plugins) == 0 && r.Source != "built in" {
		t.Errorf("without plugins: got them from %q, want built in", r.Source)
	}
	before := len(r.Plugins)
	lua := filepath.Join(home, ".local/lib/wireshark/plugins/p.lua")
	text := `local p = Proto("pktshtest", "Test")
function p.dissector(tvb, pinfo, tree) end
DissectorTable.get("udp.port"):add(61001, p)
`
	if err := errors.Join(os.MkdirAll(filepath.Dir(lua), 0o700), os.WriteFile(lua, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	if r, err = LoadRegistrations(ctx, tools, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if len(r.Plugins) != before+1 || !slices.Contains(r.Plugins, lua) {
		t.Errorf("got the plugins %v, want %s", r.Plugins, lua)
	}
	if r.Source != "tshark" || r.Protocol("tcp.port", 80) != "http" {
		t.Errorf("got registrations from %q with port 80 for %q", r.Source, r.Protocol("tcp.port", 80))
	}
	if got := r.Protocol("udp.port", 61001); got != "pktshtest" {
		t.Skipf("this tshark has no Lua: port 61001 is for %q", got)
	}
}

func BenchmarkLoadRegistrations(b *testing.B) {
	tools := Find(os.Getenv("PATH"))
	if tools.Tshark == "" {
		b.Skip("tshark is not installed")
	}
	load := func(b *testing.B, cache string) {
		for b.Loop() {
			if _, err := LoadRegistrations(b.Context(), tools, cache); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("built in", func(b *testing.B) { load(b, "") })
	b.Setenv("HOME", b.TempDir())
	plugins := filepath.Join(os.Getenv("HOME"), ".local/lib/wireshark/plugins")
	if err := errors.Join(os.MkdirAll(plugins, 0o700), os.WriteFile(filepath.Join(plugins, "p.lua"), nil, 0o600)); err != nil {
		b.Fatal(err)
	}
	b.Run("cache", func(b *testing.B) { load(b, b.TempDir()) })
	b.Run("tshark", func(b *testing.B) { load(b, "") })
}
