package script

// releaser is a view that lets go of packets which a loop has passed: memory then
// does not grow with a large file.
type releaser interface {
	Release(from, to uint32)
}

var _ releaser = engineView{}

// passedEvery is how many packets a loop goes through between two releases.
const passedEvery = 1 << 16

// passed follows a loop. It is nil for views that have nothing to release.
type passed struct {
	view releaser
	from uint32 // the first packet that was not released
	n    int
}

func newPassed(v viewSource) *passed {
	r, ok := v.(releaser)
	if !ok {
		return nil
	}
	return &passed{view: r}
}

// at tells that the loop is at a packet.
func (p *passed) at(frame uint32) {
	if p == nil {
		return
	}
	if p.n%passedEvery == 0 {
		if p.n > 0 && p.from < frame { // a loop may go backwards
			p.view.Release(p.from, frame)
		}
		p.from = frame
	}
	p.n++
}
