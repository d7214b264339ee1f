package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"pktsh/dissect"
	"pktsh/engine/column"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file answers what loops over packets ask and headers do not tell: as columns,
// loaded page by page ahead of the loop. A tree takes as long as some thirty rows of
// a column, and a column that is there costs nothing.

const (
	// loopLeast is how often a name is asked before it is loaded: a loop over three
	// packets shall not load a page. loopSpan is how far from each other the asked
	// packets may be in the mean; trees are cheaper for those further apart.
	loopLeast = 4
	loopSpan  = 16
	// maxStride is how many pages are loaded ahead of a loop at most: some half a
	// second of Wireshark's time.
	maxStride = 32
	// reviewed is after how many pages of a loop names that it does not ask any more
	// are loaded no further.
	reviewed = 8
)

// ahead is what is loaded for loops.
type ahead struct {
	names atomic.Pointer[map[string]*wanted] // a copy is changed, under mu
	page  atomic.Int64                       // that the last answer was of

	mu       sync.Mutex
	columns  *column.Cache
	expected map[string][]string // fields that go with a protocol
	placer   *placer             // nil until columns are known to tell
	stride   int                 // pages ahead of the loop
	turns    int                 // pages that loops went on to
	run      *aheadRun           // nil while nothing is loaded
	stored   chan struct{}       // closed, and made anew, when a page or the end of a run came
	crew     crew
}

// aheadRun is pages that are being loaded, of all wanted names.
type aheadRun struct {
	at, end int          // the pages that no process has taken yet
	taken   map[int]bool // those that are being loaded
}

// wanted is a protocol or field that loops ask for.
type wanted struct {
	info    dissect.FieldInfo
	strip   atomic.Pointer[column.Strip] // nil where columns do not tell
	lacking bool                         // whether columns tell that a layer lacks it
	rare    atomic.Bool                  // few packets have its protocol

	// Under ahead.mu.
	live   bool // it is loaded further
	misses int  // how often it was asked in vain since first
	first  int  // the frame that was then asked about
}

func (w *wanted) isProtocol() bool { return w.info.Type == dissect.TypeProtocol }

// protocol is the name itself, or that of the field's protocol.
func (w *wanted) protocol() string {
	if w.isProtocol() {
		return w.info.Name
	}
	return w.info.Protocol
}

func newAhead(columns *column.Cache) *ahead {
	a := &ahead{columns: columns, expected: map[string][]string{}, stride: 1, stored: make(chan struct{})}
	a.names.Store(&map[string]*wanted{})
	return a
}

// Expect says that whoever asks about a protocol will ask for these fields of it, so
// that they are loaded together.
func (c *Capture) Expect(protocol string, fields []string) {
	a := c.ahead
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range fields {
		if !slices.Contains(a.expected[protocol], name) {
			a.expected[protocol] = append(a.expected[protocol], name)
		}
	}
}

// columnAnswer returns what columns say of a protocol or field in a packet, and the text of
// a field. It may load them, if there is reason to believe that more packets will be
// asked about. Where it says nothing, or is Unsure, only the packet's tree tells.
func (c *Capture) columnAnswer(ctx context.Context, frame uint32, name string) (column.State, string) {
	a := c.ahead
	w := (*a.names.Load())[name]
	if w == nil {
		return a.miss(ctx, c, frame, name)
	}
	strip := w.strip.Load()
	if strip == nil {
		return column.Unknown, ""
	}
	i := int(frame) - 1
	if page := int64(i / column.PageSize); a.page.Load() != page {
		if c.file.Change() != "" {
			return column.Unknown, ""
		}
		a.turn(c, int(page))
	}
	if state, text := strip.Get(i); state != column.Unknown {
		return state, text
	}
	return a.miss(ctx, c, frame, name)
}

// known is columnAnswer without ever loading anything.
func (a *ahead) known(frame uint32, name string) column.State {
	w := (*a.names.Load())[name]
	if w == nil || w.strip.Load() == nil {
		return column.Unknown
	}
	state, _ := w.strip.Load().Get(int(frame) - 1)
	return state
}

