package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"pktsh/engine"
	"pktsh/engine/batch"
	"pktsh/engine/wireshark"
)

// runLiveOutput captures and prints or writes what comes, as tshark does: rows come
// while it runs, and SIGINT is the way to end it.
func runLiveOutput(o *options) int {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, caught := untilSignal()
	if o.output.write != "" && len(o.capturing.ring) > 0 {
		return caught.code(o.ringFiles(ctx))
	}
	session := engine.NewSession(o.engineConfig(nil))
	defer session.Close()
	code, err := o.liveOutput(ctx, session)
	if err != nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		code = max(code, exitError)
	}
	return code
}

func (o *options) liveOutput(ctx context.Context, session *engine.Session) (code int, err error) {
	what, err := o.capturing.options(o.output.count)
	if err != nil {
		return exitUsage, err
	}
	later := o.savedLater()
	if o.output.write != "" && o.output.write != "-" && !later {
		what.Output = o.output.write
	}
	c, err := session.Sniff(ctx, what)
	if err != nil {
		return exitError, err
	}
	fmt.Fprintf(os.Stderr, "pktsh: capturing on %s\n", strings.Join(c.Live().Interfaces(), ", "))
	outlasting, done := c.Outlast(ctx)
	defer done()
	switch {
	case o.output.format != "":
		code, err = o.printLive(outlasting, c)
	case o.output.write == "-" && !later:
		if err = c.Live().Stream(outlasting, os.Stdout); errors.Is(err, syscall.EPIPE) {
			err = nil // nobody reads it any more
		}
	default:
		select {
		case <-c.Live().Done():
		case <-outlasting.Done():
		}
	}
	if stopped := c.Live().Stop(context.WithoutCancel(ctx)); err == nil {
		err = stopped
	}
	if _, refreshed := c.Refresh(context.WithoutCancel(ctx)); err == nil {
		err = refreshed
	}
	if later && err == nil {
		err = o.saveLive(context.WithoutCancel(ctx), c)
	}
	summary := fmt.Sprintf("%d packets captured", c.Len())
	if lost := c.Live().Drops().String(); lost != "" {
		summary += ", " + lost
	}
	fmt.Fprintf(os.Stderr, "pktsh: %s\n", summary)
	return code, errors.Join(err, c.Live().Err())
}

// savedLater says whether -w must wait for the end, since the spool, which is pcapng
// and holds every packet, is not what is wanted.
func (o *options) savedLater() bool {
	w := o.output.write
	switch {
	case w == "":
		return false
	case o.filter != "" || o.output.kind == "pcap":
		return true
	}
	return o.output.kind == "" && slices.Contains([]string{".pcap", ".cap", ".dmp", ".gz", ".zst", ".lz4"}, filepath.Ext(w))
}

// saveLive writes the packets that pass the display filter.
func (o *options) saveLive(ctx context.Context, c *engine.Capture) error {
	v := c.All()
	if o.filter != "" {
		var err error
		if v, err = v.Narrow(ctx, o.filter); err != nil {
			return err
		}
	}
	warn := func(text string) { fmt.Fprintf(os.Stderr, "pktsh: %s\n", text) }
	if o.output.write == "-" {
		_, err := v.WriteTo(ctx, os.Stdout, o.output.kind, warn)
		return err
	}
	_, err := v.SaveAs(ctx, o.output.write, o.output.kind, warn)
	return err
}

// printLive has tshark print the packets as they come.
func (o *options) printLive(ctx context.Context, c *engine.Capture) (code int, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return exitError, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	streamed := make(chan error, 1)
	go func() {
		err := c.Live().Stream(ctx, write)
		if errors.Is(err, syscall.EPIPE) {
			err = nil // tshark has ended, and said why
		}
		streamed <- errors.Join(err, write.Close())
	}()
	code, err = batch.PrintStream(ctx, o.batchOptions(), read)
	if closed := read.Close(); err == nil {
		err = closed
	}
	cancel()
	if lost := <-streamed; err == nil && !errors.Is(lost, context.Canceled) {
		err = lost
	}
	return code, err
}

// ringFiles has dumpcap write its ring of files, whose names it makes itself.
func (o *options) ringFiles(ctx context.Context) int {
	if o.output.format != "" || o.filter != "" || o.output.write == "-" {
		fmt.Fprintln(os.Stderr, "pktsh: -b with -w writes a ring of files: -T, -Y and -w - do not go with it")
		return exitUsage
	}
	program := wireshark.Find(os.Getenv("PATH")).Dumpcap
	if program == "" {
		fmt.Fprintln(os.Stderr, "pktsh: -b with -w needs dumpcap, which is not on PATH (Debian: apt-get install wireshark-common)")
		return exitError
	}
	cmd := exec.CommandContext(ctx, program, o.dumpcapFlags()...)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var ended *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &ended) && ended.ExitCode() > 0:
		return exitError // it has said why
	case err != nil && ctx.Err() == nil:
		fmt.Fprintf(os.Stderr, "pktsh: dumpcap: %v\n", err)
		return exitError
	}
	return exitOK
}

// dumpcapFlags are dumpcap's flags, which are tshark's.
func (o *options) dumpcapFlags() []string {
	args := []string{"-q", "-w", o.output.write}
	l := &o.capturing
	if l.filter != "" {
		args = append(args, "-f", l.filter) // before -i it is for all of them
	}
	for _, flag := range []struct {
		name  string
		given bool
	}{{"-p", l.plain}, {"-I", l.monitor}, {"-P", o.output.kind == "pcap"}} {
		if flag.given {
			args = append(args, flag.name)
		}
	}
	each := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" && v != "0" {
				args = append(args, flag, v)
			}
		}
	}
	each("-s", fmt.Sprint(l.snapLen))
	each("-y", l.linkType)
	each("-c", fmt.Sprint(o.output.count))
	each("-a", l.autostop...)
	each("-b", l.ring...)
	each("-i", l.interfaces...)
	return args
}
