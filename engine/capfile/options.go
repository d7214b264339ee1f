package capfile

// This file reads the options of pcapng blocks (draft-ietf-opsawg-pcapng, section 3.5).

import (
	"fmt"
)

// Option codes used here.
const (
	optEnd     = 0
	optComment = 1

	optSectionApplication = 4

	optIfName        = 2
	optIfDescription = 3
	optIfSpeed       = 8
	optIfTSResol     = 9
	optIfTimeZone    = 10
	optIfFilter      = 11
	optIfOS          = 12
	optIfFCSLen      = 13
	optIfTSOffset    = 14
	optIfHardware    = 15
	optIfTxSpeed     = 16
	optIfRxSpeed     = 17

	optEPBFlags     = 2
	optEPBDropCount = 4
	optEPBPacketID  = 5
	optEPBQueue     = 6
	optEPBVerdict   = 7
)

// walkOptions calls f with every option of b until the end or opt_endofopt. An
// option that does not fit is an error, as it is to wiretap, which then gives
// up on the file.
func walkOptions(b []byte, order byteOrder, f func(code int, value []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return fmt.Errorf("option header cut short: got %d bytes, want 4", len(b))
		}
		code, length := int(order.Uint16(b)), int(order.Uint16(b[2:]))
		b = b[4:]
		padded := (length + 3) &^ 3
		if padded > len(b) {
			return fmt.Errorf("option %d is too long: got %d bytes left in the block, want %d", code, len(b), padded)
		}
		if code == optEnd {
			return nil
		}
		if err := f(code, b[:length]); err != nil {
			return err
		}
		b = b[padded:]
	}
	return nil
}

// checkCustomOption wants room for the enterprise number of a custom option.
func checkCustomOption(code int, value []byte) error {
	if isCustomOption(code) && len(value) < 4 {
		return fmt.Errorf("custom option has a length of %d, want at least 4", len(value))
	}
	return nil
}

// isCustomOption recognises opt_custom (pcapng draft, section 3.5.1): strings and
// bytes, to be copied or not to be.
func isCustomOption(code int) bool {
	return code == 2988 || code == 2989 || code == 19372 || code == 19373
}

// checkPacketOption holds the options of a packet block to the lengths that
// wiretap insists on.
func checkPacketOption(code int, value []byte) error {
	want := 0
	switch code {
	case optEPBFlags, optEPBQueue:
		want = 4
	case optEPBDropCount, optEPBPacketID:
		want = 8
	case optEPBVerdict:
		if len(value) < 1 {
			return fmt.Errorf("packet option %d has a length of 0, want at least 1", code)
		}
		if value[0] != 1 && value[0] != 2 {
			return nil
		}
		want = 9 // a verdict of Linux eBPF, TC or XDP
	default:
		return checkCustomOption(code, value)
	}
	if len(value) != want {
		return fmt.Errorf("packet option %d has a length of %d, want %d", code, len(value), want)
	}
	return nil
}
