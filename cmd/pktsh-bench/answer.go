package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// This file compares what was answered: a fast wrong answer is no figure.

// answer is what a program said: how many packets or lines, and a digest of them
// (0 when only the number is known).
type answer struct {
	count  int
	digest uint64
}

// answers reads results; digests of one can be compared.
type answers struct{ seed maphash.Seed }

// agrees says whether two answers are the same, as far as they are known.
func (a answer) agrees(b answer) bool {
	return a.count == b.count && (a.digest == b.digest || a.digest == 0 || b.digest == 0)
}

// lines reads printed lines.
func (s answers) lines(path string) (answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return answer{}, err
	}
	defer f.Close()
	var a answer
	var h maphash.Hash
	h.SetSeed(s.seed)
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		a.count += bytes.Count(buf[:n], []byte{'\n'})
		_, _ = h.Write(buf[:n]) // never fails
		if err == io.EOF && a.count == 0 {
			return answer{}, errors.New("nothing was printed")
		}
		if err == io.EOF {
			a.digest = h.Sum64()
			return a, nil
		}
		if err != nil {
			return answer{}, err
		}
	}
}

// packets reads a capture: times, lengths and bytes, not how they are wrapped.
func (s answers) packets(path string) (answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return answer{}, err
	}
	defer f.Close()
	buffered := bufio.NewReaderSize(f, 1<<20)
	magic, err := buffered.Peek(4)
	if err != nil {
		return answer{}, fmt.Errorf("no capture was written: %w", err)
	}
	var r interface {
		ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}
	if binary.LittleEndian.Uint32(magic) == 0x0a0d0d0a {
		r, err = pcapgo.NewNgReader(buffered, pcapgo.DefaultNgReaderOptions)
	} else {
		r, err = pcapgo.NewReader(buffered)
	}
	if err != nil {
		return answer{}, err
	}
	var a answer
	var h maphash.Hash
	h.SetSeed(s.seed)
	for {
		data, info, err := r.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			a.digest = h.Sum64()
			return a, nil
		}
		if err != nil {
			return answer{}, err
		}
		var head [16]byte
		binary.LittleEndian.PutUint64(head[:], uint64(info.Timestamp.UnixNano()))
		binary.LittleEndian.PutUint64(head[8:], uint64(info.Length))
		_, _ = h.Write(head[:])
		_, _ = h.Write(data)
		a.count++
	}
}

// number reads a printed number.
func (s answers) number(path string) (answer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return answer{}, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return answer{count: n}, err
}
