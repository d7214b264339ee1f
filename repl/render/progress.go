package render

import (
	"bytes"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	// progressDelay is how long a job may take before it is worth a line.
	progressDelay = 700 * time.Millisecond
	// progressInterval is the time between two drawings.
	progressInterval = 100 * time.Millisecond
	// progressSteps is how finely a fraction is counted.
	progressSteps = 1000
	// progressBarWidth is the widest the bar itself gets, in columns.
	progressBarWidth = 40
	// barOverhead is what the library draws beside description and bar:
	// " 100% |", "| " and one more; spinnerOverhead the same for a spinner. Both
	// leave the last column free, which some terminals wrap after.
	barOverhead     = 11
	spinnerOverhead = 5
)

// Progress is the line that says how far a long job is. It is drawn only for a
// person at a terminal, only for jobs that take more than 0.7 s, and is gone
// when they end. It is safe for concurrent use, and never hides the cursor.
type Progress struct {
	w     io.Writer
	style Style
	file  *os.File // the terminal; nil when nothing is ever drawn

	mu      sync.Mutex
	jobs    []*job        // running, oldest first
	quit    chan struct{} // ends the drawing goroutine; nil when there is none
	drawn   *bar          // what stands on the screen; nil when nothing does
	midLine bool          // text was written after which no line may be drawn
	holds   int           // how many want the screen for themselves
}

// job is one running Start.
type job struct {
	what     string
	fraction func() float64
	started  time.Time
	bar      *bar
}

// bar is the library's bar for a job at a width; it draws into buf so that
// each drawing is one write.
type bar struct {
	lib     *progressbar.ProgressBar
	buf     bytes.Buffer
	width   int
	unknown bool
}

// NewProgress returns a Progress that draws on w. It draws nothing unless
// s.Interactive is set and w is a terminal.
func NewProgress(w io.Writer, s Style) *Progress {
	p := &Progress{w: w, style: s}
	if f, ok := w.(*os.File); ok && s.Interactive && term.IsTerminal(int(f.Fd())) {
		p.file = f
	}
	return p
}

// Start announces a job called what and returns the function that ends it,
// which takes the line off the screen and may be called more than once. Jobs
// may be nested: the innermost that takes long is shown.
//
// fraction says how much of the job is done, from 0 to 1; below 0, or a nil
// fraction, means unknown. It is called from another goroutine, ten times a
// second, and a call may still be under way when stop returns.
func (p *Progress) Start(what string, fraction func() float64) (stop func()) {
	if p.file == nil {
		return func() {}
	}
	j := &job{what: Escape(what), fraction: fraction, started: time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs = append(p.jobs, j)
	if p.quit == nil {
		p.quit = make(chan struct{})
		go p.draw(p.quit)
	}
	return sync.OnceFunc(func() { p.end(j) })
}

// Wrap returns a writer to the same screen as p's: what is written to it never
// lands in the progress line, nor the progress line in it.
func (p *Progress) Wrap(w io.Writer) io.Writer {
	if p.file == nil {
		return w
	}
	return &besideProgress{p, w}
}

// Hold keeps the line off the screen until it is released.
func (p *Progress) Hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.holds++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.holds--
	})
}

type besideProgress struct {
	p *Progress
	w io.Writer
}

func (b *besideProgress) Write(data []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.p.erase()
	n, err := b.w.Write(data)
	if n > 0 {
		b.p.midLine = data[n-1] != '\n'
	}
	return n, err
}

func (p *Progress) end(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn != nil && p.drawn == j.bar {
		p.erase()
	}
	p.jobs = slices.DeleteFunc(p.jobs, func(other *job) bool { return other == j })
	if len(p.jobs) == 0 {
		close(p.quit)
		p.quit = nil
	}
}

// draw draws the line until quit is closed.
func (p *Progress) draw(quit chan struct{}) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		j := p.shown()
		if j == nil {
			continue
		}
		// Without the lock: whoever knows the fraction may hold a lock of its own
		// while it waits for ours.
		done := -1.0
		if j.fraction != nil {
			done = j.fraction()
		}
		p.show(j, done)
	}
}

// shown returns the job whose line is to be seen, nil for none.
func (p *Progress) shown() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.midLine || p.holds > 0 {
		return nil
	}
	for _, j := range slices.Backward(p.jobs) {
		if time.Since(j.started) >= progressDelay {
			return j
		}
	}
	return nil
}

// show draws j's line, unless j has ended meanwhile.
func (p *Progress) show(j *job, done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.midLine || p.holds > 0 || !slices.Contains(p.jobs, j) {
		return
	}
	width, _, err := term.GetSize(int(p.file.Fd()))
	if err != nil || width <= 0 {
		width = p.style.Width
	}
	if width <= barOverhead {
		p.erase()
		return
	}
	unknown := !(done >= 0) // not a number is unknown too
	if j.bar == nil || j.bar.width != width || j.bar.unknown != unknown {
		p.erase()
		j.bar = newBar(j.what, width, unknown)
	}
	if p.drawn != j.bar {
		p.erase()
	}
	j.bar.set(done)
	p.drawn = j.bar
	p.flush(j.bar)
}

// erase takes what is drawn off the screen. The lock is held.
func (p *Progress) erase() {
	if p.drawn == nil {
		return
	}
	p.drawn.lib.Clear()
	p.flush(p.drawn)
	p.drawn = nil
}

// flush writes what b drew. A terminal that does not take it is no reason to
// end the job it tells about.
func (p *Progress) flush(b *bar) {
	p.w.Write(b.buf.Bytes())
	b.buf.Reset()
}

func newBar(what string, width int, unknown bool) *bar {
	b := &bar{width: width, unknown: unknown}
	overhead, steps := barOverhead, int64(progressSteps)
	if unknown {
		overhead, steps = spinnerOverhead, -1
	}
	cond := widths()
	room := width - overhead
	least := 0
	if !unknown {
		least = min(room/3, progressBarWidth)
	}
	what = cond.Truncate(what, room-least, ellipsis)
	b.lib = progressbar.NewOptions64(steps,
		progressbar.OptionSetWriter(&b.buf),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(min(room-cond.StringWidth(what), progressBarWidth)),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		// Its own goroutine would draw when nobody holds our lock.
		progressbar.OptionSetSpinnerChangeInterval(0),
		// Spaces take the line off as well, on a dumb terminal too.
		progressbar.OptionUseANSICodes(false),
	)
	return b
}

// set draws the bar at done.
func (b *bar) set(done float64) {
	if !b.unknown {
		// One short of the end: the library would end the line.
		b.lib.Set(min(int(min(done, 1)*progressSteps), progressSteps-1))
		b.buf.Reset() // Set draws only what moved, the next call always
	}
	b.lib.RenderBlank()
}
