package render

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/mitchellh/go-wordwrap"

	"pktsh/repl/result"
)

// Style says for whom a Renderer writes.
type Style struct {
	// Width is the screen's width in columns; 0 means unlimited (a pipe): nothing
	// is cut.
	Width int
	// Height is the screen's height in rows; 0 means unknown.
	Height int
	// Color allows colours. Without it no escape byte is written.
	Color bool
	// Depth is how many colours there are.
	Depth Depth
	// Theme is the roles' colours: plain, dark or light; "" is plain.
	Theme string
	// Interactive says that a person looks on: footers and the mark of the
	// current packet are shown.
	Interactive bool
}

// Renderer writes results as text. It is safe for concurrent use: lines of
// concurrent calls mix, but each line stays whole.
type Renderer struct {
	style Style
	pal   *palette
	out   *output
}

// New returns a Renderer that writes to w. Nothing is kept back between calls:
// every method has written everything when it returns.
func New(w io.Writer, s Style) *Renderer {
	return &Renderer{style: s, pal: newPalette(s.Color, s.Theme), out: &output{w: w}}
}

// Style returns the style that r was made with.
func (r *Renderer) Style() Style { return r.style }

// Result writes res; a nil res writes nothing. The error is a table's own, the
// context's or the writer's; what came before it has been written.
func (r *Renderer) Result(ctx context.Context, res result.Result) error {
	var err error
	switch res := res.(type) {
	case nil:
	case *result.Table:
		err = r.table(ctx, res)
	case *result.Tree:
		err = r.tree(ctx, res)
	case *result.Hex:
		err = r.hex(ctx, res)
	case *result.Text:
		err = r.text(ctx, res)
	case *result.Status:
		r.sentence(Escape(res.Line), r.pal.of(res.Role))
	case *result.Data:
		err = r.data(ctx, res)
	case result.Many:
		return r.many(ctx, res)
	default:
		return fmt.Errorf("render: got a result of type %T, want one of package result's", res)
	}
	if ferr := r.out.flush(); err == nil {
		err = ferr
	}
	return err
}

// Notice writes text, which may have several lines, as something worth knowing.
func (r *Renderer) Notice(text string) error { return r.message(text, result.RoleNote) }

// Warning writes text, which may have several lines, as something to look at.
func (r *Renderer) Warning(text string) error { return r.message(text, result.RoleWarning) }

// Error writes text, which may have several lines, as what went wrong.
func (r *Renderer) Error(text string) error { return r.message(text, result.RoleError) }

// maxMessage is how many bytes of a line of a message are shown: what it quotes
// may be as long as what was typed or pasted.
const maxMessage = 2000

func (r *Renderer) message(text string, role result.Role) error {
	look := r.pal.of(role)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if len(line) > maxMessage {
			line = line[:runeStart(line, maxMessage)] + "…"
		}
		r.sentence(Escape(line), look)
	}
	return r.out.flush()
}

// sentence writes a line, broken between words where the screen is narrower. What is
// indented is quoted, with a caret below it perhaps, and stays as it is.
func (r *Renderer) sentence(line string, look paint) {
	lines := []string{line}
	if width := r.style.Width; width > 0 && !strings.HasPrefix(line, " ") {
		lines = strings.Split(wordwrap.WrapString(line, uint(width)), "\n")
	}
	for _, line := range lines {
		r.out.line(look.on, line, look.off)
	}
}

func (r *Renderer) text(ctx context.Context, t *result.Text) error {
	lines := t.Lines
	if t.Prose {
		lines = prose(lines, r.style.Width)
	}
	for i, line := range lines {
		if i&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.out.line(escapeLine(line)); err != nil {
			return err
		}
	}
	return nil
}

// many writes results one after the other, with a blank line between two that
// would run into each other.
func (r *Renderer) many(ctx context.Context, results result.Many) error {
	last := false
	for _, res := range results {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := isBlock(res)
		if block && last {
			r.out.line()
		}
		if err := r.Result(ctx, res); err != nil {
			return err
		}
		last = block
	}
	return nil
}

func isBlock(res result.Result) bool {
	switch res.(type) {
	case *result.Table, *result.Tree, *result.Hex:
		return true
	}
	return false
}
