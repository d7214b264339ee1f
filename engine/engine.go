// Package engine answers questions about captures. It knows no terminal and no
// language: the shell, the scripts and the tests all ask the same things here.
//
//   - [Session] holds what captures share: where Wireshark's programs are, the
//     field catalogue, temporary files, and the captures to close at the end.
//   - [Capture] is one opened capture: its index, and the two tiers that dissect it.
//   - [View] is a capture seen through a filter or a slice; it costs no copy.
//   - [Packet] is a handle on one packet; it is dissected when asked.
//
// Every method that may have to wait takes a context and returns its error
// when it is cancelled; the capture stays usable.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// Progress is told when a question has to wait, so that a person sees why.
type Progress interface {
	// Start begins showing what; fraction gives 0 to 1, or less than 0 when
	// unknown. The returned function ends it.
	Start(what string, fraction func() float64) (stop func())
}

// Config is what a session needs from outside. The zero value works: every
// tier allowed, no cache, no progress.
type Config struct {
	Mode plan.Mode
	// Tools are Wireshark's programs; the zero value means there are none.
	Tools wireshark.Tools
	// Dissection is how Wireshark is configured (names, preferences, …).
	Dissection wireshark.Config
	// TempDir takes spools and private configurations; "" means the system's.
	TempDir string
	// StateDir keeps what is captured, in its directory "live", until the session
	// ends or, when it dies, until somebody recovers it; "" means TempDir.
	StateDir string
	// CacheDir keeps the field catalogue between sessions; "" means no cache.
	CacheDir string
	// Times is how the Time column is written.
	Times TimeFormat
	// ColumnMemory is how many bytes the columns of a capture may take, those used
	// longest ago are dropped first; 0 is 256 MiB.
	ColumnMemory int64
	// DissectorMemory is how many bytes of memory each of Wireshark's processes may
	// have, after which it is ended and its capture only answered natively; 0 is
	// three quarters of the machine's, less than 0 no limit. Only Linux tells.
	DissectorMemory int64
	// Eager starts Wireshark's dissectors when a capture is opened, not when
	// the first question needs them.
	Eager bool
	// Progress may be nil.
	Progress Progress
	// Notify receives what a person should know and nobody asked for, one
	// line each. It may be nil.
	Notify func(line string)
}

// Session is shared by the captures of one run. It is safe for concurrent use.
type Session struct {
	cfg Config

	mu       sync.Mutex
	captures []*Capture
	// dissection is cfg's until SetDissection.
	dissection wireshark.Config
	notified   map[string]bool
	// validated are the keys of the configurations that Wireshark takes.
	validated map[string]bool
	walks     map[string]*rules // by the configuration's key
	// generation counts the changes of what captures answer (renew.go).
	generation atomic.Uint64
	macros     filter.Macros
	mode       atomic.Uint32
	times      atomic.Pointer[TimeFormat]

	// What pktsh's own dissectors know.
	table  *dissect.Table
	fields *dissect.Catalogue

	// ctx ends with the session and with it what runs in the background.
	ctx context.Context
	end context.CancelFunc

	preferences loadedPreferences

	// asking is read-locked while questions are asked (idle.go).
	asking sync.RWMutex
	asked  atomic.Bool
	names  *loadedNames

	catalogue atomic.Pointer[loadedCatalogue]
}

// loadedCatalogue is the field catalogue on its way.
type loadedCatalogue struct {
	once  sync.Once
	ready chan struct{}
	value *dissect.Catalogue
}

