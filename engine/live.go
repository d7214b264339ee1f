package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pktsh/engine/capfile"
	"pktsh/engine/live"
	"pktsh/engine/native"
	"pktsh/engine/wireshark"
)

// This file captures packets: into a spool that a program of its own writes, and that
// a capture follows.

// What a live capture is described by.
type (
	// NetworkInterface is something that packets can be captured on.
	NetworkInterface = live.Interface
	// Ring bounds what a live capture keeps.
	Ring = live.Ring
	// Drops counts packets that passed an interface and are not in the capture.
	Drops = live.Drops
	// Spool is what a session left behind that died while it captured.
	Spool = live.Spool
	// LiveError is why a capture did not begin, or ended.
	LiveError = live.Error
)

// The programs that can capture, for LiveOptions.With.
const (
	WithDumpcap = "dumpcap"
	WithLibpcap = "libpcap"
)

// LiveOptions says what to capture.
type LiveOptions struct {
	// Interfaces are names or numbers as dumpcap takes them; none stands for the first
	// that is up and no loopback.
	Interfaces []string
	// Filter is a capture filter (pcap-filter(7)); a wrong one is refused at once.
	Filter string
	// Monitor asks for 802.11 monitor mode, NoPromiscuous for no promiscuous mode.
	Monitor, NoPromiscuous bool
	// SnapLen is how many bytes of a packet are kept, 0 for all.
	SnapLen int
	// With is who captures: "" for dumpcap where that is installed.
	With string
	// Count, Timeout and Bytes end the capture by themselves, 0 for never.
	Count   int
	Timeout time.Duration
	Bytes   int64
	// Ring bounds what is kept; zero keeps everything. With it Output is written when
	// the capture is closed.
	Ring Ring
	// LinkType is the link type to capture with, as dumpcap's -y names it; "" for the
	// interface's own.
	LinkType string
	// Output is a pcapng file that keeps what is captured; "" for a spool that is
	// removed with the capture.
	Output string
	// Dissection replaces the session's configuration for this capture.
	Dissection *wireshark.Config
}

// source is the part of the options that who captures is told.
func (o LiveOptions) source() live.Options {
	return live.Options{
		Interfaces: o.Interfaces, Filter: o.Filter, Monitor: o.Monitor, NoPromiscuous: o.NoPromiscuous,
		SnapLen: o.SnapLen, LinkType: o.LinkType, Count: o.Count, Timeout: o.Timeout, Bytes: o.Bytes,
	}
}

// direct says that the spool is the output: a file that a ring makes holes into is no
// capture, and is saved as one at the end.
func (o LiveOptions) direct() bool { return o.Output != "" && !o.Ring.Bounded() }

// LiveState says whether packets are being captured.
type LiveState uint8

// The states of a live capture.
const (
	LiveRunning LiveState = iota
	LivePaused            // Resume goes on
	LiveStopped           // it is over, unless somebody sniffs more
)

// String returns the state in a word.
func (s LiveState) String() string { return [...]string{"running", "paused", "stopped"}[s] }

// Live is how packets come to a capture. Its methods may be called at any time from
// any goroutine.
type Live struct {
	capture *Capture
	options LiveOptions
	spool   *live.Spool // nil for a stream
	stream  string      // its name
	keep    bool        // the spool stays when the capture is closed
	began   time.Time

	// settled says that all that came is taken in, and nothing will come; it is
	// Refresh's alone.
	settled bool

	// closing ends what keeps a ring while nobody asks; idle is closed when that has
	// ended. Both are nil where there is no ring.
	closing, idle chan struct{}

	turn sync.Mutex // held while capturing is started or stopped

	mu      sync.Mutex
	state   LiveState
	run     *liveRun // the last one
	drops   Drops    // of the runs before, and the ring's
	err     error
	kept    []capfile.Extent // of the spool, where a ring has let go of packets
	readers map[*tailReader]bool
}

// liveRun is the time from a start of capturing to its end.
type liveRun struct {
	source live.Source
	done   chan struct{}
}

