package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Stream writes the file that a live capture is captured into to w, from its beginning
// on and then as it grows, and returns when the capture has ended and all of it is
// written. What is written last may be half a record, while it runs. It may go on
// beside questions and Refresh.
func (l *Live) Stream(ctx context.Context, w io.Writer) error {
	path, file := l.capture.file.DissectorFile()
	if file == nil {
		var err error
		if file, err = os.Open(path); err != nil {
			return err
		}
		defer file.Close()
	}
	pause := waitShort
	look := time.NewTimer(pause)
	defer look.Stop()
	buffer := make([]byte, 256<<10)
	for at := int64(0); ; {
		over := !l.running() // before the file is read: what is read then is all of it
		n, err := file.ReadAt(buffer, at)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			at, pause = at+int64(n), waitShort
			if err == nil {
				continue
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if over && n == 0 {
			return nil
		}
		look.Reset(pause)
		select {
		case <-look.C:
		case <-l.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, waitLong)
	}
}
