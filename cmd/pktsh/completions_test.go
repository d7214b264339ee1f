package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// program returns a directory that holds pktsh and nothing else.
func program(t *testing.T) (dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "pktsh")); err != nil { // testscript.Main runs what the name says
		t.Fatal(err)
	}
	return dir
}

// TestCompletionScripts lets the shells that are here read their scripts.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range completionShells() {
		t.Run(shell, func(t *testing.T) {
			var script strings.Builder
			if err := writeCompletions(&script, shell); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(script.String(), "pktsh") {
				t.Error("the script does not name pktsh")
			}
			bin, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("%s is not here", shell)
			}
			cmd := exec.Command(bin, "-n") // reads and does not run
			cmd.Stdin = strings.NewReader(script.String())
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s -n: %v: %s", shell, err, out)
			}
		})
	}
}

// TestBashCompletes asks bash what TAB offers behind a line.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not here")
	}
	dir := program(t)
	var script strings.Builder
	if err := writeCompletions(&script, "bash"); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"pktsh --engine ":      "auto native wireshark",
		"pktsh --engine n":     "native",
		"pktsh -T js":          "json",
		"pktsh --keep-g":       "--keep-going",
		"pktsh --no-":          "--no-history --no-names --no-promiscuous-mode --no-rc",
		"pktsh --completions ": "bash fish zsh",
	} {
		words := strings.Split(line, " ")
		ask := script.String() + `
compopt() { :; } # it works at a prompt only
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_WORDBREAKS=$' \t\n"><=;|&(:'"'"
__start_pktsh
for r in "${COMPREPLY[@]}"; do echo ${r%%(*}; done | sort | tr '\n' ' '
`
		cmd := exec.Command(bash, append([]string{"--norc", "-c", ask, "bash"}, words...)...)
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C"}
		out, err := cmd.CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != want {
			t.Errorf("%q: got %q (%v), want %q", line, got, err, want)
		}
	}
}

// TestCompletesFields offers Wireshark's fields and protocols behind flags.
func TestCompletesFields(t *testing.T) {
	needWireshark(t)
	dir, cache := program(t), t.TempDir()
	for want, args := range map[string][]string{
		"http.host\tHost":           {"-e", "http.hos"},
		"http\tHypertext Transfer":  {"--disable-protocol", "http"},
		"http2\tHyperText Transfer": {"--enable-protocol", "http"},
	} {
		cmd := exec.Command(filepath.Join(dir, "pktsh"), append([]string{"__complete"}, args...)...)
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%q: got %q (%v), want %q in it", args, out, err, want)
		}
	}
}

// TestFlagValues fails when a flag takes a value that completion knows nothing of.
func TestFlagValues(t *testing.T) {
	fs, _ := flagSet(&options{})
	fs.VisitAll(func(f *pflag.Flag) {
		name, _ := pflag.UnquoteUsage(f)
		if f.Value.Type() != "bool" && strings.ToLower(name) == name && !strings.Contains(name, "|") {
			t.Errorf("--%s: its usage does not name its value: `FILE`", f.Name)
		}
	})
}

const manPath = "../../docs/pktsh.1"

// TestManPage fails when docs/pktsh.1 is not what flags and commands say, and lets
// groff read it.
func TestManPage(t *testing.T) {
	var page strings.Builder
	if err := writeMan(&page); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(manPath, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page.String() {
		t.Error("docs/pktsh.1 is stale; make docs writes it anew")
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not here")
	}
	cmd := exec.Command(groff, "-K", "utf8", "-man", "-Tutf8", "-ww", "-rLL=300n", "-P", "-cbou") // as man does, without bold
	cmd.Stdin = strings.NewReader(page.String())
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("groff: %v: %s", err, errs.String())
	}
	shown := strings.ReplaceAll(string(out), "‐", "-")
	for _, want := range []string{"--only-summaries", "-T, --format fields|json|ek|tabs|text", "show [FRAME] [LAYER…]", "EXIT STATUS", "$XDG_CONFIG_HOME/pktsh/rc.star"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestAnsweredFlags is what the command line says of pktsh itself.
func TestAnsweredFlags(t *testing.T) {
	dir := program(t)
	run := func(args ...string) (string, int) {
		cmd := exec.Command(filepath.Join(dir, "pktsh"), args...)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	for _, tt := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--man"}, ".TH", 0},
		{[]string{"--completions", "fish"}, "complete -c pktsh", 0},
		{[]string{"--completions", "tcsh"}, "--completions tcsh: bash, zsh, fish was wanted", 2},
		{[]string{"--help"}, "--no-rc", 0},
	} {
		if out, code := run(tt.args...); code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%q: got exit code %d and %q, want %d and %q in it", tt.args, code, out, tt.code, tt.want)
		}
	}
}
