// This file lets people keep the imports of modules that are there already.

package script

import (
	"regexp"
	"strings"
)

// moduleNames are the modules there are, as a pattern.
const moduleNames = `(binascii|collections|datetime|json|math|pyshark|sys|time)`

var (
	// importModules is `import json, math as m`, modules that are there only.
	importModules = regexp.MustCompile(`(?m)^([ \t]*)import[ \t]+(` + moduleNames + asName + `(?:[ \t]*,[ \t]*` + moduleNames + asName + `)*)[ \t]*(?:#.*)?\r?$`)
	// fromModule is `from collections import Counter, defaultdict as d`.
	fromModule = regexp.MustCompile(`(?m)^([ \t]*)from[ \t]+` + moduleNames + `[ \t]+import[ \t]+\(?[ \t]*([A-Za-z_]\w*` + asName + `(?:[ \t]*,[ \t]*[A-Za-z_]\w*` + asName + `)*)[ \t]*\)?[ \t]*(?:#.*)?\r?$`)
)

const asName = `(?:[ \t]+as[ \t]+[A-Za-z_]\w*)?`

// withoutModuleImports returns source with imports of modules that are there already
// replaced, line for line, by assignments of what they bind.
func withoutModuleImports(src string) string {
	src = importModules.ReplaceAllStringFunc(src, func(line string) string {
		m := importModules.FindStringSubmatch(line)
		return m[1] + bindings(m[2], "")
	})
	return fromModule.ReplaceAllStringFunc(src, func(line string) string {
		m := fromModule.FindStringSubmatch(line)
		return m[1] + bindings(m[3], m[2]+".")
	})
}

// bindings returns the assignments that `a, b as c` stands for, each of prefix and a
// name; "pass" when there is nothing to bind.
func bindings(list, prefix string) string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		words := strings.Fields(item)
		name := words[len(words)-1]
		if value := prefix + words[0]; name != value {
			out = append(out, name+" = "+value)
		}
	}
	if len(out) == 0 {
		return "pass"
	}
	return strings.Join(out, "; ")
}
