package render

import (
	"strings"

	"github.com/fatih/color"

	"pktsh/repl/result"
)

// paint is how a piece of text is switched to a look and back.
type paint struct{ on, off string }

// palette holds the look of every role; all empty without colour.
type palette [result.RoleSelected + 1]paint

// attributes is the one table of looks. Yellow and blue are left out on
// purpose: one vanishes on white, the other on black.
func attributes(role result.Role) []color.Attribute {
	switch role {
	case result.RoleHeading:
		return []color.Attribute{color.Bold}
	case result.RoleName:
		return []color.Attribute{color.FgGreen}
	case result.RoleAddress:
		return []color.Attribute{color.FgCyan}
	case result.RoleDim:
		return []color.Attribute{color.Faint}
	case result.RoleNote:
		return []color.Attribute{color.FgCyan, color.Bold}
	case result.RoleWarning:
		return []color.Attribute{color.FgMagenta, color.Bold}
	case result.RoleError:
		return []color.Attribute{color.FgRed, color.Bold}
	case result.RoleSelected:
		return []color.Attribute{color.ReverseVideo}
	}
	// Numbers are most of a table: coloured, nothing else would stand out.
	return nil
}

func newPalette(enabled bool) *palette {
	p := new(palette)
	if !enabled {
		return p
	}
	for role := range p {
		attrs := attributes(result.Role(role))
		if len(attrs) == 0 {
			continue
		}
		c := color.New(attrs...)
		// Style.Color has decided already; the library's own guess from the
		// environment and standard output must not overrule it.
		c.EnableColor()
		on, off, _ := strings.Cut(c.Sprint("|"), "|")
		p[role] = paint{on, off}
	}
	return p
}

// of returns the look of role; roles unknown here look plain.
func (p *palette) of(role result.Role) paint {
	if int(role) >= len(p) {
		return paint{}
	}
	return p[role]
}
