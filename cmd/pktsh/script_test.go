package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

// TestMain makes the test binary serve as pktsh itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pktsh":      func() { os.Exit(run(os.Args[1:])) },
		"pktsh-talk": func() { os.Exit(talk(os.Args[1:])) },
	})
}

// TestScripts runs the end-to-end sessions of testdata/script: everything piped.
// $DATA is the project's testdata; [wireshark] holds where sharkd and tshark
// are; $BARE is a PATH with nothing on it but pktsh.
func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DATA", data)
			env.Setenv("TZ", "UTC")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TMPDIR", filepath.Join(env.WorkDir, "tmp"))
			for name, dir := range map[string]string{"XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"} {
				env.Setenv(name, filepath.Join(env.WorkDir, dir))
			}
			bare := filepath.Join(env.WorkDir, "bare")
			env.Setenv("BARE", bare)
			if err := os.MkdirAll(bare, 0o755); err != nil {
				return err
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			if err := os.Symlink(self, filepath.Join(bare, "pktsh")); err != nil {
				return err
			}
			return os.MkdirAll(filepath.Join(env.WorkDir, "tmp"), 0o755)
		},
		Condition: func(cond string) (bool, error) {
			if cond == "wireshark" {
				return haveWireshark(), nil
			}
			return false, nil
		},
	})
}

func haveWireshark() bool {
	for _, program := range []string{"tshark", "sharkd"} {
		if _, err := exec.LookPath(program); err != nil {
			return false
		}
	}
	return true
}
