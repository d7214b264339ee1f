package engine

import (
	"bytes"
	"context"
)

// findPoll is how many packets are looked at between looks at the context.
const findPoll = 4096

// Find returns the first place from place from on, in steps of direction (1 or -1),
// whose packet as captured holds one of some byte strings; ok is false when none
// does. It reads the file alone and dissects nothing.
func (v *View) Find(ctx context.Context, from, direction int, what ...[]byte) (place int, ok bool, err error) {
	if err := v.capture.check(); err != nil {
		return 0, false, err
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return 0, false, err
	}
	n, done := set.len(), 0
	var fraction atomicFraction
	defer v.capture.session.wait("searching "+v.capture.Name(), fraction.get)()
	err = v.capture.file.Guard(func() error {
		for place = from; place >= 0 && place < n; place += direction {
			if done++; done%findPoll == 0 {
				fraction.set(int64(done), int64(n))
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			data := v.capture.file.Data(int(set.at(place)) - 1)
			for _, w := range what {
				if bytes.Contains(data, w) {
					ok = true
					return nil
				}
			}
		}
		return nil
	})
	return place, ok, v.capture.because(err)
}
