package capfile

// This file looks at the beginning of a capture, without indexing it.

import (
	"fmt"
	"io"
	"os"
)

// HeadSize is how many bytes tell what a file is.
const HeadSize = minSection

// IsCapture says that a file which begins so is pcap or pcapng.
func IsCapture(head []byte) bool {
	_, _, pcap := isPcap(head)
	return pcap || isPcapng(head)
}

// headSize is how much of a file is looked at.
const headSize = 256 << 10

// Head is what the beginning of a pcapng file says.
type Head struct {
	// Interfaces are those before the first packet.
	Interfaces []Interface
	// Packets says that there is a packet.
	Packets bool
}

// ReadHead reads the beginning of a pcapng file.
func ReadHead(file *os.File) (Head, error) {
	data := make([]byte, headSize)
	n, err := file.ReadAt(data, 0)
	if err != nil && err != io.EOF {
		return Head{}, err
	}
	data = data[:n]
	if !isPcapng(data) {
		return Head{}, fmt.Errorf("%s: no pcapng file", file.Name())
	}
	var h Head
	r := blockReader{data: data}
	for {
		b, ok, err := r.read()
		if err != nil || !ok {
			return h, nil // the rest is for who opens it
		}
		switch {
		case b.isRecord():
			h.Packets = true
			return h, nil
		case b.kind == blockInterface && len(b.body) >= 8:
			i, err := parseInterface(&b)
			if err != nil {
				return h, err
			}
			h.Interfaces = append(h.Interfaces, i)
		}
	}
}
