package live

// This file lists the interfaces that packets can be captured on.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"pktsh/engine/wireshark"
)

// Interface is something that packets can be captured on.
type Interface struct {
	// Name is what it is called by; Description is in somebody's words, or "".
	Name, Description string
	Addresses         []string
	// Up and Running are the link's state as the kernel has it; both are true of
	// what has none.
	Up, Running        bool
	Loopback, Wireless bool
	// Network says that it is a network interface of this machine, and no other
	// source of packets (any, nflog, bluetooth-monitor …). Extcap says that an extcap
	// program of Wireshark's provides it.
	Network, Extcap bool
	// MayCapture is nil when we may capture on it now, or else says why not.
	MayCapture error
}

// listPatience is how long the programs that are asked may take.
const listPatience = 15 * time.Second

// ListOptions says what List finds out beyond names, addresses and links' states.
type ListOptions struct {
	// Permission tries out whether we may capture on each; Extcap asks tshark for
	// those that only extcap programs know, some half a second.
	Permission, Extcap bool
}

// List asks dumpcap and the kernel.
func List(ctx context.Context, tools wireshark.Tools, o ListOptions) ([]Interface, error) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	if tools.Dumpcap == "" {
		return kernelInterfaces()
	}
	var extcap []Interface
	var all errgroup.Group
	all.Go(func() error {
		if o.Extcap {
			extcap = extcapInterfaces(ctx, tools)
		}
		return nil
	})
	out, err := dumpcapInterfaces(ctx, tools.Dumpcap)
	if o.Permission && err == nil {
		var tries errgroup.Group
		tries.SetLimit(4)
		for i := range out {
			tries.Go(func() error {
				out[i].MayCapture = mayCapture(ctx, tools.Dumpcap, out[i].Name)
				return nil
			})
		}
		_ = tries.Wait()
	}
	_ = all.Wait()
	if err != nil {
		return nil, err
	}
	for _, e := range extcap {
		if !slices.ContainsFunc(out, func(i Interface) bool { return i.Name == e.Name }) {
			out = append(out, e)
		}
	}
	return out, nil
}

// output runs a program and returns what it writes, and on an error what it
// complains of.
func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	wait, err := wireshark.StartChild(cmd)
	if err != nil {
		return nil, err
	}
	if err := wait(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if text := strings.TrimSpace(complaint.String()); text != "" {
			return nil, errors.New(text)
		}
		return nil, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	return out.Bytes(), nil
}

// dumpcapInterfaces reads the machine-readable list: number and name, vendor's and
// own description, type, addresses, loopback or network, extcap.
func dumpcapInterfaces(ctx context.Context, program string) ([]Interface, error) {
	list, err := output(ctx, program, "-D", "-M")
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil, &Error{Kind: Forbidden, Text: "you may not run " + program, advice: permissionAdvice(program)}
		}
		return nil, err
	}
	known, err := kernelInterfaces()
	if err != nil {
		return nil, err
	}
	var out []Interface
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		_, name, numbered := strings.Cut(columns[0], ". ")
		if !numbered || len(columns) < 6 {
			continue
		}
		i := Interface{Name: name, Description: columns[2], Up: true, Running: true, Loopback: columns[5] == "loopback"}
		if i.Description == "" {
			i.Description = columns[1]
		}
		if columns[4] != "" {
			i.Addresses = strings.Split(columns[4], ",")
		}
		if at := slices.IndexFunc(known, func(k Interface) bool { return k.Name == name }); at >= 0 {
			k := known[at]
			i.Up, i.Running, i.Loopback, i.Wireless, i.Network = k.Up, k.Running, k.Loopback, k.Wireless, true
		}
		out = append(out, i)
	}
	return out, nil
}

// kernelInterfaces are the network interfaces.
func kernelInterfaces() ([]Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []Interface
	for _, k := range list {
		i := Interface{
			Name: k.Name, Network: true, Up: k.Flags&net.FlagUp != 0, Running: k.Flags&net.FlagRunning != 0, Loopback: k.Flags&net.FlagLoopback != 0,
		}
		if _, err := os.Stat(filepath.Join("/sys/class/net", k.Name, "wireless")); err == nil {
			i.Wireless = true
		}
		addresses, err := k.Addrs()
		if err != nil {
			addresses = nil // it went away meanwhile
		}
		for _, a := range addresses {
			host, _, _ := strings.Cut(a.String(), "/")
			i.Addresses = append(i.Addresses, host)
		}
		out = append(out, i)
	}
	return out, nil
}

// mayCapture opens an interface, as asking for its link types does.
func mayCapture(ctx context.Context, program, name string) error {
	_, err := output(ctx, program, "-L", "-M", "-i", name)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	text := err.Error()
	if forbidden.MatchString(text) || errors.Is(err, os.ErrPermission) {
		return &Error{Kind: Forbidden, Interface: name, Text: "no permission", advice: permissionAdvice(program)}
	}
	if m := capabilities.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	text, _, _ = strings.Cut(text, "\n")
	return &Error{Interface: name, Text: strings.TrimPrefix(text, "dumpcap: ")}
}

var (
	capabilities = regexp.MustCompile(`could not be obtained \((?:pcap_activate\(\) failed: )?(.*)\)`)
	tsharkLine   = regexp.MustCompile(`^\d+\. (\S+) \((.*)\)$`)
)

// extcapInterfaces are those that tshark knows beyond dumpcap's, none where there is
// no tshark.
func extcapInterfaces(ctx context.Context, tools wireshark.Tools) []Interface {
	if tools.Tshark == "" {
		return nil
	}
	list, err := output(ctx, tools.Tshark, "-D")
	if err != nil {
		return nil // dumpcap's interfaces are there all the same
	}
	var out []Interface
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		if m := tsharkLine.FindStringSubmatch(lines.Text()); m != nil {
			out = append(out, Interface{Name: m[1], Description: m[2], Extcap: true, Up: true, Running: true})
		}
	}
	return out
}

// Default is the interface to capture on when nobody names one: the first that is
// up and no loopback.
func Default(list []Interface) (Interface, error) {
	for _, i := range list {
		if i.Network && i.Up && !i.Loopback {
			return i, nil
		}
	}
	return Interface{}, &Error{Kind: NoInterface, Text: "no interface is up but the loopback", advice: "name one of " + Names(list)}
}

// Names lists interfaces' names for a message.
func Names(list []Interface) string {
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	return strings.Join(names, ", ")
}
