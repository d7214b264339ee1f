package prompt

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"pktsh/completion"
)

// This file asks Config.Read and Config.Complete so that typing never waits for it.

// completePatience is how long a key waits for its suggestions. What comes
// later is drawn when it comes.
const completePatience = 30 * time.Millisecond

type (
	completeFunc func(ctx context.Context, text string, cursor int) ([]completion.Suggestion, int)
	readFunc     func(ctx context.Context, text string) completion.Reading
)

// answer is what Complete said about one place.
type answer struct {
	text        string
	cursor      int
	reading     completion.Reading
	read        chan struct{} // closed when reading is there, before the rest
	suggestions []completion.Suggestion
	start       int
	done        chan struct{} // closed when all is there
	cancel      context.CancelFunc
}

func (a *answer) ready() bool { return isClosed(a.done) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// suggester asks once per place: go-prompt asks twice a key and again at every
// redraw, and must get the same answer while a suggestion is selected. ask and
// stop belong to one goroutine.
type suggester struct {
	complete completeFunc
	// read reads a line for the eye; nil for nobody.
	read readFunc
	// late is called, on another goroutine, when an answer came after ask had
	// given up waiting.
	late func()
	// failed is called, on another goroutine, when complete panicked. The
	// session goes on: it is worth more than a menu.
	failed func(error)

	running sync.Mutex // held by the one goroutine that is in complete
	current *answer
}

// ask returns the suggestions for a place, nil while there are none yet.
func (s *suggester) ask(text string, cursor int) *answer {
	if s.complete == nil {
		return nil
	}
	if a := s.current; a != nil && a.text == text && a.cursor == cursor {
		if a.ready() {
			return a
		}
		return nil
	}
	s.forget()
	ctx, cancel := context.WithCancel(context.Background())
	a := &answer{text: text, cursor: cursor, read: make(chan struct{}), done: make(chan struct{}), cancel: cancel}
	s.current = a
	gaveUp := make(chan struct{})
	go s.answer(ctx, a, gaveUp)
	patience := time.NewTimer(completePatience)
	defer patience.Stop()
	select {
	case <-a.done:
		return a
	case <-patience.C:
		close(gaveUp)
		if a.ready() { // in between: nobody else will say so
			return a
		}
		return nil
	}
}

func (s *suggester) answer(ctx context.Context, a *answer, gaveUp <-chan struct{}) {
	s.running.Lock()
	defer s.running.Unlock()
	defer a.cancel()
	if ctx.Err() != nil {
		return
	}
	suggestions, start := s.safely(ctx, a)
	if ctx.Err() != nil {
		return
	}
	if start >= 0 && start <= a.cursor {
		a.suggestions, a.start = suggestions, start
	}
	close(a.done)
	select {
	case <-gaveUp:
		s.late()
	default:
	}
}

func (s *suggester) safely(ctx context.Context, a *answer) (suggestions []completion.Suggestion, start int) {
	defer func() {
		if r := recover(); r != nil {
			suggestions, start = nil, 0
			s.failed(fmt.Errorf("completion failed: %v\n%s", r, debug.Stack()))
		}
	}()
	if s.read != nil {
		a.reading = s.read(ctx, a.text)
	}
	close(a.read)
	return s.complete(ctx, a.text, a.cursor)
}

// reading is what is known of a text, nil while it is not.
func (s *suggester) reading(text string) *completion.Reading {
	if a := s.current; a != nil && a.text == text && isClosed(a.read) {
		return &a.reading
	}
	return nil
}

// forget drops what is known: something was run, the answers may differ now.
func (s *suggester) forget() {
	if s.current != nil {
		s.current.cancel()
		s.current = nil
	}
}

// stop forgets, and returns when complete is not running any more.
func (s *suggester) stop() {
	s.forget()
	s.running.Lock()
	//lint:ignore SA2001 holding the lock once is the point: the call in flight is over
	s.running.Unlock()
}

// neverTyped is a word separator that no line contains: the word is all of it.
const neverTyped = "\x00"

// cut finds how to tell go-prompt which word a suggestion replaces. All it takes
// is a set of separators: the word starts after the last one before the cursor
// (one byte after: it must be ASCII). before is the line up to the cursor and
// word its end that is to be replaced. separator makes go-prompt's word the same
// but for its first shared bytes, which the suggestions then have to begin with.
// ok is false where no separator does that.
func cut(before, word string) (separator string, shared int, ok bool) {
	rest := before[:len(before)-len(word)]
	if rest == "" {
		return neverTyped, 0, true
	}
	c := rest[len(rest)-1]
	if c < 0x80 {
		return string(c), strings.LastIndexByte(word, c) + 1, true
	}
	// The word follows a character like ⏎: only a byte within it can separate.
	for i := len(word) - 1; i >= 0; i-- {
		if strings.IndexByte(wordSeparators, word[i]) >= 0 {
			return word[i : i+1], i + 1, true
		}
	}
	return "", 0, false
}

// commonPrefix is the longest start that all texts share.
func commonPrefix(suggestions []completion.Suggestion) string {
	if len(suggestions) == 0 {
		return ""
	}
	prefix := suggestions[0].Text
	for _, s := range suggestions[1:] {
		n := 0
		for n < len(prefix) && n < len(s.Text) && prefix[n] == s.Text[n] {
			n++
		}
		prefix = prefix[:n]
	}
	return strings.ToValidUTF8(prefix, "")
}
