package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	bigPackets      = 1_200_000 // the least number in the big capture
	ordinaryPackets = 1_000_000
	samplePackets   = 20_000 // what PyShark's ways are given
	meanLength      = 450    // bytes of an ordinary packet, about
	growthSnaplen   = 96     // bytes of each packet in the growth captures, so that ten million fit
)

// growthSizes are the packets of the growth captures.
func growthSizes() []int { return []int{10_000, 100_000, 1_000_000, 10_000_000} }

// captures is the directory of what is measured.
type captures string

// mix is every readable Ethernet capture of a collection, merged: the hard one.
func (c captures) mix() string { return filepath.Join(string(c), "mix.pcap") }

// big is mix, repeated.
func (c captures) big() string { return filepath.Join(string(c), "big.pcap") }

// ordinary is generated traffic, whole packets.
func (c captures) ordinary() string { return filepath.Join(string(c), "ordinary.pcap") }

// sample is the beginning of ordinary.
func (c captures) sample() string { return filepath.Join(string(c), "sample.pcap") }

// growth is the same traffic, cut to its headers, of n packets.
func (c captures) growth(n int) string {
	return filepath.Join(string(c), fmt.Sprintf("growth-%d.pcap", n))
}

// build makes the captures that are not there, the hard ones out of a directory.
func (c captures) build(collection string) error {
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return err
	}
	for path, n := range map[string]int{c.ordinary(): ordinaryPackets, c.sample(): samplePackets} {
		if err := c.generate(path, n, wholePacket, meanLength); err != nil {
			return err
		}
	}
	for _, n := range growthSizes() {
		if err := c.generate(c.growth(n), n, growthSnaplen, growthSnaplen); err != nil {
			return err
		}
	}
	return c.merge(collection)
}

// generate writes an ordinary capture unless the one that is there is the same.
// Each is the number of bytes that a packet is expected to take.
func (c captures) generate(path string, packets, snaplen, each int) error {
	if f, err := os.Open(path); err == nil {
		same, err := isOrdinary(f, packets, snaplen)
		if err = errors.Join(err, f.Close()); same || err != nil {
			return err
		}
	}
	if err := c.hasRoom(packets * (each + 16)); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	fmt.Fprintf(os.Stderr, "generating %d packets into %s\n", packets, path)
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(writeOrdinary(f, packets, snaplen), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// hasRoom fails when the disk would be nearly full afterwards.
func (c captures) hasRoom(size int) error {
	const spare = 1 << 30
	var fs unix.Statfs_t
	if err := unix.Statfs(string(c), &fs); err != nil {
		return err
	}
	if free := int(fs.Bavail) * int(fs.Bsize); free < size+spare {
		return fmt.Errorf("takes %d MB, and %d MB are free; a GB of them should stay so", size>>20, free>>20)
	}
	return nil
}

// merge builds the hard captures: the Ethernet captures of a collection, once and
// repeated, or the ordinary one when there are none.
func (c captures) merge(collection string) error {
	if _, err := os.Stat(c.big()); err == nil {
		return nil
	}
	files, packets, err := ethernetCaptures(collection)
	if err != nil {
		return err
	}
	if packets == 0 {
		fmt.Fprintf(os.Stderr, "no captures in %q: the mix is ordinary traffic\n", collection)
		files, packets = []string{c.growth(100_000)}, 100_000
	}
	fmt.Fprintf(os.Stderr, "merging %d captures into %s\n", len(files), c.big())
	if err := mergecap(c.mix(), files); err != nil {
		return err
	}
	copies := make([]string, (bigPackets+packets-1)/packets)
	for i := range copies {
		copies[i] = c.mix()
	}
	return mergecap(c.big(), copies)
}

func mergecap(to string, files []string) error {
	part := to + ".part"
	cmd := exec.Command("mergecap", append([]string{"-a", "-F", "pcap", "-w", part}, files...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mergecap: %w: %s", err, out)
	}
	return os.Rename(part, to)
}

// ethernetCaptures returns the whole, readable Ethernet captures below dir and
// how many packets they hold, as capinfos says.
func ethernetCaptures(dir string) (files []string, packets int, err error) {
	all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	var complaints strings.Builder
	cmd := exec.Command("capinfos", append([]string{"-T", "-c", "-E", "-m", "-r", "-N"}, all...)...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // its exit code only says that some files are broken
		return nil, 0, fmt.Errorf("capinfos: %w", err)
	}
	for r := csv.NewReader(strings.NewReader(string(out))); ; {
		row, err := r.Read()
		if err == io.EOF {
			return files, packets, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("capinfos' table: %w", err)
		}
		n, err := strconv.Atoi(row[2])
		if err != nil || row[1] != "ether" || strings.Contains(complaints.String(), `"`+row[0]+`"`) {
			continue
		}
		files, packets = append(files, row[0]), packets+n
	}
}
