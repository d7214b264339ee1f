package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	lru "github.com/hashicorp/golang-lru/v2"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/column"
	"pktsh/engine/filter"
	"pktsh/engine/native"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// How much a capture keeps of what was asked before. A tree of a packet is
// some 50 KB, a row 200 bytes.
const (
	treesKept    = 512
	rowBlock     = 256 // rows are fetched in aligned blocks of this many
	rowBlocksMax = 256
	countsKept   = 64 // counts of a field's values
)

// Capture is one opened capture. It is safe for concurrent use.
type Capture struct {
	session *Session
	file    *capfile.File
	own     *native.Dissector
	config  wireshark.Config
	size    int
	digits  []int            // of each interface's times
	growing *capfile.Growing // nil but for a capture in memory
	live    *Live            // nil but for a capture that packets come to
	deepFor snapshot         // what Wireshark reads of a file that grows
	earlier map[string]earlierSet
	shed    uint64 // packets that a ring let go (ring.go)

	trees   *lru.Cache[uint32, *dissect.Tree]
	rows    *lru.Cache[uint32, []dissect.Summary]
	columns *column.Cache
	counts  *lru.Cache[string, []column.Count]
	peek    peek
	ahead   *ahead

	mu     sync.Mutex
	deep   *wireshark.Dissector // nil until first needed
	sets   map[string]*roaring.Bitmap
	seen   map[string]*seenField
	scans  int // how many filters asked headers
	closed bool
	judged bool // whether the keys were (decryption.go)
	// generation counts the changes of what answers depend on (renew.go).
	generation atomic.Uint64

	// What runs in the background ends with ctx, and Close waits for it.
	ctx        context.Context
	end        context.CancelFunc
	background sync.WaitGroup
}

func newCapture(s *Session, f *capfile.File, own *native.Dissector, cfg wireshark.Config) *Capture {
	c := &Capture{session: s, config: cfg, sets: map[string]*roaring.Bitmap{}}
	c.use(f, own)
	c.ctx, c.end = context.WithCancel(s.ctx)
	// The sizes are constants above zero, the only thing lru.New refuses.
	c.trees, _ = lru.New[uint32, *dissect.Tree](treesKept)
	c.rows, _ = lru.New[uint32, []dissect.Summary](rowBlocksMax)
	c.columns = column.NewCache(s.columnMemory())
	c.ahead = newAhead(c.columns)
	c.counts, _ = lru.New[string, []column.Count](countsKept)
	return c
}

// File gives the capture's index and bytes.
func (c *Capture) File() *capfile.File { return c.file }

// Session returns the session that opened the capture.
func (c *Capture) Session() *Session { return c.session }

// Name returns the capture's base name, for headings.
func (c *Capture) Name() string { return c.file.Name() }

// Path returns the path as it was given; several are separated by commas.
func (c *Capture) Path() string { return strings.Join(c.file.Paths(), ", ") }

// Len returns the number of packets. It never needs dissection.
func (c *Capture) Len() int { return c.size }

// Warnings says what was wrong with the file, one line each.
func (c *Capture) Warnings() []string {
	var out []string
	for _, w := range c.file.Warnings() {
		out = append(out, w.Text)
	}
	return out
}

// Duration returns the nanoseconds between the earliest and the latest packet.
func (c *Capture) Duration() int64 {
	earliest, latest, _ := c.file.Times()
	return latest - earliest
}

// Close ends the capture's processes and releases its file.
func (c *Capture) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	deep := c.deep
	c.mu.Unlock()
	stopped := c.live.close()
	if c.live != nil {
		stopped = errors.Join(stopped, c.saveRing())
	}
	c.end()
	c.background.Wait()
	c.session.forget(c)
	err := stopped
	if deep != nil {
		err = errors.Join(err, deep.Close())
	}
	err = errors.Join(err, c.deepFor.close())
	c.ahead.disband()
	c.peek.close()
	c.own.Close()
	err = errors.Join(err, c.file.Close())
	if c.growing != nil {
		err = errors.Join(err, c.growing.Close())
	}
	return errors.Join(err, c.live.discard())
}

// Closed says whether Close was called.
func (c *Capture) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// check refuses questions about a closed capture or one whose file changed.
func (c *Capture) check() error {
	if c.Closed() {
		return fmt.Errorf("%s is closed; open it again", c.Name())
	}
	return c.changed()
}