// NewSession returns a session. Close it to end every process it started.
func NewSession(cfg Config) *Session {
	s := &Session{cfg: cfg, dissection: cfg.Dissection.Clone(), notified: map[string]bool{}, validated: map[string]bool{}, walks: map[string]*rules{}, table: dissect.NewTable()}
	s.fields = s.table.Catalogue()
	s.mode.Store(uint32(cfg.Mode))
	s.times.Store(&cfg.Times)
	s.catalogue.Store(&loadedCatalogue{ready: make(chan struct{})})
	s.names = &loadedNames{ready: make(chan struct{})}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// OpenOptions says what to open.
type OpenOptions struct {
	// Paths are the capture files; several are merged by time.
	Paths []string
	// Reader is read instead of Paths when it is set ("-r -"). Name is what it is
	// called in messages; "" is "standard input".
	Reader io.Reader
	Name   string
	// Dissection replaces the session's configuration for this capture.
	Dissection *wireshark.Config
}

// Open opens a capture. It returns after the index, not after dissection. The
// errors name the file and what is wrong with it.
func (s *Session) Open(ctx context.Context, o OpenOptions) (*Capture, error) {
	if s.Mode() == plan.Wireshark && s.cfg.Tools.Sharkd == "" {
		return nil, errNoSharkd
	}
	cfg, err := s.dissectionFor(ctx, o)
	if err != nil {
		return nil, err
	}
	var fraction atomicFraction
	what := "opening the capture"
	if len(o.Paths) > 0 {
		what = "opening " + o.Paths[0]
	}
	stop := s.wait(what, fraction.get)
	defer stop()
	options := capfile.Options{
		TempDir:  s.cfg.TempDir,
		Editcap:  s.cfg.Tools.Editcap,
		Progress: fraction.set,
		CacheDir: s.cfg.CacheDir,
	}
	if s.Mode() == plan.Native {
		options.NoEditcap = "leave out --engine native"
	}
	var f *capfile.File
	switch {
	case o.Reader != nil:
		f, err = capfile.OpenReader(ctx, o.Reader, cmp.Or(o.Name, "standard input"), options)
	case len(o.Paths) == 0:
		return nil, errors.New("no capture file was named")
	case len(o.Paths) == 1:
		f, err = capfile.Open(ctx, o.Paths[0], options)
	default:
		f, err = capfile.Merge(ctx, o.Paths, options)
	}
	if err != nil {
		return nil, err
	}
	return s.adopt(f, cfg, nil), nil
}

// dissectionFor returns the configuration to open a capture with, if Wireshark
// takes it.
func (s *Session) dissectionFor(ctx context.Context, o OpenOptions) (wireshark.Config, error) {
	cfg := s.Dissection()
	if o.Dissection != nil {
		cfg = o.Dissection.Clone()
	}
	return cfg, s.validate(ctx, cfg)
}

// adopt makes a capture of a file; growing is not nil for one in memory.
func (s *Session) adopt(f *capfile.File, cfg wireshark.Config, growing *capfile.Growing) *Capture {
	c := newCapture(s, f, native.New(f), cfg)
	c.growing = growing
	s.register(c)
	if s.cfg.Eager {
		c.startDeep()
	}
	c.inBackground(c.keepIndex)
	return c
}

// register makes a capture one of the session's.
func (s *Session) register(c *Capture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.captures = append(s.captures, c)
}

// validate refuses a configuration that Wireshark would not take, once per
// configuration. The default one is not asked about.
func (s *Session) validate(ctx context.Context, cfg wireshark.Config) error {
	key := cfg.Key()
	if key == (wireshark.Config{}).Key() {
		return nil
	}
	if !s.deepAllowed() {
		s.notifyOnce("settings", "preferences, decode-as rules, disabled protocols, keys and names are Wireshark's: pktsh's own dissectors ignore them")
		return nil
	}
	s.mu.Lock()
	valid := s.validated[key]
	s.mu.Unlock()
	if valid {
		return nil
	}
	defer s.wait("checking Wireshark's settings", unknown)()
	if err := cfg.Validate(ctx, s.cfg.Tools); err != nil {
		return err
	}
	s.mu.Lock()
	s.validated[key] = true
	s.mu.Unlock()
	return nil
}

// Captures returns the open captures in the order they were opened.
func (s *Session) Captures() []*Capture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.captures)
}

// Mode returns who may answer.
func (s *Session) Mode() plan.Mode { return plan.Mode(s.mode.Load()) }

// Tools returns Wireshark's programs as the session found them.
func (s *Session) Tools() wireshark.Tools { return s.cfg.Tools }