// miss answers what is not there, which it may load.
func (a *ahead) miss(ctx context.Context, c *Capture, frame uint32, name string) (column.State, string) {
	if hurried(ctx) || !c.session.deepAllowed() {
		return column.Unknown, ""
	}
	a.recruit(c)
	w := a.want(ctx, c, name)
	if w != nil && w.isProtocol() {
		for _, field := range a.expecting(name) {
			a.want(ctx, c, field)
		}
	}
	if w == nil || w.strip.Load() == nil {
		return column.Unknown, ""
	}
	if !a.worth(c, w, int(frame)) {
		return column.Unknown, ""
	}
	deep := a.reader(ctx, c)
	if deep == nil {
		return column.Unknown, "" // the tree will say why
	}
	i := int(frame) - 1
	page := i / column.PageSize
	a.mu.Lock()
	defer a.mu.Unlock()
	a.crew.join(deep)
	for !w.strip.Load().Has(page) {
		if ctx.Err() != nil || c.ctx.Err() != nil {
			a.halt() // nobody waits for what it would load
			return column.Unknown, ""
		}
		switch run := a.run; {
		case run == nil:
			a.start(c, page, page+1)
		case run.taken[page]:
		case page < run.at:
			a.halt()
		default:
			run.end = max(run.end, page+1)
			a.muster(c)
		}
		stored := a.stored
		a.mu.Unlock()
		select {
		case <-stored:
		case <-ctx.Done():
		case <-c.ctx.Done():
		}
		a.mu.Lock()
	}
	return w.strip.Load().Get(i)
}

// expecting returns the fields that go with a protocol.
func (a *ahead) expecting(protocol string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.expected[protocol])
}

// want returns the entry of a name, nil while it cannot be told whether columns tell
// of it.
func (a *ahead) want(ctx context.Context, c *Capture, name string) *wanted {
	if w := (*a.names.Load())[name]; w != nil {
		return w
	}
	catalogue, err := c.session.WaitCatalogue(ctx)
	if err != nil || c.check() != nil {
		return nil
	}
	r, err := c.rules(ctx)
	if err != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.placer == nil {
		a.placer = newPlacer()
	}
	w := &wanted{}
	var known bool
	if w.info, known = catalogue.Lookup(name); known && r.verified && !r.plugins {
		tells := w.isProtocol()
		if !tells {
			tells, w.lacking = a.placer.field(catalogue, w.info)
		}
		if tells {
			a.renew(c, w)
		}
	}
	names := maps.Clone(*a.names.Load())
	names[name] = w
	a.names.Store(&names)
	return w
}

// renew gives an entry an empty strip.
func (a *ahead) renew(c *Capture, w *wanted) {
	strip := column.NewStrip(c.size)
	if a.columns.Add(stripKey(w.info.Name), strip) {
		w.strip.Store(strip)
	}
}

// stripKey is the name that a strip is kept under: columns have their field's.
func stripKey(name string) string { return "strip " + name }

// worth counts that a name was asked in vain, and says whether it is to be loaded. In
// a long loop for which Wireshark has yet to read the capture it is at once: whichever
// process is the first shall begin.
func (a *ahead) worth(c *Capture, w *wanted, frame int) bool {
	unread := c.Deep().State != plan.Ready
	a.mu.Lock()
	defer a.mu.Unlock()
	least := loopLeast
	if unread && a.crew.second != nil {
		least = 1
	}
	if w.live {
		return true
	}
	if owner := (*a.names.Load())[w.info.Protocol]; owner != nil && owner.live && slices.Contains(a.expected[w.info.Protocol], w.info.Name) {
		w.live = true
		return true
	}
	if w.misses == 0 || frame < w.first || frame-w.first > loopSpan*(w.misses+1) {
		w.misses, w.first = 0, frame
	}
	if w.misses++; w.misses < least {
		return false
	}
	w.live, w.misses = true, 0
	if w.isProtocol() {
		names := *a.names.Load()
		for _, name := range a.expected[w.info.Name] {
			if field := names[name]; field != nil && field.strip.Load() != nil {
				field.live = true
			}
		}
	}
	return true
}

// turn notes that a loop went on to another page, and keeps ahead of it.
func (a *ahead) turn(c *Capture, page int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := int(a.page.Swap(int64(page)))
	switch page {
	case before:
		return
	case before + 1:
		a.stride = min(2*a.stride, maxStride)
	default:
		a.stride = 1
	}
	if a.turns++; a.turns%reviewed == 0 {
		a.review()
	}
	end := min(page+a.stride, (c.size+column.PageSize-1)/column.PageSize)
	if a.run != nil {
		if page >= a.run.at-maxStride && page <= a.run.end {
			a.run.end = max(a.run.end, end)
			a.muster(c)
		}
		return
	}
	for at := page; at < end; at++ {
		if len(a.lacking(at)) > 0 {
			if len(a.crew.members) > 0 {
				a.start(c, at, end)
			}
			return
		}
	}
}

