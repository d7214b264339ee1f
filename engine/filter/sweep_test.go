package filter_test

// This file runs the case table on real captures, where they are at hand,
// against the Wireshark that is installed.

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/dissect"
)

var sweep = flag.String("sweep", "", "a pattern of captures to run the case table on, instead of the fixed sample")

// capturesDir finds the directory of real captures: $PKTSH_CAPTURES, or
// ../shared/captures beside the project.
func capturesDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		root, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			if root == filepath.Dir(root) {
				t.Skip("no go.mod above the working directory")
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(root, "..", "shared", "captures")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real captures here: %v", err)
	}
	return dir
}

func TestAgainstCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("dissects real captures")
	}
	wiresharkVersion(t) // skips without Wireshark
	dir := capturesDir(t)
	paths := []string{
		"ndpi/default_pcap_soap.pcap",
		"ndpi/default_pcap_upnp.pcap",
		"ndpi/default_pcap_http-manipulated.pcap",
	}
	if *sweep != "" {
		matches, err := filepath.Glob(filepath.Join(dir, *sweep))
		if err != nil {
			t.Fatal(err)
		}
		paths = nil
		for _, m := range matches {
			rel, err := filepath.Rel(dir, m)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, rel)
		}
	}
	fields := fullCatalogue(t)
	cases := readCases(t)
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			file := filepath.Join(dir, path)
			trees := readPDML(t, runTshark(t, "-2", "-n", "-r", file, "-T", "pdml"), file, fields)
			expected := parseExpected(askSharkd(t, file, cases))
			for _, expr := range cases {
				if _, ok := differences()[expr]; ok {
					continue
				}
				if got := answer(expr, fields, trees); got != expected[expr] {
					t.Errorf("%s\n got %s\nwant %s", expr, got, expected[expr])
				}
			}
		})
	}
}

// fullCatalogue returns every field and protocol of the installed Wireshark.
func fullCatalogue(t *testing.T) *dissect.Catalogue {
	var infos []dissect.FieldInfo
	for line := range strings.Lines(string(runTshark(t, "-G", "fields"))) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		switch {
		case len(f) > 2 && f[0] == "P":
			infos = append(infos, dissect.FieldInfo{Name: f[2], Type: dissect.TypeProtocol})
		case len(f) > 3 && f[0] == "F":
			infos = append(infos, dissect.FieldInfo{Name: f[2], Type: dissect.Type(strings.TrimPrefix(f[3], "FT_"))})
		}
	}
	return dissect.NewCatalogue(infos)
}