// NoticePartial says, once, that Wireshark would show more of a packet than
// pktsh's own dissectors did.
func (s *Session) NoticePartial() {
	switch {
	case s.Mode() == plan.Native:
		s.notifyOnce("partial", "some of this packet is shown as data: pktsh's own dissectors end there (--engine native)")
	case s.cfg.Tools.Sharkd == "":
		s.noticeAbsent()
	}
}

// noticeAbsent says once that Wireshark is not installed and what that means.
func (s *Session) noticeAbsent() {
	s.notifyOnce("absent", "Wireshark is not installed: pktsh's own dissectors answer what they know and show the rest as data; with tshark and sharkd there would be more")
}

// WiresharkVersion returns the version of the deep tier, or "" when there is none.
func (s *Session) WiresharkVersion(ctx context.Context) string {
	if !s.deepAllowed() {
		return ""
	}
	v, err := s.cfg.Tools.Version(ctx, s.cfg.CacheDir)
	if err != nil {
		return ""
	}
	return v
}

// deepAllowed says whether a sharkd may be asked at all.
func (s *Session) deepAllowed() bool {
	return s.Mode() != plan.Native && s.cfg.Tools.Sharkd != ""
}

// Close closes every capture, ends what runs in the background and waits for it.
func (s *Session) Close() error {
	s.end()
	s.catalogue.Load().end()
	s.preferences.wait()
	s.names.end()
	var errs []error
	for _, c := range s.Captures() {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func (s *Session) forget(c *Capture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.captures = slices.DeleteFunc(s.captures, func(x *Capture) bool { return x == c })
}

// LoadCatalogue starts loading the field catalogue in the background. Only the
// first call does something.
func (s *Session) LoadCatalogue() { s.beginCatalogue() }

func (s *Session) beginCatalogue() *loadedCatalogue {
	l := s.catalogue.Load()
	l.once.Do(func() {
		go func() {
			defer close(l.ready)
			if s.deepAllowed() && s.cfg.Tools.Tshark != "" {
				c, err := wireshark.LoadCatalogue(s.ctx, s.cfg.Tools, s.cfg.CacheDir)
				if err == nil {
					l.value = c
					return
				}
				if s.ctx.Err() == nil {
					s.notifyOnce("catalogue", fmt.Sprintf("Wireshark's field names could not be read (%v); completion knows the native fields only", err))
				}
			}
			l.value = dissect.NativeCatalogue()
		}()
	})
	return l
}

// end waits until the catalogue is loaded, or keeps it from being.
func (l *loadedCatalogue) end() {
	l.once.Do(func() { close(l.ready) })
	<-l.ready
}

// Catalogue returns the field catalogue, or nil while it is not loaded: it
// never waits. The first call starts the loading.
func (s *Session) Catalogue() *dissect.Catalogue {
	l := s.beginCatalogue()
	select {
	case <-l.ready:
		return l.value
	default:
		return nil
	}
}

// WaitCatalogue returns the field catalogue, loading it when needed, and shows
// that it waits.
func (s *Session) WaitCatalogue(ctx context.Context) (*dissect.Catalogue, error) {
	defer s.wait("reading Wireshark's field names", unknown)()
	return s.loadedCatalogue(ctx)
}

func (s *Session) loadedCatalogue(ctx context.Context) (*dissect.Catalogue, error) {
	l := s.beginCatalogue()
	select {
	case <-l.ready:
		return l.value, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait shows that a question waits; the returned function ends it.
func (s *Session) wait(what string, fraction func() float64) (stop func()) {
	if s.cfg.Progress == nil {
		return func() {}
	}
	return s.cfg.Progress.Start(what, fraction)
}

// notifyOnce tells the person line, once per key and session.
func (s *Session) notifyOnce(key, line string) {
	if s.cfg.Notify == nil {
		return
	}
	s.mu.Lock()
	seen := s.notified[key]
	s.notified[key] = true
	s.mu.Unlock()
	if !seen {
		s.cfg.Notify(line)
	}
}
