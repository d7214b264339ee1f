package render

import (
	"slices"
	"strings"

	"github.com/fatih/color"

	"pktsh/repl/result"
)

// Depth is how many colours a terminal has.
type Depth uint8

// The depths. The roles' colours are of the 16 in any case; rows with colours of
// their own need more.
const (
	Depth256 Depth = iota
	Depth16
	DepthTrue
)

// DepthOf tells the depth by the environment's COLORTERM and TERM, as terminals say
// it there. A TERM that says nothing is one of today's: these have 256.
func DepthOf(colorterm, term string) Depth {
	switch {
	case colorterm == "truecolor", colorterm == "24bit", strings.HasSuffix(term, "-direct"):
		return DepthTrue
	case slices.Contains([]string{"", "dumb", "linux", "ansi", "sun", "cons25"}, term), strings.HasPrefix(term, "vt"), strings.HasSuffix(term, "-16color"):
		return Depth16
	}
	return Depth256
}

// rowPaint is the look of a row in its own colours.
func rowPaint(c result.Color, d Depth) paint {
	const foreground, background, rgb, indexed = 38, 48, 2, 5 // ITU-T T.416, SGR
	attr := func(kind color.Attribute, c [3]uint8) []color.Attribute {
		if d == DepthTrue {
			return []color.Attribute{kind, rgb, color.Attribute(c[0]), color.Attribute(c[1]), color.Attribute(c[2])}
		}
		return []color.Attribute{kind, indexed, color.Attribute(nearest256(c))}
	}
	look := newPaint(color.New(append(attr(foreground, c.Foreground), attr(background, c.Background)...)...))
	look.off = "\x1b[0m" // the library undoes each number of the colours for itself
	return look
}

// nearest256 is the colour of xterm's palette that is nearest: of its 6 × 6 × 6 cube
// (from 16 on) or its 24 greys (from 232 on). The first 16 differ between terminals.
func nearest256(c [3]uint8) int {
	levels := [6]int{0, 95, 135, 175, 215, 255}
	index, cube := 16, 0
	for i, v := range c {
		best := 0
		for k, level := range levels {
			if square(int(v)-level) < square(int(v)-levels[best]) {
				best = k
			}
		}
		index += best * [3]int{36, 6, 1}[i]
		cube += square(int(v) - levels[best])
	}
	for k := range 24 {
		grey := 0
		for _, v := range c {
			grey += square(int(v) - (8 + 10*k))
		}
		if grey < cube {
			index, cube = 232+k, grey
		}
	}
	return index
}

func square(n int) int { return n * n }
