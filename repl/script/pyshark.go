// This file lets people paste PyShark's code: `import pyshark` does nothing,
// and pyshark.FileCapture is FileCapture.

package script

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// addPyshark defines PyShark's classes, by themselves and in the module.
func (it *Interp) addPyshark(env starlark.StringDict) {
	classes := starlark.StringDict{
		"FileCapture":     starlark.NewBuiltin("FileCapture", it.fileCapture),
		"PipeCapture":     starlark.NewBuiltin("PipeCapture", it.pipeCapture),
		"InMemCapture":    starlark.NewBuiltin("InMemCapture", it.inMemCapture),
		"LiveCapture":     starlark.NewBuiltin("LiveCapture", it.liveCapture),
		"LiveRingCapture": starlark.NewBuiltin("LiveRingCapture", it.liveRingCapture),
		"RemoteCapture":   starlark.NewBuiltin("RemoteCapture", it.remoteCapture),
		"LinkTypes":       linkTypesValue{},
		"StopCapture":     stopCapture{},
	}
	maps.Copy(env, classes)
	env["pyshark"] = &pyshark{classes}
}

// pyshark is the module's value.
type pyshark struct{ classes starlark.StringDict }

func (*pyshark) String() string        { return "<module pyshark>" }
func (*pyshark) Type() string          { return "module" }
func (*pyshark) Freeze()               {}
func (*pyshark) Truth() starlark.Bool  { return true }
func (*pyshark) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: module") }

// AttrNames returns the classes there are.
func (p *pyshark) AttrNames() []string { return p.classes.Keys() }

// Attr returns a class. PyShark's own modules have the same classes:
// pyshark.capture.inmem_capture.LinkTypes is pyshark.LinkTypes.
func (p *pyshark) Attr(name string) (starlark.Value, error) {
	if class, ok := p.classes[name]; ok {
		return class, nil
	}
	if slices.Contains(pysharkModules, name) {
		return p, nil
	}
	return nil, fmt.Errorf("no pyshark.%s; there is pyshark.%s%s", name, strings.Join(p.AttrNames(), ", pyshark."), suggestion(name, p.AttrNames()))
}

// pysharkModules are the modules of PyShark that hold its classes.
var pysharkModules = []string{"capture", "file_capture", "pipe_capture", "inmem_capture", "live_capture", "live_ring_capture", "remote_capture"}

// importLine is an import of what is there already.
var importLine = regexp.MustCompile(`(?m)^([ \t]*)import[ \t]+(pyshark|json|math|time)(?:[ \t]+as[ \t]+([A-Za-z_]\w*))?[ \t]*(?:#.*)?\r?$`)

// fromLine is the import of classes that are there.
var fromLine = regexp.MustCompile(`(?m)^([ \t]*)from[ \t]+pyshark(?:\.capture(?:\.(?:capture|file_capture|pipe_capture|inmem_capture|live_capture|live_ring_capture|remote_capture))?)?[ \t]+import[ \t]+` +
	`(?:(?:FileCapture|PipeCapture|InMemCapture|LiveCapture|LiveRingCapture|RemoteCapture|LinkTypes|StopCapture)[ \t]*,?[ \t]*)+(?:#.*)?\r?$`)

// withoutImports returns source with the imports of what is there already
// replaced by statements that do what they did, line for line.
func withoutImports(src string) (out string, changed bool) {
	if !strings.Contains(src, "import") {
		return src, false
	}
	out = importLine.ReplaceAllStringFunc(src, func(line string) string {
		m := importLine.FindStringSubmatch(line)
		if m[3] != "" && m[3] != m[2] {
			return m[1] + m[3] + " = " + m[2]
		}
		return m[1] + "pass"
	})
	out = fromLine.ReplaceAllString(out, "${1}pass")
	return out, out != src
}

// noticeImport tells once that PyShark needs no import.
func (it *Interp) noticeImport(src string) {
	if strings.Contains(src, "pyshark") && (strings.Contains(src, "import pyshark") || strings.Contains(src, "from pyshark")) {
		it.noticeOnce("pyshark needs no import: FileCapture(…) and pyshark.FileCapture(…) are there already")
	}
}
