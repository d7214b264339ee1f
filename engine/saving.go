package engine

import (
	"context"
	"slices"

	"pktsh/engine/capfile"
)

// Save writes the view's packets to a capture file, in frame order, and returns how
// many. The name decides the format as capfile.Save says; a file that is there is
// replaced, one that the packets come from is not. warn, which may be nil, hears
// what the format could not keep.
func (v *View) Save(ctx context.Context, path string, warn func(text string)) (int, error) {
	if err := v.capture.Saveable(); err != nil {
		return 0, err
	}
	var frames []int
	for frame, err := range v.Frames(ctx) {
		if err != nil {
			return 0, err
		}
		frames = append(frames, int(frame)-1)
	}
	slices.Sort(frames)
	return capfile.Save(ctx, path, v.capture.file, slices.Values(slices.Compact(frames)), capfile.SaveOptions{Force: true, Warn: warn})
}