// Sniff begins to capture and returns when packets are being captured. The errors of
// an interface, a filter or a permission are a *LiveError. When ctx ends later,
// capturing goes on.
func (s *Session) Sniff(ctx context.Context, o LiveOptions) (*Capture, error) {
	cfg, err := s.dissectionFor(ctx, OpenOptions{Dissection: o.Dissection})
	if err != nil {
		return nil, err
	}
	if o, err = s.resolve(ctx, o); err != nil {
		return nil, err
	}
	now := time.Now()
	spool, err := s.newSpool(o, now)
	if err != nil {
		return nil, err
	}
	l := &Live{options: o, spool: spool, keep: o.direct(), began: now, state: LiveStopped}
	if err := l.start(ctx, s, o); err != nil {
		if !o.direct() || spoolEmpty(spool) {
			err = errors.Join(err, spool.Remove())
		}
		return nil, errors.Join(err, spool.Close())
	}
	c, err := s.followSpool(ctx, l, cfg)
	if err != nil {
		return nil, errors.Join(err, l.close(), l.discard())
	}
	return c, nil
}

func spoolEmpty(spool *live.Spool) bool {
	info, err := os.Stat(spool.Path)
	return err == nil && info.Size() == 0
}

// spoolDir is where spools are kept.
func (s *Session) spoolDir() string {
	return filepath.Join(cmp.Or(s.cfg.StateDir, filepath.Join(cmp.Or(s.cfg.TempDir, os.TempDir()), "pktsh")), "live")
}

// followSpool makes a capture of a spool.
func (s *Session) followSpool(ctx context.Context, l *Live, cfg wireshark.Config) (*Capture, error) {
	reader, err := l.spool.Reader()
	if err != nil {
		return nil, err
	}
	return s.follow(ctx, reader, l.name(), l, cfg)
}

// follow makes a capture of a file that grows. It owns the file.
func (s *Session) follow(ctx context.Context, file *os.File, name string, l *Live, cfg wireshark.Config) (*Capture, error) {
	f, err := capfile.Follow(ctx, file, name, capfile.Options{TempDir: s.cfg.TempDir})
	if err != nil {
		return nil, err
	}
	own := native.New(f)
	own.Growing()
	c := newCapture(s, f, own, cfg)
	c.live, l.capture = l, c
	s.register(c)
	if l.options.Ring.Bounded() {
		l.closing, l.idle = make(chan struct{}), make(chan struct{})
		go func() {
			defer close(l.idle)
			c.keepRing()
		}()
	}
	return c, nil
}

// name is what the capture is called.
func (l *Live) name() string {
	switch {
	case l.spool == nil:
		return l.stream
	case l.options.Output != "":
		return filepath.Base(l.options.Output)
	}
	return strings.Join(l.options.Interfaces, "+")
}

// Interfaces lists what packets can be captured on, and tries out whether we may.
func (s *Session) Interfaces(ctx context.Context) ([]NetworkInterface, error) {
	return live.List(ctx, s.cfg.Tools, live.ListOptions{Permission: true, Extcap: true})
}

// resolve checks options and chooses the interface and the program where nobody named
// one.
func (s *Session) resolve(ctx context.Context, o LiveOptions) (LiveOptions, error) {
	switch {
	case o.Count < 0:
		return o, fmt.Errorf("count: got %d, want 0 (no limit) or more", o.Count)
	case o.Timeout < 0:
		return o, fmt.Errorf("timeout: got %v, want 0 (no limit) or more", o.Timeout)
	case o.Bytes < 0:
		return o, fmt.Errorf("bytes: got %d, want 0 (no limit) or more", o.Bytes)
	case o.SnapLen < 0:
		return o, fmt.Errorf("snapshot length: got %d, want 0 (everything) or more", o.SnapLen)
	}
	if err := checkRing(o.Ring); err != nil {
		return o, err
	}
	switch o.With {
	case WithDumpcap, WithLibpcap:
	case "":
		o.With = WithDumpcap
		if s.cfg.Tools.Dumpcap == "" && live.HasLibpcap() {
			o.With = WithLibpcap
		}
	default:
		return o, fmt.Errorf("capture with %q: want %s or %s", o.With, WithDumpcap, WithLibpcap)
	}
	if len(o.Interfaces) == 0 {
		list, err := live.List(ctx, s.cfg.Tools, live.ListOptions{})
		if err != nil {
			return o, err
		}
		first, err := live.Default(list)
		if err != nil {
			return o, err
		}
		o.Interfaces = []string{first.Name}
	}
	o.Interfaces = slices.Clone(o.Interfaces)
	return o, nil
}

