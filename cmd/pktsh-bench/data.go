package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// bigPackets is the least number of packets in the big capture.
const bigPackets = 1_200_000

// makeData builds the big capture unless it is there: the Ethernet captures of a
// directory, merged and repeated, or generated traffic when there are none.
func makeData(big, captures string) error {
	if _, err := os.Stat(big); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(big), 0o755); err != nil {
		return err
	}
	files, packets, err := ethernetCaptures(captures)
	if err != nil {
		return err
	}
	mix := mixOf(big)
	if packets == 0 {
		fmt.Printf("no captures in %q: generating traffic into %s\n", captures, big)
		return errors.Join(generate(mix, bigPackets/10), generate(big, bigPackets))
	}
	fmt.Printf("merging %d captures of %s into %s\n", len(files), captures, big)
	if err := mergecap(mix, files); err != nil {
		return err
	}
	copies := make([]string, (bigPackets+packets-1)/packets)
	for i := range copies {
		copies[i] = mix
	}
	return mergecap(big, copies)
}

// mixOf names the capture of some 100,000 packets that big repeats.
func mixOf(big string) string { return filepath.Join(filepath.Dir(big), "mix.pcap") }

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

// generate writes n packets of ordinary traffic: TCP in both directions, some DNS.
func generate(path string, n int) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	at := time.Unix(1_700_000_000, 0)
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	buf := gopacket.NewSerializeBuffer()
	for i := range n {
		at = at.Add(time.Duration(rng.IntN(200)) * time.Microsecond)
		eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
		ip := &layers.IPv4{Version: 4, TTL: 64, SrcIP: []byte{10, 0, byte(i % 7), byte(i % 250)}, DstIP: []byte{198, 51, 100, byte(i % 200)}}
		var transport gopacket.SerializableLayer
		body := gopacket.Payload(make([]byte, rng.IntN(600)))
		if i%20 == 0 {
			ip.Protocol = layers.IPProtocolUDP
			udp := &layers.UDP{SrcPort: layers.UDPPort(30000 + i%20000), DstPort: 53}
			if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
				return err
			}
			transport, body = udp, nil
			if err := gopacket.SerializeLayers(buf, opts, eth, ip, transport, &layers.DNS{ID: uint16(i), RD: true,
				Questions: []layers.DNSQuestion{{Name: fmt.Appendf(nil, "host%d.example.org", i%1000), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}}); err != nil {
				return err
			}
		} else {
			ip.Protocol = layers.IPProtocolTCP
			tcp := &layers.TCP{SrcPort: layers.TCPPort(30000 + i%500), DstPort: 443, Seq: uint32(i) * 600, ACK: true, Window: 502}
			if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
				return err
			}
			if err := gopacket.SerializeLayers(buf, opts, eth, ip, tcp, body); err != nil {
				return err
			}
		}
		data := buf.Bytes()
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(data), Length: len(data)}, data); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
