package capfile

import (
	"math"
	"math/bits"
)

// clock turns the ticks of a pcapng interface into nanoseconds, with wiretap's
// own arithmetic: its overflows are what users see in Wireshark.
type clock struct {
	perSecond uint64 // ticks a second
	offset    int64  // seconds, if_tsoffset
	resol     byte   // if_tsresol
}

var (
	microseconds = clock{perSecond: 1e6, resol: 6}
	nanoseconds  = clock{perSecond: 1e9, resol: 9}
)

// newClock reads if_tsresol (pcapng draft, section 4.2): the top bit chooses
// powers of two, the rest is the negative exponent.
func newClock(resol byte) (c clock, digits int, exact bool) {
	c.resol = resol
	exponent := int(resol & 0x7f)
	if resol&0x80 != 0 {
		c.perSecond = math.MaxUint64
		if exponent < 64 {
			c.perSecond = 1 << exponent
		}
		return c, c.digits(), exponent == 0
	}
	c.perSecond = math.MaxUint64
	if exponent < 20 {
		c.perSecond = 1
		for range exponent {
			c.perSecond *= 10
		}
	}
	return c, c.digits(), exponent <= 9
}

// digits is how many digits of a second Wireshark shows at this resolution.
func (c clock) digits() int {
	for _, digits := range []int{9, 6, 3, 2, 1} {
		if float64(c.perSecond) >= math.Pow10(digits) {
			return digits
		}
	}
	return 0
}

// nanos converts ticks since the epoch. odd reports a time that int64
// nanoseconds cannot hold.
func (c clock) nanos(ticks uint64) (t int64, odd bool) {
	switch { // the two of nearly all files, by constants: division is what this costs
	case c.perSecond == 1e6 && c.offset == 0 && ticks < math.MaxInt64/1000:
		return int64(ticks) * 1000, false
	case c.perSecond == 1e9 && c.offset == 0 && ticks < math.MaxInt64:
		return int64(ticks), false
	}
	seconds := ticks / c.perSecond
	// wiretap multiplies in 64 bits and lets it wrap, which matters above 10^10
	// ticks a second.
	fraction := (ticks % c.perSecond) * 1e9 / c.perSecond
	return joinTime(int64(seconds)+c.offset, int64(fraction))
}

// joinTime adds seconds and nanoseconds, clamped to int64.
func joinTime(seconds, nanos int64) (t int64, odd bool) {
	hi, lo := bits.Mul64(uint64(max(seconds, -seconds)), 1e9)
	if seconds == math.MinInt64 || hi != 0 || lo > math.MaxInt64-1<<33 {
		if seconds < 0 {
			return math.MinInt64, true
		}
		return math.MaxInt64, true
	}
	return seconds*1e9 + nanos, nanos < 0 || nanos >= 1e9
}

// ticks converts nanoseconds since the epoch back, rounding down; times before
// the clock's offset become 0.
func (c clock) ticks(nanos int64) uint64 {
	seconds, fraction := nanos/1e9-c.offset, nanos%1e9
	if fraction < 0 {
		seconds, fraction = seconds-1, fraction+1e9
	}
	if seconds < 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(fraction), c.perSecond)
	part, _ := bits.Div64(hi, lo, 1e9)
	return uint64(seconds)*c.perSecond + part
}
