package script

import (
	"errors"
	"strings"

	"go.starlark.net/syntax"
)

// pythonStatements maps statements that Python has and Starlark lacks to what
// to write.
var pythonStatements = map[string]string{
	"import": "modules json, math and time are there already, and FileCapture needs no pyshark; load('file.star', 'name') loads a file",
	"from":   "load('file.star', 'name') loads names from a file",
	"try":    "there are no exceptions; test with `in`, hasattr or get",
	"raise":  "there are no exceptions; fail('message') stops",
	"with":   "write c = FileCapture('path') and c.close()",
	"class":  "use functions and dictionaries",
	"del":    "use d.pop(key)",
	"assert": "write if not …: fail('message')",
	"global": "a name assigned in a function is local; keep state in a list or a dictionary",
	"yield":  "return a list",
	"async":  "nothing here waits: write plain functions",
}

// explainSyntax adds to a syntax error what to write instead of a statement
// that only Python has.
func explainSyntax(src string, err error) error {
	var synErr syntax.Error
	if !errors.As(err, &synErr) {
		return err
	}
	synErr.Msg = strings.TrimPrefix(synErr.Msg, "syntax error: ")
	for line := range strings.SplitSeq(src, "\n") {
		if hint, ok := pythonStatements[firstWord(line)]; ok {
			word := firstWord(line)
			rest := strings.TrimSpace(strings.TrimSpace(line)[len(word):])
			if rest == "" || isIdent(rest[0]) || rest[0] == ':' {
				synErr.Msg = "Starlark has no " + word + ": " + hint
				break
			}
		}
	}
	if strings.HasPrefix(synErr.Msg, "got illegal token") || strings.Contains(src, "f'") || strings.Contains(src, `f"`) {
		if i := strings.IndexAny(src, `'"`); i > 0 && src[i-1] == 'f' && (i == 1 || !isIdent(src[i-2])) {
			synErr.Msg = "Starlark has no f-strings: write '%s' % x, '{}'.format(x) or fmt('%5d %s', n, s)"
		}
	}
	return synErr
}
