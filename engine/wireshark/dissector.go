package wireshark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
)

// Dissector answers questions on one capture from one sharkd process. It is
// safe for concurrent use; questions are answered one after the other in the
// order in which they came. A question whose context ends returns at once; what
// was already sent is read to its end in the background, and later questions
// wait behind it.
type Dissector struct {
	tools Tools
	cfg   Config
	in    Input
	opts  Options

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines that Close waits for
	ready  chan struct{}  // closed when the first load has ended
	turn   chan struct{}  // holds one token: whoever has it talks to proc

	shortName func(string) (string, error) // only under turn

	trees, outlines successors

	wordsReady chan struct{} // closed when words and wordsErr are set
	words      *vocabulary
	wordsErr   error

	mu       sync.Mutex
	state    State
	closed   bool
	proc     *process // nil: start one for the next question
	poisoned map[string]*CrashError
	filters  map[string]*roaring.Bitmap
	fields   map[string]error // what sharkd said of a field's name
}

// columnNumbers are sharkd's numbers of the built-in columns; they differ
// between versions.
type columnNumbers struct {
	source, destination, protocol, info string
	pad                                 string // a column that costs nothing

	all map[string]string // by format: "%s"
}

// Start begins to load the capture in the background and returns at once; State
// and Wait tell how it goes. Close must be called.
func Start(tools Tools, cfg Config, in Input, o Options) *Dissector {
	o.Deadlines = o.Deadlines.withDefaults()
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &Dissector{
		tools: tools, cfg: cfg, in: in, opts: o,
		ctx: ctx, cancel: cancel,
		ready: make(chan struct{}), turn: make(chan struct{}, 1),
		shortName: tools.shortName(ctx), wordsReady: make(chan struct{}),
		poisoned: map[string]*CrashError{},
		filters:  map[string]*roaring.Bitmap{},
		fields:   map[string]error{},
	}
	d.work.Add(2)
	go func() {
		defer d.work.Done()
		d.firstLoad()
		d.turn <- struct{}{}
	}()
	go func() {
		defer d.work.Done()
		defer close(d.wordsReady)
		d.words, d.wordsErr = d.loadVocabulary()
	}()
	return d
}

// loadVocabulary learns what is needed to know of the fields. Without tshark it
// is empty and values stay as sharkd writes them.
func (d *Dissector) loadVocabulary() (*vocabulary, error) {
	if d.tools.Tshark == "" {
		return &vocabulary{catalogue: dissect.NewCatalogue(nil)}, nil
	}
	load := d.opts.Catalogue
	if load == nil {
		load = func(ctx context.Context) (*dissect.Catalogue, error) {
			return LoadCatalogue(ctx, d.tools, d.opts.CacheDir)
		}
	}
	c, err := load(d.ctx)
	if err != nil {
		return nil, err
	}
	codes, err := loadCodes(d.ctx, d.tools, d.opts.CacheDir, c)
	if err != nil {
		return nil, err
	}
	return &vocabulary{catalogue: c, codes: codes}, nil
}

