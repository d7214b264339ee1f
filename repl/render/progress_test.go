package render

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// screen is a terminal that a Progress draws on.
type screen struct {
	tty *os.File
	vt  vt10x.Terminal

	mu  sync.Mutex
	raw bytes.Buffer
}

func newScreen(t *testing.T, columns int) *screen {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal to draw on: %v", err)
	}
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: 6, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	s := &screen{tty: tty, vt: vt10x.New(vt10x.WithSize(columns, 6))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := ptmx.Read(buf)
			if n > 0 {
				s.mu.Lock()
				s.raw.Write(buf[:n])
				s.mu.Unlock()
				s.vt.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		tty.Close()
		<-done
		ptmx.Close()
	})
	return s
}

// text is what the screen shows, without the blank lines below it.
func (s *screen) text() string {
	var lines []string
	for line := range strings.Lines(s.vt.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func (s *screen) waitFor(t *testing.T, what string, ok func(text string) bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok(s.text()) {
			return
		}
	}
	t.Errorf("the screen does not show %s within 5 s, but:\n%s", what, s.text())
}

func has(part string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, part) }
}

func blank(text string) bool { return text == "" }

// oneLine says whether text is one line that ends in a bar.
func oneLine(text string) bool { return text != "" && !strings.Contains(text, "\n") }

func TestProgress(t *testing.T) {
	for _, columns := range []int{80, 40, 24, 15} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			s := newScreen(t, columns)
			p := NewProgress(s.tty, Style{Interactive: true})
			started := time.Now()
			stop := p.Start("loading the dissectors\x1b", func() float64 { return 0.42 })
			s.waitFor(t, "the bar on one line", func(text string) bool { return has("42% |")(text) && oneLine(text) })
			if took := time.Since(started); took < progressDelay {
				t.Errorf("the bar came after %v, want it after %v", took, progressDelay)
			}
			time.Sleep(3 * progressInterval)
			if text := s.text(); !oneLine(text) {
				t.Errorf("drawn again the bar is\n%s\nwant one line", text)
			}
			stop()
			stop()
			s.waitFor(t, "nothing", blank)
			s.mu.Lock()
			defer s.mu.Unlock()
			if strings.Contains(s.raw.String(), "\x1b") {
				t.Errorf("escape codes were written: %q", s.raw.String())
			}
		})
	}
}

func TestProgressUnknown(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 30)
	p := NewProgress(s.tty, Style{Interactive: true})
	var mu sync.Mutex
	done := math.NaN()
	stop := p.Start("asking Wireshark about everything", func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return done
	})
	s.waitFor(t, "a line without a bar", func(text string) bool { return has("asking Wireshark")(text) && oneLine(text) })
	if has("%")(s.text()) {
		t.Errorf("a percentage is shown of what is unknown: %s", s.text())
	}
	mu.Lock()
	done = 7 // more than all
	mu.Unlock()
	s.waitFor(t, "a bar", func(text string) bool { return has("99% |")(text) && oneLine(text) })
	stop()
	s.waitFor(t, "nothing", blank)
}

func TestProgressNested(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 60)
	p := NewProgress(s.tty, Style{Interactive: true})
	stopOuter := p.Start("outer", nil)
	p.Start("short", nil)()
	s.waitFor(t, "the outer job", has("outer"))
	stopInner := p.Start("inner", func() float64 { return 0 })
	s.waitFor(t, "the inner job alone", func(text string) bool { return has("inner")(text) && !has("outer")(text) })
	stopInner()
	s.waitFor(t, "the outer job again", func(text string) bool { return has("outer")(text) && oneLine(text) })
	stopOuter()
	s.waitFor(t, "nothing", blank)
}

// What is printed meanwhile stays whole, and the line goes on below it.
func TestProgressWrap(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 60)
	p := NewProgress(s.tty, Style{Interactive: true})
	out := p.Wrap(s.tty)
	stop := p.Start("working", nil)
	s.waitFor(t, "the job", has("working"))
	io.WriteString(out, "a row\r\nhalf a ")
	time.Sleep(3 * progressInterval)
	if got := s.text(); got != "a row\nhalf a" {
		t.Errorf("within an unfinished line the screen shows\n%s\nwant no progress", got)
	}
	io.WriteString(out, "row\r\n")
	s.waitFor(t, "the job below the rows", func(text string) bool {
		return strings.HasPrefix(text, "a row\nhalf a row\n") && has("working")(text)
	})
	stop()
	s.waitFor(t, "only the rows", func(text string) bool { return text == "a row\nhalf a row" })
}

func TestProgressConcurrent(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 50)
	p := NewProgress(s.tty, Style{Interactive: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			stop := p.Start(fmt.Sprint("job ", i), func() float64 { return float64(i) / 8 })
			defer stop()
			time.Sleep(progressDelay + time.Duration(i)*progressInterval/2)
		})
	}
	wg.Wait()
	s.waitFor(t, "nothing", blank)
}

func TestProgressOnlyForPeople(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 50)
	var b bytes.Buffer
	batch, pipe := NewProgress(s.tty, Style{}), NewProgress(&b, Style{Interactive: true})
	defer batch.Start("batch", nil)()
	defer pipe.Start("pipe", nil)()
	if w := pipe.Wrap(&b); w != io.Writer(&b) {
		t.Errorf("Wrap of a Progress that draws nothing is a %T, want the writer itself", w)
	}
	time.Sleep(progressDelay + 2*progressInterval)
	if text := s.text() + b.String(); text != "" {
		t.Errorf("progress was drawn: %q", text)
	}
}
