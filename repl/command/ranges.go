package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"pktsh/engine"
)

// span is a range of frame numbers, both ends included.
type span struct{ lo, hi uint32 }

// parseFrame reads a frame number: from 1 as Wireshark counts, or from the end
// of the view when negative (-1 is its last packet).
func parseFrame(ctx context.Context, v *engine.View, word string) (uint32, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, noFrame(word)
	}
	if n < 0 {
		count, err := v.Len(ctx)
		if err != nil {
			return 0, err
		}
		if -n > int64(count) {
			return 0, fmt.Errorf("packet %d: there are only %s here", n, packets(count))
		}
		return v.Frame(ctx, count+int(n))
	}
	if n > int64(v.Capture().Len()) || n == 0 {
		_, err := v.Capture().Packet(uint32(min(n, 1<<32-1)))
		return 0, err
	}
	return uint32(n), nil
}

// parseSpans reads frame numbers and ranges: "5", "-1", "200-210", "17-",
// "1,5-7". The order is kept.
func parseSpans(ctx context.Context, v *engine.View, words []string) ([]span, error) {
	var out []span
	for _, word := range strings.Split(strings.Join(words, ","), ",") {
		lo, hi, isRange := strings.Cut(word, "-")
		if lo == "" || !isRange { // 5 or -1
			f, err := parseFrame(ctx, v, word)
			if err != nil {
				return nil, err
			}
			out = append(out, span{f, f})
			continue
		}
		from, err := parseFrame(ctx, v, lo)
		if err != nil {
			return nil, err
		}
		to := uint32(v.Capture().Len())
		if hi != "" {
			n, err := strconv.ParseUint(hi, 10, 32)
			if err != nil || n == 0 {
				return nil, fmt.Errorf("%q is no range of frame numbers; 200-210 or 200- was wanted", word)
			}
			to = min(to, uint32(n))
			if uint32(n) < from {
				return nil, fmt.Errorf("the range %s ends before it begins; %d-%d was meant?", word, n, from)
			}
		}
		out = append(out, span{from, to})
	}
	return out, nil
}

// noFrame is the error for a word that is no frame number.
func noFrame(word string) error {
	return fmt.Errorf("%q is no frame number; a number from 1 was wanted, or -1 for the last packet", word)
}