// review stops loading names that nobody asked for lately, and marks the others as
// used.
func (a *ahead) review() {
	for _, w := range *a.names.Load() {
		if strip := w.strip.Load(); strip != nil {
			if w.live = w.live && strip.Asked(); w.live {
				a.columns.Get(stripKey(w.info.Name))
			}
		}
	}
}

// lacking returns the names to load whose strips lack a page, in order.
func (a *ahead) lacking(page int) []*wanted {
	var out []*wanted
	for _, w := range *a.names.Load() {
		if strip := w.strip.Load(); w.live && strip != nil && !strip.Has(page) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b *wanted) int {
		if a.info.Name < b.info.Name {
			return -1
		}
		return 1
	})
	return out
}

// halt ends the run after the pages that are being loaded.
func (a *ahead) halt() {
	if a.run != nil {
		a.run.end = a.run.at
	}
}

// start begins to load the pages from at to end, which is excluded.
func (a *ahead) start(c *Capture, at, end int) {
	a.run = &aheadRun{at: at, end: end, taken: map[int]bool{}}
	a.muster(c)
}

// wake tells those who wait that something has changed.
func (a *ahead) wake() {
	close(a.stored)
	a.stored = make(chan struct{})
}

// keep stores a page. A strip for which there is no memory begins anew with it.
func (a *ahead) keep(c *Capture, w *wanted, page int, values []column.Value) {
	strip := w.strip.Load()
	if strip == nil {
		return
	}
	strip.Store(page, values)
	a.columns.Get(stripKey(w.info.Name)) // it is in use
	a.columns.Fit()
	for _, other := range *a.names.Load() {
		kept := other.strip.Load()
		if kept == nil || a.columns.Holds(stripKey(other.info.Name), kept) {
			continue
		}
		other.strip.Store(nil)
		a.renew(c, other)
		if fresh := other.strip.Load(); other == w && fresh != nil {
			fresh.Store(page, values)
		}
	}
}

