package capfile

// This file turns captures in formats that only Wireshark reads into pcapng, by
// its editcap, and names those that it cannot turn.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"
)

// foreignFormats are first bytes worth naming when there is no editcap.
func foreignFormats() []struct{ magic, name string } {
	return []struct{ magic, name string }{
		{"snoop\x00\x00\x00", "a Solaris snoop capture (RFC 1761)"},
		{"btsnoop\x00", "a Bluetooth btsnoop log"},
		{"RTSS", "a Microsoft Network Monitor 1 capture"},
		{"GMBU", "a Microsoft Network Monitor 2 capture"},
		{"iptrace 1.0", "an AIX iptrace 1.0 capture"},
		{"iptrace 2.0", "an AIX iptrace 2.0 capture"},
		{"TRSNIFF data    \x1a", "a Network General Sniffer capture"},
		{"XCP\x00", "a NetXray or Windows Sniffer capture"},
		{"\x05VNF", "a Visual Networks capture"},
		{"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture"},
		{"\x7fver", "an EyeSDN or WildPackets capture"},
	}
}

// unreadable are first bytes that editcap cannot read either.
func unreadable() []struct{ magic, name, advice string } {
	return []struct{ magic, name, advice string }{
		{"BZh", "bzip2 data", "unpack it with bunzip2 first"},
		{"\xfd7zXZ\x00", "xz data", "unpack it with unxz first"},
		{"PK\x03\x04", "a zip archive", "unpack it with unzip first"},
		{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"},
	}
}

// describe says what head looks like.
func describe(head []byte) (name, advice string) {
	for _, u := range unreadable() {
		if bytes.HasPrefix(head, []byte(u.magic)) {
			return u.name, u.advice
		}
	}
	for _, k := range foreignFormats() {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.name, ""
		}
	}
	if n := min(len(head), 512); n > 8 && utf8.Valid(head[:n-4]) && !bytes.ContainsRune(head[:n], 0) {
		return "a text file", ""
	}
	return "not a pcap or pcapng file", ""
}

// convert writes src as pcapng into a spool. path names src for editcap; when
// it is empty, editcap inherits the file instead.
func (f *File) convert(ctx context.Context, src *os.File, path string, head []byte, o Options) (spool *os.File, err error) {
	name, advice := describe(head)
	if advice != "" {
		return nil, fmt.Errorf("%s is %s, want a capture: %s", f.given(), name, advice)
	}
	if o.Editcap == "" {
		why := o.NoEditcap
		if why == "" {
			why = "install Wireshark (the package tshark or wireshark-common)"
		}
		return nil, fmt.Errorf("%s is %s, and reading other formats takes Wireshark's editcap: %s", f.given(), name, why)
	}
	spool, err = newSpool(o.TempDir)
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, o.Editcap, "-F", "pcapng", argument(path), "-")
	if path == "" {
		cmd.Args[3] = "/dev/fd/3"
		cmd.ExtraFiles = []*os.File{src}
	}
	cmd.Stdout, cmd.Stderr = spool, &stderr
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	said := editcapSaid(stderr.String())
	if err != nil {
		switch stat, statErr := spool.Stat(); {
		case ctx.Err() != nil:
			return nil, errors.Join(ctx.Err(), spool.Close())
		case statErr == nil && stat.Size() > 0: // what it wrote counts
		case said == "":
			return nil, errors.Join(fmt.Errorf("%s is %s, and %s cannot be run: %w", f.given(), name, o.Editcap, err), spool.Close())
		default:
			return nil, errors.Join(fmt.Errorf("%s is %s, and editcap cannot read it: %s", f.given(), name, said), spool.Close())
		}
	}
	if said != "" { // a damaged file is no failure to editcap, but it says so
		f.pass.warnings = append(f.pass.warnings, Warning{Text: fmt.Sprintf("%s: editcap could not convert all of it: %s", f.name, said)})
	}
	return spool, nil
}

// argument keeps a path from being taken for an option or for standard input.
func argument(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}

// editcapSaid joins what editcap wrote to its standard error into one line.
func editcapSaid(stderr string) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Running as user") {
			lines = append(lines, strings.TrimPrefix(line, "editcap: "))
		}
	}
	return strings.Join(lines, " ")
}