// start begins a run.
func (l *Live) start(ctx context.Context, s *Session, o LiveOptions) error {
	source, err := l.open(ctx, s, o)
	if err != nil {
		return s.adviseOn(ctx, err)
	}
	run := &liveRun{source: source, done: make(chan struct{})}
	l.mu.Lock()
	l.run, l.state, l.err = run, LiveRunning, nil
	l.mu.Unlock()
	go l.supervise(run)
	return nil
}

// open starts what captures.
func (l *Live) open(ctx context.Context, s *Session, o LiveOptions) (live.Source, error) {
	writer, err := l.spool.Writer()
	if err != nil {
		return nil, err
	}
	return s.source(ctx, writer, o)
}

// source starts what captures into writer, which it owns.
func (s *Session) source(ctx context.Context, writer *os.File, o LiveOptions) (live.Source, error) {
	if o.With == WithLibpcap {
		return live.StartLibpcap(ctx, writer, o.source()) // it closes writer
	}
	defer writer.Close()
	source, err := live.StartDumpcap(ctx, s.cfg.Tools.Dumpcap, writer, o.source())
	var refused *live.Error
	if !errors.As(err, &refused) || refused.Kind != live.NoInterface || s.cfg.Tools.Tshark == "" {
		return source, err
	}
	// dumpcap does not know what extcap programs provide; tshark runs both.
	list, listErr := live.List(ctx, s.cfg.Tools, live.ListOptions{Extcap: true})
	if listErr == nil && slices.ContainsFunc(list, func(i live.Interface) bool { return i.Extcap && i.Name == refused.Interface }) {
		return live.StartDumpcap(ctx, s.cfg.Tools.Tshark, writer, o.source())
	}
	return nil, err
}

// adviseOn adds to the error of an unknown interface which there are.
func (s *Session) adviseOn(ctx context.Context, err error) error {
	var refused *live.Error
	if !errors.As(err, &refused) || refused.Kind != live.NoInterface || refused.Advised() {
		return err
	}
	if strings.HasPrefix(refused.Interface, "rpcap://") {
		return refused.WithAdvice("this dumpcap captures on this machine only (it was built without rpcap); to capture elsewhere: ssh HOST dumpcap -i INTERFACE -w - | pktsh -r -")
	}
	list, listErr := live.List(ctx, s.cfg.Tools, live.ListOptions{Extcap: true})
	if listErr != nil {
		return err
	}
	return refused.WithAdvice("there are " + live.Names(list))
}

// supervise waits for the end of a run, and ends it when the disk is full: dumpcap
// does not notice that.
func (l *Live) supervise(run *liveRun) {
	defer close(run.done)
	var full error
	if l.spool != nil {
		full = live.WatchDisk(run.source, l.spool)
	}
	<-run.source.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drops = l.drops.Add(run.source.Drops())
	if l.err = run.source.Err(); full != nil {
		l.err = full
	}
	if l.state == LiveRunning {
		l.state = LiveStopped
	}
}

// running says that packets may come.
func (l *Live) running() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	run := l.run
	l.mu.Unlock()
	return run != nil && !run.over()
}

// over says that a run has ended.
func (r *liveRun) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Live tells how packets come to the capture; nil for one that is all there.
func (c *Capture) Live() *Live { return c.live }

// State says whether packets are being captured.
func (l *Live) State() LiveState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Count is how many packets the capture has taken in.
func (l *Live) Count() int { return l.capture.file.Len() }

// Err says what ended the capture when that was not meant to be, nil otherwise. What
// was captured before is there all the same.
func (l *Live) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Drops counts the packets that are missing. What dumpcap itself dropped, and the
// kernel before it, is known when a run has ended.
func (l *Live) Drops() Drops {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.drops
	if l.run != nil && !l.run.over() {
		out = out.Add(l.run.source.Drops())
	}
	return out
}

// Interfaces are those that are captured on.
func (l *Live) Interfaces() []string { return slices.Clone(l.options.Interfaces) }

// Filter is the capture filter, or "".
func (l *Live) Filter() string { return l.options.Filter }

// Began is when the first run began.
func (l *Live) Began() time.Time { return l.began }

