package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/engine/filter"
	"pktsh/repl/render"
	"pktsh/repl/result"
	"pktsh/repl/script"
)

// errReported says that an error was printed already.
var errReported = errors.New("reported")

// Exec runs one complete input of an interactive session: a line, a block, or
// several of them pasted. Errors are printed.
func (s *Shell) Exec(ctx context.Context, text string) {
	defer s.cfg.Session.Ask()()
	s.quit = false
	_ = s.run(ctx, strings.NewReader(text), "")
	s.between(context.WithoutCancel(ctx))
}

// Run runs a script: each line as it comes, blocks when they are complete. name
// stands in errors. It ends at the first error, unless KeepGoing is set, and
// reports whether everything went well.
func (s *Shell) Run(ctx context.Context, r io.Reader, name string) bool {
	s.failed = false
	return s.run(ctx, r, name) == nil && !s.failed
}

// NeedMore says whether text is the beginning of an input that goes on.
func (s *Shell) NeedMore(text string) bool {
	split := script.NewSplitter(true)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if !split.Pending() && s.isCommand(line) {
			continue
		}
		if _, done, consumed := split.Feed(line); done && !consumed && !s.isCommand(line) {
			split.Feed(line)
		}
	}
	if strings.HasSuffix(text, "\n") && split.Pending() {
		split.Feed("")
	}
	return split.Pending()
}

func (s *Shell) isCommand(line string) bool {
	line, err := s.table.Expand(line, s.interp.Assigned)
	if err != nil {
		return true
	}
	_, _, ok, err := s.table.Split(line, s.interp.Assigned)
	return ok || err != nil
}

// line is what a script's reader gave: a line without its end, or why there is none.
type line struct {
	text string
	err  error
}