// vocabulary waits for it.
func (d *Dissector) vocabulary(ctx context.Context) (*vocabulary, error) {
	select {
	case <-d.wordsReady:
		return d.words, d.wordsErr
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// firstLoad loads the capture, twice if the first process dies, and decides
// between Ready and Failed.
func (d *Dissector) firstLoad() {
	defer close(d.ready)
	_, err := d.running()
	if isFault(err) && d.ctx.Err() == nil {
		d.opts.Logf("wireshark: %s: %v: starting again", d.in.Path, err)
		_, err = d.running()
	}
	if isFault(err) {
		err = &CrashError{Question: "loading " + d.in.Path, Err: err}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && !d.closed {
		d.state.Phase, d.state.Err = Failed, err
	}
}

// isFault says whether err means that the process is to be replaced.
func isFault(err error) bool { return errors.Is(err, errDied) || errors.Is(err, errStalled) }

// State returns the state now. While Loading it looks up the process's position.
func (d *Dissector) State() State {
	d.mu.Lock()
	s, p := d.state, d.proc
	d.mu.Unlock()
	switch s.Phase {
	case Loading:
		s.Fraction = -1
		if p == nil {
			break
		}
		size := d.in.Size
		if size <= 0 {
			size = p.capture.Size()
		}
		if pos, _ := capturePosition(p.cmd.Process.Pid, p.capture); pos >= 0 && size > 0 {
			s.Fraction = min(1, float64(pos)/float64(size))
		}
	case Ready:
		s.Fraction = 1
	}
	return s
}

// Wait waits until the capture is loaded and returns nil, or why it is not.
func (d *Dissector) Wait(ctx context.Context) error {
	select {
	case <-d.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	return d.failure()
}

// failure returns the error of a Dissector that cannot answer any more.
func (d *Dissector) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return ErrClosed
	case d.state.Phase == Failed:
		return d.state.Err
	}
	return nil
}

// Close ends the process, waits until it is gone and removes what it left. It
// may be called at any time and more than once; questions still waiting get
// ErrClosed.
func (d *Dissector) Close() error {
	d.mu.Lock()
	d.closed = true
	d.state.Phase = Closed
	p := d.proc
	d.mu.Unlock()
	d.cancel()
	if p != nil {
		p.kill()
	}
	d.work.Wait()
	return nil
}

// running returns the process, after starting it and loading the capture if
// there is none. The caller has the turn.
func (d *Dissector) running() (*process, error) {
	d.mu.Lock()
	p := d.proc
	d.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := d.start()
	if err != nil {
		return nil, err
	}
	if err := d.load(p); err != nil {
		if line := reason(p.stderr.String()); line != "" && isFault(err) {
			err = fmt.Errorf("%w: %s", err, line)
		}
		d.drop(p)
		return nil, err
	}
	return p, nil
}

// start starts a process and registers it, so that Close finds it.
func (d *Dissector) start() (*process, error) {
	if d.tools.Sharkd == "" {
		return nil, errors.New("sharkd is not installed, or not in PATH: install Wireshark's command line tools (package tshark or wireshark-common)")
	}
	var info os.FileInfo
	var err error
	if d.in.Inherit != nil {
		info, err = d.in.Inherit.Stat()
	} else {
		info, err = os.Stat(d.in.Path)
	}
	if err != nil {
		return nil, err
	}
	profile, err := d.cfg.writeProfile(d.opts.TempDir, columnPreference(), d.shortName)
	if err != nil {
		return nil, err
	}
	if !d.opts.ColumnsOnly {
		// Without the script trees are less complete, nothing else.
		_ = os.WriteFile(filepath.Join(profile, "init.lua"), []byte(fieldsScript), 0o600)
	}
	p, err := startProcess(d.tools.Sharkd, profile, d.in.Inherit, info)
	if err != nil {
		return nil, err
	}
	p.limit = d.opts.MemoryLimit
	d.mu.Lock()
	closed := d.closed
	if !closed {
		d.proc = p
	}
	d.mu.Unlock()
	if closed {
		p.kill()
		return nil, ErrClosed
	}
	d.opts.Logf("wireshark: %s: sharkd started, process %d", d.in.Path, p.cmd.Process.Pid)
	return p, nil
}

// load asks the process for its columns, which makes it read its profile, and
// has it read the capture.
func (d *Dissector) load(p *process) error {
	r, err := p.exchange(newRequest("info"), d.opts.Deadlines.Start, true)
	if err != nil {
		return err
	}
	if p.columns, err = parseColumnNumbers(r.result); err != nil {
		return fmt.Errorf("%s: %w", d.tools.Sharkd, err)
	}
	// From here on nothing of ours is left on disk, even if both are killed.
	_ = os.RemoveAll(p.profile)
	d.setPhase(Loading)
	name := d.in.Path
	if d.in.Inherit != nil {
		name = inheritedName
	}
	frames, partial, err := d.loadFile(p, name)
	if err != nil {
		return err
	}
	var why error
	if err := p.overLimit(); err != nil {
		return err
	}
	if partial {
		why = errors.New("the capture ends in a damaged or truncated record")
		if text := p.waitReason(); text != "" {
			why = errors.New(d.named(text))
		}
	}
	if !partial && frames < d.in.Frames {
		partial, why = true, fmt.Errorf("pktsh's index has %d", d.in.Frames)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.state = State{Phase: Ready, Frames: frames, Partial: partial, Err: why}
	return nil
}

// loadFile sends load and, at once after it, status: for a capture with a
// damaged record sharkd 4.0 never answers load, and then status answers first.
func (d *Dissector) loadFile(p *process, name string) (frames int, partial bool, err error) {
	load, err := p.send(newRequest("load").str("file", name))
	if err != nil {
		return 0, false, err
	}
	status, err := p.send(newRequest("status"))
	if err != nil {
		return 0, false, err
	}
	r, err := p.receive(d.opts.Deadlines.Load, false)
	if err != nil {
		return 0, false, err
	}
	failed := 0
	if r.id == load {
		failed = r.code
		if code := resultCode(r.result); code != 0 {
			failed = code // newer versions answer a partial load with `err`
		}
		if r, err = p.receive(d.opts.Deadlines.Start, true); err != nil {
			return 0, false, err
		}
	} else {
		partial = true
	}
	if r.id != status {
		return 0, false, fmt.Errorf("%w: got the reply to request %d, want %d", errDied, r.id, status)
	}
	frames = parseFrames(r.result)
	if failed != 0 && frames == 0 {
		text := p.waitReason()
		if text == "" {
			text = fmt.Sprintf("sharkd cannot load %s (error %d)", name, failed)
		}
		return 0, false, errors.New(d.named(text))
	}
	return frames, partial || failed != 0, nil
}

// named puts the capture's name where the process only saw a descriptor.
func (d *Dissector) named(text string) string {
	return strings.ReplaceAll(text, inheritedName, d.in.Path)
}

func (d *Dissector) setPhase(p Phase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed && d.state.Phase == Starting {
		d.state.Phase = p
	}
}

// drop ends a process; the next question starts another.
func (d *Dissector) drop(p *process) {
	p.kill()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proc == p {
		d.proc = nil
	}
}

// failOver ends the process, if p is not nil, and the Dissector for good when err is
// a *MemoryError, which then says how many frames there are. It returns err.
func (d *Dissector) failOver(p *process, err error) error {
	var over *MemoryError
	if !errors.As(err, &over) {
		return err
	}
	if p != nil {
		d.drop(p)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	over.Frames = d.state.Frames
	if !d.closed {
		d.state.Phase, d.state.Err = Failed, over
	}
	return over
}

// question is one request with what is needed to ask it well.
type question struct {
	text   string // for messages and for remembering that it kills: "frame 17"
	build  func(p *process) *request
	stall  time.Duration
	strict bool // ends by deadline even where progress cannot be seen
}

// ask waits for the turn and asks. On success the result is the reply's.
func (d *Dissector) ask(ctx context.Context, q question) (reply, error) {
	if err := d.failure(); err != nil {
		return reply{}, err
	}
	d.mu.Lock()
	crash := d.poisoned[q.text]
	d.mu.Unlock()
	if crash != nil {
		return reply{}, crash
	}
	select {
	case <-d.turn:
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-d.ctx.Done():
		return reply{}, ErrClosed
	}
	return d.askInTurn(ctx, q)
}

// askInTurn asks with the turn in hand and gives it back when the reply has
// come, which may be after the context ended.
func (d *Dissector) askInTurn(ctx context.Context, q question) (reply, error) {
	type answer struct {
		r   reply
		err error
	}
	if err := d.failure(); err != nil { // the first load may have failed meanwhile
		d.turn <- struct{}{}
		return reply{}, err
	}
	if !d.addWork() {
		d.turn <- struct{}{}
		return reply{}, ErrClosed
	}
	out := make(chan answer, 1)
	go func() {
		defer d.work.Done()
		r, err := d.serve(q)
		d.turn <- struct{}{}
		out <- answer{r, err}
	}()
	select {
	case a := <-out:
		return a.r, a.err
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-d.ctx.Done():
		return reply{}, ErrClosed
	}
}

// addWork registers a goroutine unless Close has begun to wait.
func (d *Dissector) addWork() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.work.Add(1)
	return true
}

// serve asks the process, and once more a fresh one when it dies of it.
func (d *Dissector) serve(q question) (reply, error) {
	var fault error
	var stderr string
	for range 2 {
		p, err := d.running()
		var r reply
		if err == nil {
			r, err = p.exchange(q.build(p), q.stall, q.strict)
			if err == nil {
				d.failOver(p, p.overLimit())
				return r, nil
			}
			if !isFault(err) {
				return r, d.failOver(p, err)
			}
			d.drop(p)
			stderr = p.stderr.String()
		}
		if d.ctx.Err() != nil {
			return reply{}, ErrClosed
		}
		if !isFault(err) {
			return reply{}, d.failOver(nil, err)
		}
		fault = err
		d.opts.Logf("wireshark: %s: %s: %v", d.in.Path, q.text, err)
	}
	crash := &CrashError{Question: q.text, Err: fault, Stderr: lastLine(stderr)}
	d.mu.Lock()
	d.poisoned[q.text] = crash
	d.mu.Unlock()
	return reply{}, crash
}

// lastLine returns the last line of an error output that is not one of sharkd's
// greetings.
func lastLine(stderr string) string {
	last := ""
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line == "" || line == "Hello in child." || strings.HasPrefix(line, "load: ") || strings.HasPrefix(line, "Running as user ") {
			continue
		}
		last = line
	}
	return last
}

// parseColumnNumbers finds the built-in columns in the reply to info, whose
// list is in the order of their numbers.
func parseColumnNumbers(result []byte) (columnNumbers, error) {
	c := columnNumbers{all: map[string]string{}}
	byFormat := map[string]*string{
		"%s": &c.source, "%d": &c.destination, "%p": &c.protocol, "%i": &c.info, "%q": &c.pad,
	}
	s := scanner{buf: result}
	n := 0
	s.object(func(key string) {
		if key != "columns" {
			s.skip()
			return
		}
		s.array(func() {
			s.object(func(key string) {
				if key != "format" {
					s.skip()
					return
				}
				format := s.text()
				c.all[format] = strconv.Itoa(n)
				if at := byFormat[format]; at != nil {
					*at = strconv.Itoa(n)
				}
			})
			n++
		})
	})
	if s.err != nil {
		return c, s.err
	}
	if c.source == "" || c.destination == "" || c.protocol == "" || c.info == "" {
		return c, errors.New("this version does not say which columns it has: want Wireshark 4.0 or later")
	}
	if c.pad == "" {
		c.pad = c.protocol
	}
	return c, nil
}

// parseFrames reads the number of frames from the reply to status.
func parseFrames(result []byte) int {
	frames := 0
	s := scanner{buf: result}
	s.object(func(key string) {
		if key == "frames" {
			frames = s.number()
		} else {
			s.skip()
		}
	})
	return max(frames, 0)
}

// resultCode reads `err` from the reply to load, 0 when there is none.
func resultCode(result []byte) int {
	code := 0
	if len(result) == 0 {
		return 0
	}
	s := scanner{buf: result}
	s.object(func(key string) {
		if key == "err" {
			code = s.number()
		} else {
			s.skip()
		}
	})
	return code
}