// changed says how the file changed since it was opened, or nothing.
func (c *Capture) changed() error {
	how := c.file.Change()
	if how == "" {
		return nil
	}
	advice := "open it again"
	if c.file.Kept() {
		advice = "open it again, or save FILE: that still has its packets"
	}
	return fmt.Errorf("%s %s since it was opened; %s", c.Name(), how, advice)
}

// Saveable returns nil when the bytes that were indexed are still there to be
// saved. That is so, too, of a file that was removed or replaced: what is open
// here goes on to exist.
func (c *Capture) Saveable() error {
	if c.Closed() || !c.file.Kept() {
		return c.check()
	}
	return nil
}

// because prefers, as the reason why a question failed, that the file changed
// under it.
func (c *Capture) because(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errStop) {
		return err
	}
	if changed := c.changed(); changed != nil {
		return changed
	}
	return err
}

// startDeep starts Wireshark's dissectors on the capture if that is allowed
// and did not happen yet.
func (c *Capture) startDeep() *wireshark.Dissector {
	if !c.session.deepAllowed() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deep == nil && !c.closed {
		c.deep = c.newDeep(wireshark.Options{MemoryLimit: c.session.dissectorMemory()})
	}
	return c.deep
}

// newDeep starts a process of Wireshark's; of the options those are set that are the
// session's.
func (c *Capture) newDeep(o wireshark.Options) *wireshark.Dissector {
	o.TempDir, o.CacheDir, o.Catalogue = c.session.cfg.TempDir, c.session.cfg.CacheDir, c.session.loadedCatalogue
	return wireshark.Start(c.session.cfg.Tools, c.config, c.input(), o)
}

// DeepState describes the deep tier of a capture.
type DeepState struct {
	State    plan.DeepState
	Fraction float64 // of loading; less than 0 when unknown
	Err      error
	Partial  bool // Wireshark read less than the whole file
}

// Deep returns the state of the deep tier. It never waits.
func (c *Capture) Deep() DeepState {
	if !c.session.deepAllowed() {
		return DeepState{State: plan.Absent}
	}
	c.mu.Lock()
	d := c.deep
	c.mu.Unlock()
	if d == nil || !c.covered(c.size) {
		return DeepState{State: plan.Loading, Fraction: 0}
	}
	return deepState(d)
}

func deepState(d *wireshark.Dissector) DeepState {
	st := d.State()
	out := DeepState{Fraction: st.Fraction, Err: st.Err, Partial: st.Partial}
	switch st.Phase {
	case wireshark.Ready:
		out.State = plan.Ready
	case wireshark.Failed, wireshark.Closed:
		out.State = plan.Failed
	default:
		out.State = plan.Loading
	}
	return out
}

// tier chooses who answers q and waits until that tier can.
func (c *Capture) tier(ctx context.Context, q plan.Question) (tier, plan.Choice, error) {
	return c.tierUpTo(ctx, q, c.size)
}

// tierUpTo is tier for a question about packets up to a frame, of a capture that may
// be growing.
func (c *Capture) tierUpTo(ctx context.Context, q plan.Question, frame int) (tier, plan.Choice, error) {
	if err := c.check(); err != nil {
		return nil, plan.Choice{}, err
	}
	q.PreviewAllowed = q.PreviewAllowed || hurried(ctx)
	current, err := c.reach(ctx, q, frame)
	if err != nil {
		return nil, plan.Choice{}, err
	}
	var deep *wireshark.Dissector
	state := DeepState{State: plan.Loading}
	if current {
		deep = c.startDeep()
	}
	switch {
	case deep != nil:
		state = deepState(deep)
	case !c.session.deepAllowed():
		state.State = plan.Absent
	}
	choice := plan.Choose(c.session.Mode(), state.State, q)
	if choice.Tier == plan.Own && state.State == plan.Failed {
		c.noticeFailed(state.Err)
	}
	if choice.Tier == plan.Deep && deep != nil {
		if hurried(ctx) && state.State != plan.Ready {
			return nil, choice, errLoading
		}
		stop := c.session.wait("Wireshark's dissectors are loading "+c.Name(), func() float64 { return deep.State().Fraction })
		err := deep.Wait(ctx)
		stop()
		if ctx.Err() != nil {
			return nil, choice, ctx.Err()
		}
		if err == nil {
			return deep, choice, c.judgeKeys(ctx, deep)
		}
		if changed := c.changed(); changed != nil {
			return nil, choice, changed // that is why, and our own dissectors would read it too
		}
		choice = plan.Choose(c.session.Mode(), plan.Failed, q)
		if choice.Tier == plan.Deep {
			return nil, choice, err
		}
		c.noticeFailed(err)
	}
	if choice.Tier == plan.Own && !choice.Preview && c.session.Mode() == plan.Auto {
		c.session.noticeAbsent()
	}
	return nativeTier{c}, choice, nil
}

