package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pktsh/engine"
	"pktsh/repl/render"
)

// capturing is what of the command line captures packets: tshark's flags for it.
type capturing struct {
	interfaces []string
	filter     string
	autostop   []string
	ring       []string
	snapLen    int
	linkType   string
	plain      bool // not promiscuous
	monitor    bool
	with       string
	list       bool
}

// addLiveFlags adds flags under tshark's names.
func addLiveFlags(fs *pflag.FlagSet, l *capturing) {
	fs.StringArrayVarP(&l.interfaces, "interface", "i", nil, "capture on `IFACE` (repeatable; - is standard input)")
	fs.StringVarP(&l.filter, "capture-filter", "f", "", "with -i: capture only what this `BPF` filter lets through")
	fs.StringArrayVarP(&l.autostop, "autostop", "a", nil, "with -i: stop after `duration:S|filesize:KB|packets:N`")
	fs.StringArrayVarP(&l.ring, "ring-buffer", "b", nil, "with -i: keep only the last `duration:S|filesize:KB|files:N|packets:N`")
	fs.IntVarP(&l.snapLen, "snapshot-length", "s", 0, "with -i: capture the first `BYTES` of each packet")
	fs.StringVarP(&l.linkType, "linktype", "y", "", "with -i: capture with this link `TYPE`")
	fs.BoolVarP(&l.plain, "no-promiscuous-mode", "p", false, "with -i: only packets from and to this machine")
	fs.BoolVarP(&l.monitor, "monitor-mode", "I", false, "with -i: 802.11 monitor mode")
	fs.BoolVarP(&l.list, "list-interfaces", "D", false, "list the interfaces and exit")
	fs.StringVar(&l.with, "capture-with", "", "who captures: `dumpcap|libpcap`")
}

// asked says whether packets are to be captured.
func (l *capturing) asked() bool { return len(l.interfaces) > 0 }

// check refuses what cannot be captured so; files are what else is to be opened.
func (l *capturing) check(files []string) error {
	given := map[string]bool{
		"-f": l.filter != "", "-a": len(l.autostop) > 0, "-b": len(l.ring) > 0, "-s": l.snapLen != 0,
		"-y": l.linkType != "", "-p": l.plain, "-I": l.monitor, "--capture-with": l.with != "",
	}
	switch {
	case !slices.Contains([]string{"", "dumpcap", "libpcap"}, l.with):
		return fmt.Errorf("--capture-with %s: dumpcap or libpcap was wanted", l.with)
	case l.snapLen < 0:
		return fmt.Errorf("-s %d: a number of bytes above 0 was wanted", l.snapLen)
	case l.asked() && len(files) > 0:
		return errors.New("-i captures and FILE is read: one of them was wanted")
	}
	for _, flag := range []string{"-f", "-a", "-b", "-s", "-y", "-p", "-I", "--capture-with"} {
		if given[flag] && !l.asked() {
			return fmt.Errorf("%s goes with -i IFACE (-D lists the interfaces)", flag)
		}
	}
	_, err := l.options(0)
	return err
}

// options are what the engine captures; count is -c.
func (l *capturing) options(count int) (engine.LiveOptions, error) {
	o := engine.LiveOptions{
		Filter: l.filter, Monitor: l.monitor, NoPromiscuous: l.plain, SnapLen: l.snapLen, LinkType: l.linkType,
		With: l.with, Count: count,
	}
	o.Interfaces = slices.Clone(l.interfaces)
	for _, condition := range l.autostop {
		kind, value, err := limit("-a", condition)
		if err != nil {
			return o, err
		}
		switch kind {
		case "duration":
			o.Timeout = time.Duration(value * float64(time.Second))
		case "filesize":
			o.Bytes = int64(value * 1000)
		case "packets":
			if o.Count == 0 || int(value) < o.Count {
				o.Count = int(value)
			}
		default:
			return o, fmt.Errorf("-a %s: duration:S, filesize:KB or packets:N was wanted", condition)
		}
	}
	files := int64(1) // each as long as the other bounds say
	for _, condition := range l.ring {
		kind, value, err := limit("-b", condition)
		if err != nil {
			return o, err
		}
		switch kind {
		case "duration":
			o.Ring.Age = time.Duration(value * float64(time.Second))
		case "filesize":
			o.Ring.Bytes = int64(value * 1000)
		case "packets":
			o.Ring.Packets = int(value)
		case "files":
			files = int64(value)
		default: // interval and printname are about the names of files
			return o, fmt.Errorf("-b %s: duration:S, filesize:KB, files:N or packets:N was wanted", condition)
		}
	}
	o.Ring.Packets *= int(files)
	o.Ring.Bytes *= files
	o.Ring.Age *= time.Duration(files)
	return o, nil
}

// limit reads "kind:number".
func limit(flag, condition string) (kind string, value float64, err error) {
	kind, number, _ := strings.Cut(condition, ":")
	value, err = strconv.ParseFloat(number, 64)
	if err != nil || value <= 0 || value > 1e15 {
		return "", 0, fmt.Errorf("%s %s: kind:number was wanted, as in %s duration:10", flag, condition, flag)
	}
	return kind, value, nil
}

// bounded says whether the capture ends by itself.
func (o *options) bounded() bool { return o.output.count > 0 || len(o.capturing.autostop) > 0 }

// listInterfaces answers -D as tshark does.
func listInterfaces(o *options) int {
	session := engine.NewSession(o.engineConfig(nil))
	defer session.Close()
	all, err := session.Interfaces(context.Background())
	if err != nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		return exitError
	}
	for i, n := range all {
		line := fmt.Sprintf("%d. %s", i+1, n.Name)
		if n.Description != "" {
			line += " (" + n.Description + ")"
		}
		fmt.Println(render.Escape(line))
	}
	return exitOK
}
