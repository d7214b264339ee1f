package batch

import (
	"context"
	"fmt"
	"os"

	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// PrintStream answers -T for a capture that is still being written: stream is its
// reading end. Rows come as packets do. They are what tshark prints for the same flags
// of packets that it captures itself: of each knowing none that come after. Of the
// options Files and Write are not looked at, and Count is the capture's.
func PrintStream(ctx context.Context, o Options, stream *os.File) (exit int, err error) {
	if o.Mode == plan.Native {
		return exitError, fmt.Errorf("-T with -i is Wireshark's alone: leave out --engine native, or capture with -w FILE and print that")
	}
	o.Count = 0
	r := &run{Options: o}
	args := r.args()
	args[0] = "-l" // in place of two passes
	said := &ownVoice{w: o.Stderr}
	exit, err = wireshark.RunRaw(ctx, o.Tools, wireshark.Input{Path: "-", Stream: stream}, args, o.Stdout, said)
	said.flush()
	return exit, err
}