// errLoading answers a question that may not wait while only the deep tier may.
var errLoading = errors.New("still loading: Wireshark's dissectors")

// noticeFailed says once that pktsh's own dissectors stand in for Wireshark's.
func (c *Capture) noticeFailed(err error) {
	c.session.notifyOnce("deep failed "+c.Path(), fmt.Sprintf("%v; pktsh's own dissectors answer instead and know less", err))
}

// All returns the view of every packet.
func (c *Capture) All() *View { return &View{capture: c} }

// Packet returns a handle on a packet by its frame number, from 1.
func (c *Capture) Packet(frame uint32) (*Packet, error) {
	if frame == 0 || int64(frame) > int64(c.size) {
		return nil, c.outOfRange(int64(frame))
	}
	return &Packet{capture: c, frame: frame, born: c.shed, record: c.file.Record(int(frame) - 1)}, nil
}

func (c *Capture) outOfRange(frame int64) error {
	switch c.size {
	case 0:
		return fmt.Errorf("packet %d: %s has no packets", frame, c.Name())
	case 1:
		return fmt.Errorf("packet %d: %s has one packet, number 1", frame, c.Name())
	}
	return fmt.Errorf("packet %d: %s has packets 1 to %d", frame, c.Name(), c.size)
}

// tree dissects a packet, natively or by Wireshark. sure is false for a preview.
func (c *Capture) tree(ctx context.Context, frame uint32) (tree *dissect.Tree, sure bool, err error) {
	return c.dissect(ctx, frame, tier.Tree)
}

// outline is tree for who only wants the layers.
func (c *Capture) outline(ctx context.Context, frame uint32) (tree *dissect.Tree, sure bool, err error) {
	return c.dissect(ctx, frame, tier.Outline)
}

func (c *Capture) dissect(ctx context.Context, frame uint32, how func(tier, context.Context, uint32) (*dissect.Tree, error)) (tree *dissect.Tree, sure bool, err error) {
	if frame == 0 {
		return nil, false, c.letGo()
	}
	t, choice, err := c.tierUpTo(ctx, plan.Question{}, int(frame))
	if err != nil {
		return nil, false, err
	}
	err = c.file.Guard(func() error {
		tree, err = how(t, ctx, frame)
		return err
	})
	if err != nil {
		return nil, false, c.because(fmt.Errorf("packet %d: %w", frame, err))
	}
	return tree, !choice.Preview, nil
}

// summary returns a packet's row. Rows are fetched in blocks and kept, so that
// a loop over all packets does not ask for each.
func (c *Capture) summary(ctx context.Context, frame uint32) (dissect.Summary, error) {
	if frame == 0 {
		return dissect.Summary{}, c.letGo()
	}
	first := (frame-1)/rowBlock*rowBlock + 1
	if rows, ok := c.rows.Get(first); ok {
		return rows[frame-first], nil
	}
	last := min(uint32(c.dissected(int(frame))), first+rowBlock-1)
	frames := make([]uint32, 0, rowBlock)
	for f := first; f <= last; f++ {
		frames = append(frames, f)
	}
	rows := make([]dissect.Summary, 0, len(frames))
	sure := true
	err := c.rowsOf(ctx, frames, plan.Question{}, func(s dissect.Summary) error {
		rows = append(rows, s)
		sure = sure && !s.Preview
		return nil
	})
	if err != nil {
		return dissect.Summary{}, err
	}
	if int(frame-first) >= len(rows) {
		return dissect.Summary{}, c.noRow(frame)
	}
	if sure && len(rows) == len(frames) {
		c.rows.Add(first, rows)
	}
	return rows[frame-first], nil
}