// load reads a page of names. Where Wireshark cannot tell, because it dies of it or
// has read less of the file, nothing is sure.
func (a *ahead) load(ctx context.Context, c *Capture, deep *wireshark.Dissector, page int, names []*wanted) ([][]column.Value, error) {
	first := page*column.PageSize + 1
	n := min(column.PageSize, c.size-first+1)
	out := make([][]column.Value, len(names))
	for i := range out {
		out[i] = make([]column.Value, n)
		for k := range out[i] {
			out[i][k].State = column.Unsure
		}
	}
	last := min(first+n-1, deep.State().Frames)
	stretches, err := c.inQuestion(ctx, first, last, names, func(frame int) {
		for i := range names {
			out[i][frame-first].State = column.Missing
		}
	})
	if err != nil {
		return out, err
	}
	if len(names) <= rareNames && !slices.ContainsFunc(names, func(w *wanted) bool { return !w.rare.Load() }) {
		if stretches, err = a.having(ctx, deep, stretches, names, func(frame int) {
			for i := range names {
				out[i][frame-first].State = column.Missing
			}
		}); err != nil {
			return out, err
		}
	}
	asked, at := projections(names)
	rows, found := 0, make([]int, len(names))
	for _, s := range stretches {
		rows += s.last - s.first + 1
		err := deep.Project(ctx, uint32(s.first), uint32(s.last), asked, func(frame uint32, protocols string, values []wireshark.Projected) error {
			for i, w := range names {
				own := values[at[w.info.Name]]
				layer := own
				if !w.isProtocol() {
					layer = values[at[w.info.Protocol]]
				}
				out[i][int(frame)-first] = a.value(w, protocols, layer, own)
				if layer.N > 0 {
					found[i]++
				}
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	for i, w := range names {
		w.rare.Store(found[i]*rarity < n)
	}
	return out, nil
}

// rareNames is of how many names it is asked at most which packets have one of them, and
// rarity how many packets there are at least for each that has a protocol, where it
// pays to ask which those are first.
const rareNames, rarity = 16, 8

// having returns the frames of some stretches that have one of the names, and calls
// without for the others. A few of those may be asked about along with them.
func (a *ahead) having(ctx context.Context, deep *wireshark.Dissector, stretches []stretch, names []*wanted, without func(frame int)) ([]stretch, error) {
	var parts []string
	for _, w := range names {
		for _, name := range []string{w.protocol(), w.info.Name} {
			if !slices.Contains(parts, name) {
				parts = append(parts, name)
			}
		}
	}
	var q questions
	for _, s := range stretches {
		next := s.first
		err := deep.Having(ctx, uint32(s.first), uint32(s.last), parts, func(frame uint32) {
			for ; next < int(frame); next++ {
				without(next)
				q.pass(rowCost)
			}
			q.ask(next)
			next++
		})
		if err != nil {
			return nil, err
		}
		for ; next <= s.last; next++ {
			without(next)
			q.pass(rowCost)
		}
	}
	return q.stretches, nil
}

// What Wireshark takes for packets that are asked along with others, in nanoseconds:
// a question, a row, and a byte of it, of which odd packets have many.
const (
	questionCost = 100_000
	rowCost      = 12_000
	byteCost     = 20
)

// stretch is frames that Wireshark is asked about, both ends included.
type stretch struct{ first, last int }

// inQuestion returns the frames from first to last, both included, that may have one
// of the names' protocols, and calls without for those that surely have none of
// them. A few of those may be asked about along with others, where that is cheaper.
func (c *Capture) inQuestion(ctx context.Context, first, last int, names []*wanted, without func(frame int)) ([]stretch, error) {
	if last < first {
		return nil, nil
	}
	r, err := c.rules(ctx)
	if err != nil {
		return nil, err
	}
	absences := map[string]*dissect.Absence{}
	for _, w := range names {
		if protocol := w.protocol(); absences[protocol] == nil {
			absences[protocol] = c.session.table.Absence(protocol)
		}
	}
	var q questions
	err = c.own.Walks(r.walker, first-1, last, func(i int, h *dissect.Headers) {
		for _, absence := range absences {
			if !absence.From(h) {
				q.ask(i + 1)
				return
			}
		}
		without(i + 1)
		q.pass(rowCost + byteCost*len(h.Data))
	})
	return q.stretches, err
}

// questions collects the frames to ask about. Those between two of them are asked about
// along with them where that is cheaper than another question.
type questions struct {
	stretches []stretch
	gap       int // what the frames since the last stretch cost, in nanoseconds
}

func (q *questions) ask(frame int) {
	if last := len(q.stretches) - 1; last >= 0 && q.gap < questionCost {
		q.stretches[last].last = frame
	} else {
		q.stretches = append(q.stretches, stretch{frame, frame})
	}
	q.gap = 0
}

// pass passes a frame over that would cost so much.
func (q *questions) pass(cost int) { q.gap += cost }

// projections are what has to be asked for names, and at which place each is: of
// fields their protocols too.
func projections(names []*wanted) (asked []wireshark.Projection, at map[string]int) {
	at = map[string]int{}
	add := func(p wireshark.Projection) {
		if _, have := at[p.Name]; !have {
			at[p.Name] = len(asked)
			asked = append(asked, p)
		}
	}
	for _, w := range names {
		if w.isProtocol() {
			add(wireshark.Projection{Name: w.info.Name, Count: true})
			continue
		}
		add(wireshark.Projection{Name: w.info.Protocol, Count: true})
		commas := !textsStandAlone(w.info.Type) || w.info.Base == "BASE_NONE" // a text that stands for the number
		add(wireshark.Projection{Name: w.info.Name, Commas: commas})
	}
	return asked, at
}

// value is what columns say of a name in a packet: layer is its protocol's.
func (a *ahead) value(w *wanted, protocols string, layer, own wireshark.Projected) column.Value {
	unsure := column.Value{State: column.Unsure}
	if protocols == "" || layer.N > 1 {
		return unsure
	}
	if layer.N == 0 {
		if own.N > 0 {
			return unsure
		}
		return column.Value{State: column.Missing}
	}
	stands := a.placer.standing(w.info.Protocol, protocols)
	switch {
	case w.isProtocol() && stands.layer:
		return column.Value{State: column.Found}
	case w.isProtocol(), !stands.fields:
		return unsure
	case own.N == 0 && w.lacking:
		return column.Value{State: column.Missing}
	case own.N == 0, own.Text == "", !wholeText(own.Text):
		return unsure
	case own.N == 1, own.Same, a.placer.placements[w.info.Protocol].ordered:
		return column.Value{State: column.Found, Text: own.Text}
	}
	return unsure
}
