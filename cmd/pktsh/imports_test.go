package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fences are the libraries that a single package of ours may import.
var fences = map[string]string{
	"github.com/c-bata/go-prompt": "pktsh/repl/prompt",
	"go.starlark.net/starlark":    "pktsh/repl/script",
	"github.com/fatih/color":      "pktsh/repl/render",
}

// TestImports holds the code to the import table of docs/architecture.md.
func TestImports(t *testing.T) {
	allowed := importTable(t)
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "pktsh/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		may, listed := allowed[pkg.ImportPath]
		if !listed {
			t.Errorf("%s has no row in docs/architecture.md", pkg.ImportPath)
		}
		for _, imp := range pkg.Imports {
			if strings.HasPrefix(imp, "pktsh/") && !slices.Contains(may, imp) {
				t.Errorf("%s imports %s, which docs/architecture.md does not allow", pkg.ImportPath, imp)
			}
			if owner, fenced := fences[imp]; fenced && owner != pkg.ImportPath {
				t.Errorf("%s imports %s, which only %s may", pkg.ImportPath, imp, owner)
			}
		}
	}
	if seen < 10 {
		t.Errorf("go list named %d packages; the whole module was wanted", seen)
	}
}

// importTable reads the rows of the table under "## Imports".
func importTable(t *testing.T) map[string][]string {
	f, err := os.Open("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	code := regexp.MustCompile("`([^`]+)`")
	table := map[string][]string{}
	inside := false
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		if strings.HasPrefix(line, "## ") {
			inside = line == "## Imports"
		}
		if !inside || !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		var names []string
		for _, cell := range cells {
			for _, m := range code.FindAllStringSubmatch(cell, -1) {
				names = append(names, "pktsh/"+m[1])
			}
		}
		table[names[0]] = names[1:]
	}
	if len(table) == 0 {
		t.Fatal("no table found under ## Imports")
	}
	return table
}
