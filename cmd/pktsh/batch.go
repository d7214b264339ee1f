package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"pktsh/engine/batch"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// output is what of the command line makes pktsh print or write packets and exit:
// -T and -w, and what goes with them.
type output struct {
	format  string
	fields  []string
	options []string
	count   int
	write   string
	kind    string

	twoPass, lineBuffered bool // they change nothing
}

// addOutputFlags adds flags under tshark's names.
func addOutputFlags(fs *pflag.FlagSet, o *output) {
	fs.StringVarP(&o.format, "format", "T", "", "print in tshark's format and exit: `fields|json|ek|tabs|text`")
	fs.StringArrayVarP(&o.fields, "field", "e", nil, "`FIELD` to print with -T fields (repeatable)")
	fs.StringArrayVarP(&o.options, "field-option", "E", nil, "`OPTION=VALUE` of -T fields, as tshark's -E")
	fs.IntVarP(&o.count, "count", "c", 0, "with -T, -w and -i: stop after `N` packets")
	fs.StringVarP(&o.write, "write", "w", "", "write the packets to `FILE` and exit; - is standard output")
	fs.BoolVarP(&o.twoPass, "two-pass", "2", false, "taken for tshark's sake: what -T prints of a file always knows the packets to come")
	fs.BoolVarP(&o.lineBuffered, "line-buffered", "l", false, "taken for tshark's sake: packets are printed as they come")
	fs.StringVarP(&o.kind, "write-format", "F", "", "with -w: `pcap|pcapng`; else the file's name says which")
}

// check refuses what contradicts itself; live says that packets are captured.
func (o *output) check(live bool) error {
	switch format := o.format; {
	case format != "" && !slices.Contains([]string{"fields", "json", "ek", "tabs", "text"}, format):
		return fmt.Errorf("-T %s: fields, json, ek, tabs or text was wanted", format)
	case format == "fields" && len(o.fields) == 0:
		return errors.New("-T fields wants at least one -e FIELD")
	case format != "fields" && len(o.options) > 0:
		return errors.New("-E goes with -T fields")
	case format == "" && len(o.fields) > 0:
		return errors.New("-e goes with -T")
	case !o.asked() && !live && o.count != 0:
		return errors.New("-c goes with -T, -w and -i")
	case o.count < 0:
		return fmt.Errorf("-c %d: a number above 0 was wanted", o.count)
	case o.write == "" && o.kind != "":
		return errors.New("-F goes with -w")
	case !slices.Contains([]string{"", "pcap", "pcapng"}, o.kind):
		return fmt.Errorf("-F %s: pcap or pcapng was wanted", o.kind)
	case format != "" && o.write == "-":
		return errors.New("-T and -w - both want standard output")
	}
	return nil
}

// asked says whether the run prints or writes packets and nothing else.
func (o *output) asked() bool { return o.format != "" || o.write != "" }

// runOutput answers the command line's question.
func runOutput(o *options) int {
	if len(o.files) == 0 {
		fmt.Fprintln(os.Stderr, "pktsh: -T and -w want a capture: pktsh FILE -T text")
		return exitUsage
	}
	if o.keyLog != "" {
		// tshark goes on without a word. A pipe can be read only once: it is tshark's.
		info, err := os.Stat(o.keyLog)
		if err != nil || info.Mode().IsRegular() {
			_, err = wireshark.ReadKeyLog(o.keyLog)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
			return exitError
		}
	}
	// A run like this makes little garbage: to collect it at the usual 4 MB would take
	// as long as some hundred thousand packets do.
	debug.SetGCPercent(400)
	// A reader that leaves (| head) is an error of the write, not a signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, caught := untilSignal()
	code, err := batch.Run(ctx, o.batchOptions())
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
	}
	return caught.code(code)
}

func (o *options) batchOptions() batch.Options {
	b := batch.Options{
		Files: o.files, Filter: o.filter, Format: o.output.format, Fields: o.output.fields, FieldOptions: o.output.options,
		Count: o.output.count, Write: o.output.write, WriteFormat: o.output.kind, Mode: o.mode,
		Config: o.dissection(), Flags: o.tsharkFlags(), CacheDir: filepath.Join(xdg.CacheHome, "pktsh"),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Watched: term.IsTerminal(int(os.Stderr.Fd())),
		Time: o.times.Of,
	}
	if o.mode != plan.Native {
		b.Tools = wireshark.Find(os.Getenv("PATH"))
	}
	return b
}

// tsharkFlags are tshark's flags for what the command line says of dissection.
func (o *options) tsharkFlags() []string {
	args := []string{"-t", string(o.times)}
	each := func(flag string, values []string) {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	each("-o", o.preferences)
	each("-d", o.decodeAs)
	each("--disable-protocol", o.disabled)
	each("--enable-protocol", o.enabled)
	switch {
	case o.noNames:
		args = append(args, "-n")
	case o.names != "":
		args = append(args, "-N", o.names)
	}
	if len(o.wlanKeys) > 0 {
		args = append(args, "-o", "wlan.enable_decryption:TRUE")
	}
	for _, record := range o.wlanKeys {
		args = append(args, "-o", "uat:80211_keys:"+record)
	}
	if o.keyLog != "" {
		args = append(args, "-o", "tls.keylog_file:"+o.keyLog)
	}
	return args
}
