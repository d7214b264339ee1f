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

// The themes besides the plain one.
const (
	themeDark  = "dark"
	themeLight = "light"
)

// attributes is the one table of looks. In the plain theme yellow and blue are left
// out on purpose: one vanishes on white, the other on black.
func attributes(role result.Role, theme string) []color.Attribute {
	switch {
	case theme == themeDark && role == result.RoleName:
		return []color.Attribute{color.FgHiGreen}
	case theme == themeDark && role == result.RoleAddress:
		return []color.Attribute{color.FgHiCyan}
	case theme == themeDark && role == result.RoleWarning:
		return []color.Attribute{color.FgHiYellow}
	case theme == themeDark && role == result.RoleError:
		return []color.Attribute{color.FgHiRed, color.Bold}
	case theme == themeLight && role == result.RoleAddress:
		return []color.Attribute{color.FgBlue}
	case theme == themeLight && role == result.RoleNote:
		return []color.Attribute{color.FgBlue, color.Bold}
	}
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

func newPalette(enabled bool, theme string) *palette {
	p := new(palette)
	if !enabled {
		return p
	}
	for role := range p {
		attrs := attributes(result.Role(role), theme)
		if len(attrs) == 0 {
			continue
		}
		p[role] = newPaint(color.New(attrs...))
	}
	return p
}

func newPaint(c *color.Color) paint {
	// Style.Color has decided already; the library's own guess from the
	// environment and standard output must not overrule it.
	c.EnableColor()
	on, off, _ := strings.Cut(c.Sprint("|"), "|")
	return paint{on, off}
}

// of returns the look of role; roles unknown here look plain.
func (p *palette) of(role result.Role) paint {
	if int(role) >= len(p) {
		return paint{}
	}
	return p[role]
}