// readLines reads on a goroutine of its own, so that an interrupt is not kept
// waiting by a pipe that nobody writes to. It ends when ctx does.
func readLines(ctx context.Context, r io.Reader) <-chan line {
	out := make(chan line)
	go func() {
		defer close(out)
		lines := bufio.NewReader(r)
		first := true
		for {
			text, err := lines.ReadString('\n')
			if err == io.EOF && text == "" {
				return
			}
			l := line{text: strings.TrimRight(text, "\r\n")}
			if first {
				l.text, first = strings.TrimPrefix(l.text, "\ufeff"), false // a byte order mark
			}
			if err != nil && err != io.EOF {
				l.err = fmt.Errorf("reading the script: %w", err)
			}
			select {
			case out <- l:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// run feeds lines until they end, the user quits, or an error stops it.
func (s *Shell) run(ctx context.Context, r io.Reader, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	split := script.NewSplitter(false)
	lines := readLines(ctx, r)
	for !s.quit {
		select {
		case <-ctx.Done():
			return s.report(ctx.Err(), name, split.Line())
		case l, more := <-lines:
			if !more {
				return s.end(ctx, split, name)
			}
			if l.err != nil {
				return s.report(l.err, name, split.Line())
			}
			if err := s.feed(ctx, split, l.text, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// end runs the block that the end of the script completes.
func (s *Shell) end(ctx context.Context, split *script.Splitter, name string) error {
	chunk, ok := split.Flush()
	if !ok {
		return nil
	}
	ctx, done := s.out.during(ctx)
	defer done()
	return s.starlark(ctx, chunk, name)
}

// feed deals with one line.
func (s *Shell) feed(ctx context.Context, split *script.Splitter, line, name string) error {
	defer s.cfg.Session.Ask()()
	ctx, done := s.out.during(ctx)
	defer done()
	if !split.Pending() {
		s.between(ctx)
	}
	for again := true; again && !s.quit; {
		again = false
		if !split.Pending() {
			expanded, err := s.table.Expand(line, s.interp.Assigned)
			if err != nil {
				split.Skip()
				return s.report(err, name, split.Line())
			}
			line = expanded
			c, rest, ok, err := s.table.Split(line, s.interp.Assigned)
			if ok || err != nil {
				split.Skip()
				if err == nil {
					err = s.command(ctx, c, rest)
				}
				return s.report(err, name, split.Line())
			}
			if members := s.whatIs(ctx, line); members != nil {
				split.Skip()
				return s.report(s.reply(ctx, members), name, split.Line())
			}
		}
		chunk, done, consumed := split.Feed(line)
		if !done {
			continue
		}
		if err := s.starlark(ctx, chunk, name); err != nil {
			return err
		}
		again = !consumed
	}
	return nil
}

// whatIs answers `pkt.ip?`: what the expression before the question mark offers.
// It runs none of the user's code, and is nil for what is no such line.
func (s *Shell) whatIs(ctx context.Context, line string) result.Result {
	chain, ok := strings.CutSuffix(strings.TrimSpace(line), "?")
	if !ok {
		return nil
	}
	r, _ := s.interp.Describe(ctx, chain)
	return r
}

// starlark runs a chunk and brings the commands' state in step with it.
func (s *Shell) starlark(ctx context.Context, chunk script.Chunk, name string) error {
	return s.report(s.evaluate(ctx, chunk, name), name, chunk.Line)
}

// evaluate is starlark with the error unreported.
func (s *Shell) evaluate(ctx context.Context, chunk script.Chunk, name string) error {
	err := s.interp.Exec(ctx, chunk.Text, name, chunk.Line)
	if err == nil {
		err = s.pullVariables(ctx)
	}
	if err != nil {
		err = s.hintCommand(err, chunk.Text)
	}
	return err
}

// unspaced is a command whose output goes elsewhere, without the space before the sign.
var unspaced = regexp.MustCompile(`^([a-z_]+)(\||>>?)\s*([^=].*)$`)

// hintCommand adds to an error what the line would be as a command: the command
// whose name the user gave another meaning, or the one that was misspelt.
func (s *Shell) hintCommand(err error, text string) error {
	line := strings.TrimSpace(text)
	if m := unspaced.FindStringSubmatch(line); m != nil {
		if _, known := s.table.Lookup(m[1]); known && !s.interp.Assigned(m[1]) {
			return fmt.Errorf("%w\na space is wanted before %s: %s %s %s", err, m[2], m[1], m[2], m[3])
		}
	}
	name, _, ok := completion.SplitCommand(line, func(string) bool { return true })
	if !ok || strings.HasPrefix(line, ":") || strings.Contains(line, "\n") {
		return err
	}
	if _, known := s.table.Lookup(name); known && s.interp.Assigned(name) {
		return fmt.Errorf("%w\n%s is a variable of yours now; :%s runs the command", err, name, line)
	}
	if _, isName := s.interp.Get(name); isName == nil {
		return err
	}
	var se *script.Error
	if !errors.As(err, &se) || se.Kind == script.ErrorRuntime || strings.Contains(se.Msg, "write:") || strings.Contains(se.Msg, "did you mean") {
		return err
	}
	// Only a line that is two words where Starlark wants one statement looks like a command.
	wordy := se.Kind == script.ErrorSyntax && strings.HasSuffix(se.Msg, "want newline") && !completion.IsKeyword(name)
	if near, ok := completion.Nearest(name, slices.Values(s.table.Names())); ok && (wordy || line == name) {
		return fmt.Errorf("there is no command %q; did you mean %s?", name, near+line[len(name):])
	}
	if wordy {
		return fmt.Errorf("there is no command %q; help lists them", name)
	}
	return err
}

// report prints an error with its place and says whether the run goes on. A
// reader that left (| head) has what it wanted: that ends the run without an error.
func (s *Shell) report(err error, name string, line int) error {
	if lost := s.out.take(); lost != nil {
		err = lost // what else is said follows from it
		if isClosedPipe(lost) {
			s.quit = true
			return nil
		}
	}
	if err == nil {
		return nil
	}
	s.failed = true
	if stopped := (*stoppedError)(nil); name != "" || !errors.As(err, &stopped) {
		_ = render.New(s.cfg.Err, s.style()).Error(s.explain(err, name, line))
	}
	if (s.cfg.KeepGoing || s.goOn || name == "") && !errors.Is(err, context.Canceled) {
		return nil
	}
	return errReported
}

// explain writes an error as a person should read it: its place in a script,
// the backtrace where functions were called, and for a filter a mark under the
// place.
func (s *Shell) explain(err error, name string, line int) string {
	var se *script.Error
	var fe *filter.Error
	place := ""
	if name != "" {
		place = fmt.Sprintf("pktsh: %s:%d: ", name, line)
	}
	if name != "" && line == 0 {
		place = fmt.Sprintf("pktsh: %s: ", name)
	}
	if errors.Is(err, context.Canceled) {
		return place + "interrupted"
	}
	text := err.Error()
	if errors.As(err, &se) {
		_, hint, _ := strings.Cut(text, se.Error())
		text = se.Msg + hint
		if se.Line > 0 && name != "" && se.File == name {
			place = fmt.Sprintf("pktsh: %s:%d:%d: ", name, se.Line, se.Col)
		}
		if strings.Count(se.Backtrace, "\n") > 1 {
			text = strings.TrimRight(text, "\n") + "\n" + strings.TrimRight(se.Backtrace, "\n")
		}
	}
	if errors.As(err, &fe) {
		_, meant, _ := strings.Cut(err.Error(), fe.Error())
		text = fe.Message
		if fe.Offset >= 0 {
			text += "\n" + render.Caret(fe.Expr, fe.Offset, fe.Length)
		}
		switch {
		case strings.HasPrefix(meant, "\n"): // by the whole line, not by the filter alone
			text += meant
		case fe.Suggestion != "":
			text += "\n" + fe.Suggestion
		}
	}
	return place + text
}