// noRow is the error for a packet that Wireshark has not read.
func (c *Capture) noRow(frame uint32) error {
	return fmt.Errorf("packet %d: Wireshark's dissectors gave no row; Wireshark reads less of %s than pktsh does", frame, c.Name())
}

// summaries calls fn for each frame's row, in order. While packets come every row is
// a preview: later ones may change it.
func (c *Capture) summaries(ctx context.Context, frames []uint32, q plan.Question, fn func(dissect.Summary) error) error {
	running := c.live.running()
	return c.rowsOf(ctx, frames, q, func(s dissect.Summary) error {
		s.Preview = s.Preview || running
		return fn(s)
	})
}

// rowsOf is summaries, of the packets as they are now.
func (c *Capture) rowsOf(ctx context.Context, frames []uint32, q plan.Question, fn func(dissect.Summary) error) error {
	if len(frames) == 0 {
		return nil
	}
	t, choice, err := c.tierUpTo(ctx, q, int(slices.Max(frames)))
	if err != nil {
		return err
	}
	return c.because(c.file.Guard(func() error {
		return t.Rows(ctx, frames, func(s dissect.Summary) error {
			s.Preview = choice.Preview
			return fn(s)
		})
	}))
}

// set returns the frames that a filter lets through, of those of within (nil: all).
// A sure answer about all is kept: asking again costs nothing.
func (c *Capture) set(ctx context.Context, expr string, within *roaring.Bitmap) (set *roaring.Bitmap, sure bool, err error) {
	text := spelling(expr)
	if set := c.known(text); set != nil {
		return common(set, within), true, nil
	}
	if err := c.check(); err != nil {
		return nil, false, err
	}
	err = c.file.Guard(func() error {
		if set, err = c.continued(ctx, text); set != nil || err != nil {
			set, sure = common(set, within), true
			return err
		}
		if l := filter.Split(expr); l != nil {
			if set, sure, err = c.joined(ctx, l, within); err == nil || ctx.Err() != nil {
				return err
			}
		}
		// What is wrong is said of the filter as it was written.
		set, sure, err = c.question(ctx, expr, within)
		return err
	})
	if err != nil {
		return nil, false, c.because(err)
	}
	if sure && within == nil {
		c.keep(text, set)
	}
	return set, sure, nil
}

// checkFilter says at once whether a filter is well formed. The error is a
// *filter.Error where the place in it is known.
func (c *Capture) checkFilter(ctx context.Context, expr string) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.session.Mode() != plan.Wireshark {
		if _, err := filter.Compile(expr, c.session.fields); err == nil {
			return nil
		}
	}
	t, _, err := c.tierUpTo(ctx, plan.Question{}, 0)
	if err != nil {
		return err
	}
	err = t.Check(ctx, expr)
	var fe *wireshark.FilterError
	if errors.As(err, &fe) {
		return c.explainFilter(ctx, fe)
	}
	var own *filter.Error
	if errors.As(err, &own) && (own.NeedsWireshark || own.Field != "" && own.Suggestion == "") {
		own.Suggestion = "pktsh's own dissectors do not know it; Wireshark's may: " + c.howToAskWireshark()
	}
	return err
}

// howToAskWireshark says what keeps Wireshark's dissectors from answering.
func (c *Capture) howToAskWireshark() string {
	if c.session.Mode() == plan.Native {
		return "leave out --engine native"
	}
	return "install tshark and sharkd"
}

// explainFilter words Wireshark's verdict on a filter as our own parser and checker
// do, where they refuse it too.
func (c *Capture) explainFilter(ctx context.Context, fe *wireshark.FilterError) error {
	out := &filter.Error{Expr: fe.Expr, Offset: fe.Offset, Length: fe.Length, Message: fe.Message}
	fields, err := c.session.WaitCatalogue(ctx)
	if err != nil {
		return out
	}
	_, err = filter.Compile(fe.Expr, fields)
	var own *filter.Error
	if !errors.As(err, &own) || own.NeedsWireshark {
		return out
	}
	return own // both refuse it, and ours says what was wanted
}