// Path is the file that packets are written to.
func (l *Live) Path() string {
	if l.spool == nil {
		return ""
	}
	return l.spool.Path
}

// Done is closed when the run that is on has ended, by itself or not.
func (l *Live) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.run == nil {
		over := make(chan struct{})
		close(over)
		return over
	}
	return l.run.done
}

// Stop ends capturing. All that was captured until now comes with the next Refresh.
func (l *Live) Stop(ctx context.Context) error { return l.end(ctx, LiveStopped) }

// Pause ends capturing until Resume. Packets that pass meanwhile are not captured.
func (l *Live) Pause(ctx context.Context) error {
	if state := l.State(); state != LiveRunning {
		return fmt.Errorf("cannot pause: the capture is %s", state)
	}
	return l.end(ctx, LivePaused)
}

func (l *Live) end(_ context.Context, state LiveState) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.mu.Lock()
	run := l.run
	if l.state == LiveRunning || state == LiveStopped {
		l.state = state
	}
	l.mu.Unlock()
	if run == nil || run.over() {
		return nil
	}
	err := run.source.Stop()
	<-run.done
	return err
}

// Resume goes on capturing after Pause or Stop, on the same interfaces into the same
// capture, without the limits of the first run.
func (l *Live) Resume(ctx context.Context) error {
	o := l.options
	o.Count, o.Timeout, o.Bytes = 0, 0, 0
	return l.again(ctx, o)
}

// again begins another run.
func (l *Live) again(ctx context.Context, o LiveOptions) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	switch {
	case l.capture.Closed():
		return l.capture.check()
	case l.spool == nil:
		return fmt.Errorf("%s is a stream: nothing can be captured into it", l.name())
	case l.running():
		return fmt.Errorf("%s is being captured already", l.name())
	}
	// A writer that was killed may have left half a record: the next one begins behind
	// the last whole one.
	if end, size := l.capture.file.Tail(); end < size {
		if err := l.spool.File().Truncate(end); err != nil {
			return err
		}
	}
	return l.start(ctx, l.capture.session, o)
}

// SniffMore captures more into the same capture, by the options' Count, Timeout and
// Bytes; Interfaces and Filter are the capture's where they say nothing. It returns
// when packets are being captured.
func (c *Capture) SniffMore(ctx context.Context, o LiveOptions) error {
	if c.live == nil {
		return fmt.Errorf("%s is a file: nothing can be captured into it", c.Name())
	}
	was := c.live.options
	if len(o.Interfaces) == 0 {
		o.Interfaces = was.Interfaces
	}
	o.Filter, o.With = cmp.Or(o.Filter, was.Filter), cmp.Or(o.With, was.With)
	o.SnapLen, o.LinkType = cmp.Or(o.SnapLen, was.SnapLen), cmp.Or(o.LinkType, was.LinkType)
	o.Monitor, o.NoPromiscuous = o.Monitor || was.Monitor, o.NoPromiscuous || was.NoPromiscuous
	o, err := c.session.resolve(ctx, o)
	if err != nil {
		return err
	}
	return c.live.again(ctx, o)
}

// How often WaitPackets looks.
const (
	waitShort = 2 * time.Millisecond
	waitLong  = 20 * time.Millisecond
)

// WaitPackets waits until as many packets more have come than Refresh took in, or
// none will come any more.
func (c *Capture) WaitPackets(ctx context.Context, more int) error {
	if c.live == nil {
		return nil
	}
	done := c.live.Done()
	pause := waitShort
	look := time.NewTimer(pause)
	defer look.Stop()
	for have := 0; ; {
		now := c.file.Waiting(more)
		if now >= more {
			return nil
		}
		if pause = min(2*pause, waitLong); now > have {
			pause = waitShort
		}
		have = now
		look.Reset(pause)
		select {
		case <-look.C:
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close ends capturing for good.
func (l *Live) close() error {
	if l == nil {
		return nil
	}
	err := l.Stop(context.Background())
	if l.closing != nil {
		close(l.closing)
		<-l.idle
	}
	return err
}

// discard removes the spool unless it shall stay, and gives up its lock.
func (l *Live) discard() error {
	if l == nil || l.spool == nil {
		return nil
	}
	var err error
	if !l.keep {
		err = l.spool.Remove()
	}
	return errors.Join(err, l.spool.Close())
}
