package wireshark

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"

	"pktsh/dissect"
)

// Phase is where a Dissector stands.
type Phase uint8

// The phases in order. Failed is for good: the capture cannot be loaded, or
// takes more memory than it may. A process that dies later is started again without leaving Ready.
const (
	Starting Phase = iota // sharkd starts and reads its profile
	Loading               // it reads the capture
	Ready                 // questions are answered
	Failed                // see State.Err
	Closed                // Close was called
)

func (p Phase) String() string {
	switch p {
	case Starting:
		return "starting"
	case Loading:
		return "loading"
	case Ready:
		return "ready"
	case Failed:
		return "failed"
	case Closed:
		return "closed"
	}
	return fmt.Sprintf("phase %d", uint8(p))
}

// State is a Dissector's state at one moment.
type State struct {
	Phase Phase
	// Frames is how many frames Wireshark has loaded; 0 before Ready.
	Frames int
	// Fraction is how much of the capture has been read while Loading, 0 to 1,
	// from the process's file position; -1 when that cannot be told.
	Fraction float64
	// Err says why the Dissector Failed; when Partial, why the load ended early.
	Err error
	// Partial says that the capture ends in a damaged or truncated record: the
	// frames before it are there.
	Partial bool
}

// Input is the capture to load.
type Input struct {
	// Path is the capture's file name, also used in messages.
	Path string
	// Inherit, when not nil, is an open regular file that is read in place of
	// Path: a spool that has no name any more. It must stay open and unchanged
	// until Close.
	Inherit *os.File
	// Stream, when not nil, is read in place of Path by a run of tshark, as it comes: a
	// capture that is still being written. Only one pass is possible.
	Stream io.Reader
	// Frames is how many frames our own index has, 0 for unknown. When Wireshark
	// reads fewer, the State is Partial.
	Frames int
	// Size is the size in bytes that the index covers, for State.Fraction; 0 is
	// the file's.
	Size int64
}

// Deadlines say after how long without progress a question is given up and its
// process replaced. Progress is a byte of the reply or a movement of the
// process's position in the capture, so a long pass over a large file is never
// cut off. Where positions cannot be read (not on Linux), only Start, Frame and
// the questions about text (a filter's syntax) end by deadline. 0 means the default.
type Deadlines struct {
	Start time.Duration // until the first reply; default 30 s
	Load  time.Duration // reading the capture; default 60 s
	Frame time.Duration // one frame's tree; default 30 s
	Rows  time.Duration // rows, columns, filters; default 120 s
}

func (d Deadlines) withDefaults() Deadlines {
	def := func(v *time.Duration, to time.Duration) {
		if *v <= 0 {
			*v = to
		}
	}
	def(&d.Start, 30*time.Second)
	def(&d.Load, 60*time.Second)
	def(&d.Frame, 30*time.Second)
	def(&d.Rows, 120*time.Second)
	return d
}

// Options are how a Dissector works, not what it answers.
type Options struct {
	// TempDir is where the private profile is made; "" is the system's.
	TempDir string
	// Logf, when not nil, is told of starts, deaths and respawns.
	Logf func(format string, args ...any)
	// Deadlines are the limits of patience.
	Deadlines Deadlines
	// MemoryLimit is how many bytes of memory the process may have resident, 0
	// for no limit. It is looked at four times a second and after each answer; a
	// process above it is ended and the Dissector Failed with a *MemoryError.
	// Only Linux tells.
	MemoryLimit int64
	// CacheDir is where what is known of the fields is kept between runs, as
	// in LoadCatalogue; "" asks tshark anew, about 1.5 s in the background.
	CacheDir string
	// Catalogue, when not nil, gives the catalogue of the same tools, so that
	// it need not be in memory twice. It is called once, in the background.
	Catalogue func(context.Context) (*dissect.Catalogue, error)
	// ColumnsOnly says that no trees will be asked for: what makes those complete
	// costs every packet some 3 µs.
	ColumnsOnly bool
}

// ErrClosed is the answer of a Dissector that was closed.
var ErrClosed = errors.New("the capture's dissector is closed")

// MemoryError says that Wireshark's dissectors took more memory than
// Options.MemoryLimit allows.
type MemoryError struct {
	Limit, Used int64 // bytes
	Frames      int   // how many frames had been loaded, 0 for unknown
}

func (e *MemoryError) Error() string {
	what := "while it loaded"
	if e.Frames > 0 {
		what = fmt.Sprintf("with %d frames", e.Frames)
	}
	return fmt.Sprintf("sharkd took %s of memory %s, the limit is %s: raise the limit, or save the part that matters as a smaller capture",
		humanize.IBytes(uint64(e.Used)), what, humanize.IBytes(uint64(e.Limit)))
}

// CrashError says that Wireshark's dissectors died or hung twice on the same
// question.
type CrashError struct {
	Question string // "frame 17", "filter \"dns\""
	Err      error  // how it ended
	Stderr   string // the last line of the error output, if any
}

func (e *CrashError) Error() string {
	text := fmt.Sprintf("Wireshark's dissector failed on %s: %v", e.Question, e.Err)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

func (e *CrashError) Unwrap() error { return e.Err }
