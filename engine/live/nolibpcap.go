//go:build !libpcap

package live

import (
	"context"
	"errors"
	"os"
)

// HasLibpcap says whether pktsh was built to capture by itself.
func HasLibpcap() bool { return false }

// StartLibpcap fails: this pktsh was built without libpcap. It closes spool.
func StartLibpcap(_ context.Context, spool *os.File, _ Options) (Source, error) {
	return nil, errors.Join(errors.New("this pktsh was built without libpcap: capture with dumpcap, or build it with -tags libpcap (make build does where libpcap's headers are: apt-get install libpcap-dev)"), spool.Close())
}
