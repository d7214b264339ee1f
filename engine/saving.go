package engine

import (
	"context"
	"io"
	"slices"

	"pktsh/engine/capfile"
)

// Save writes the view's packets to a capture file, in frame order, and returns how
// many. The name decides the format as capfile.Save says; a file that is there is
// replaced, one that the packets come from is not. warn, which may be nil, hears
// what the format could not keep.
func (v *View) Save(ctx context.Context, path string, warn func(text string)) (int, error) {
	return v.SaveAs(ctx, path, "", warn)
}

// SaveAs is Save in a format, "pcap" or "pcapng"; "" leaves that to the name.
func (v *View) SaveAs(ctx context.Context, path, format string, warn func(text string)) (int, error) {
	frames, err := v.saved(ctx)
	if err != nil {
		return 0, err
	}
	return capfile.Save(ctx, path, v.capture.file, slices.Values(frames), capfile.SaveOptions{Force: true, Format: format, Warn: warn})
}

// WriteTo is SaveAs for what is no file; "" is the capture's own format.
func (v *View) WriteTo(ctx context.Context, w io.Writer, format string, warn func(text string)) (int, error) {
	frames, err := v.saved(ctx)
	if err != nil {
		return 0, err
	}
	return capfile.Write(ctx, w, v.capture.file, slices.Values(frames), capfile.SaveOptions{Format: format, Warn: warn})
}

// saved are the packets of the view by their numbers from 0, in frame order.
func (v *View) saved(ctx context.Context) ([]int, error) {
	if err := v.capture.Saveable(); err != nil {
		return nil, err
	}
	var frames []int
	for frame, err := range v.Frames(ctx) {
		if err != nil {
			return nil, err
		}
		frames = append(frames, int(frame)-1)
	}
	slices.Sort(frames)
	return slices.Compact(frames), nil
}
