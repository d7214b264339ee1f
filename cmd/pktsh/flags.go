package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
	"pktsh/repl/command"
)

// options is the command line.
type options struct {
	files  []string
	filter string

	noNames     bool
	names       string
	preferences []string
	decodeAs    []string
	disabled    []string
	enabled     []string
	times       engine.TimeFormat
	keyLog      string
	wlanKeys    []string // records of Wireshark's table

	keepPackets   bool
	onlySummaries bool

	eval    string
	evalSet bool
	script  string
	args    []string // of the script

	mode      plan.Mode
	color     string
	noHistory bool
	noRC      bool
	keepGoing bool
	version   bool

	output    output
	capturing capturing
}

// errAnswered says that the command line asked about pktsh itself (--help, --man,
// --completions) and was answered.
var errAnswered = errors.New("answered")

// settled is what flags hold before they are judged.
type settled struct {
	reads, keys, eval      *[]string
	engine, keyType, times *string
	completions            *string
	help, man              *bool
}

// flagSet returns every flag there is: what the command line, --help, the man page
// and the shells' completions are made from.
func flagSet(o *options) (*pflag.FlagSet, settled) {
	var s settled
	fs := pflag.NewFlagSet("pktsh", pflag.ContinueOnError)
	fs.SortFlags = false
	s.reads = fs.StringArrayP("read", "r", nil, "open `FILE`; - reads the capture from standard input")
	fs.StringVarP(&o.filter, "filter", "Y", "", "display `FILTER` to start with")
	addOutputFlags(fs, &o.output)
	addLiveFlags(fs, &o.capturing)
	s.eval = fs.StringArray("eval", nil, "run `CODE` and exit; given several times, a line each")
	fs.StringVar(&o.script, "script", "", "run `FILE` and exit; what follows are its arguments")
	s.engine = fs.String("engine", "auto", "who answers: `auto|native|wireshark`")
	fs.BoolVarP(&o.noNames, "no-names", "n", false, "no name resolution (the shell's default)")
	fs.StringVarP(&o.names, "names", "N", "", "resolve names: `LETTERS` of m, n, N, t, d, v as tshark's -N")
	fs.StringArrayVarP(&o.preferences, "preference", "o", nil, "Wireshark preference `NAME:VALUE`")
	fs.StringArrayVarP(&o.decodeAs, "decode-as", "d", nil, "decode as `LAYER==SELECTOR,PROTOCOL`")
	fs.StringArrayVar(&o.disabled, "disable-protocol", nil, "do not dissect `PROTOCOL`")
	fs.StringArrayVar(&o.enabled, "enable-protocol", nil, "dissect `PROTOCOL` although Wireshark's default is not to")
	fs.StringVar(&o.keyLog, "keylog", "", "TLS keys from `FILE` (SSLKEYLOGFILE format)")
	s.keys = fs.StringArray("decryption-key", nil, "802.11 `KEY`: hex digits, or passphrase:ssid; may be given several times")
	s.keyType = fs.String("encryption-type", "wpa-pwk", "what every --decryption-key is: `wep|wpa-pwd|wpa-psk`")
	fs.BoolVar(&o.onlySummaries, "only-summaries", false, "packets of cap print as summary lines and are not dissected until asked")
	fs.BoolVar(&o.keepPackets, "keep-packets", true, "with =false cap can be iterated but not indexed, in constant memory")
	s.times = fs.StringP("time", "t", "r", "time format, as tshark's -t: `a|ad|adoy|d|dd|e|r|u|ud|udoy`")
	fs.StringVar(&o.color, "color", "auto", "`auto|always|never`")
	fs.BoolVar(&o.noHistory, "no-history", false, "neither read nor write the history file")
	fs.BoolVar(&o.noRC, "no-rc", false, "do not run rc.star, the file of your own aliases and functions")
	fs.BoolVar(&o.keepGoing, "keep-going", false, "run on after an error; the exit code is still 1")
	fs.BoolVar(&o.version, "version", false, "print the version")
	s.completions = fs.String("completions", "", "print the completions for a shell: `bash|zsh|fish`")
	s.man = fs.Bool("man", false, "print the man page (roff): pktsh --man | man -l -")
	s.help = fs.BoolP("help", "h", false, "this help")
	return fs, s
}

// parseFlags reads the command line. After --script FILE everything belongs to
// the script.
func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	args, o.args = splitScript(args)
	fs, set := flagSet(o)
	fs.SetOutput(stderr)
	if err := fs.Parse(args); err != nil {
		return nil, flagError(fs, err)
	}
	var answer func(io.Writer) error
	switch {
	case *set.help:
		answer = func(w io.Writer) error { printUsage(w, fs); return nil }
	case *set.man:
		answer = writeMan
	case *set.completions != "":
		if !slices.Contains(completionShells(), *set.completions) {
			return nil, fmt.Errorf("--completions %s: %s was wanted", *set.completions, strings.Join(completionShells(), ", "))
		}
		answer = func(w io.Writer) error { return writeCompletions(w, *set.completions) }
	}
	if answer != nil {
		if err := answer(os.Stdout); err != nil {
			return nil, err
		}
		return nil, errAnswered
	}
	o.eval, o.evalSet = strings.Join(*set.eval, "\n"), fs.Changed("eval")
	o.files = append(slices.Clone(*set.reads), fs.Args()...)
	if found, err := command.ExpandPaths(o.files); err == nil { // else the names tell what is not there
		o.files = found
	}
	if slices.Equal(o.capturing.interfaces, []string{"-"}) { // a capture that comes through a pipe
		o.files, o.capturing.interfaces = append(o.files, "-"), nil
	}
	return o, errors.Join(o.setEngine(*set.engine), o.setTimes(*set.times), o.setKeys(*set.keyType, *set.keys), o.check(), o.output.check(o.capturing.asked()), o.capturing.check(o.files))
}

// splitScript takes what follows --script FILE off the command line.
func splitScript(args []string) (ours, script []string) {
	for i, a := range args {
		switch {
		case a == "--":
			return args, nil
		case a == "--script" && i+1 < len(args):
			return args[:i+2], args[i+2:]
		case strings.HasPrefix(a, "--script="):
			return args[:i+1], args[i+1:]
		}
	}
	return args, nil
}

func (o *options) setEngine(name string) error {
	for _, m := range []plan.Mode{plan.Auto, plan.Native, plan.Wireshark} {
		if m.String() == name {
			o.mode = m
			return nil
		}
	}
	return fmt.Errorf("--engine %s: auto, native or wireshark was wanted", name)
}

func (o *options) setTimes(format string) (err error) {
	o.times, err = engine.ParseTimeFormat(format)
	return err
}

func (o *options) setKeys(kind string, keys []string) error {
	if err := engine.CheckWLANKeyType(kind); err != nil {
		return fmt.Errorf("--encryption-type: %w", err)
	}
	for _, key := range keys {
		record, err := engine.WLANKey(kind, key)
		if err != nil {
			return fmt.Errorf("--decryption-key: %w", err)
		}
		o.wlanKeys = append(o.wlanKeys, record)
	}
	return nil
}

// check refuses what contradicts itself.
func (o *options) check() error {
	switch {
	case !slices.Contains([]string{"auto", "always", "never"}, o.color):
		return fmt.Errorf("--color %s: auto, always or never was wanted", o.color)
	case o.output.asked() && (o.evalSet || o.script != ""):
		return errors.New("-T and -w answer and exit; --eval and --script do not go with them")
	case o.evalSet && o.script != "":
		return errors.New("--eval and --script exclude each other")
	case len(o.files) > 1 && slices.Contains(o.files, "-"):
		return errors.New("standard input (-) cannot be merged with files")
	case o.noNames && o.names != "":
		return errors.New("-n and -N exclude each other")
	}
	return nil
}

// dissection is how Wireshark is configured.
func (o *options) dissection() wireshark.Config {
	return wireshark.Config{
		Names: o.names, Preferences: o.preferences, DecodeAs: o.decodeAs,
		DisabledProtocols: o.disabled, EnabledProtocols: o.enabled, KeyLog: o.keyLog, DecryptionKeys: o.wlanKeys,
	}
}

// engineConfig is the session's part of the command line.
func (o *options) engineConfig(t *terminal) engine.Config {
	cfg := engine.Config{
		Mode:       o.mode,
		Dissection: o.dissection(),
		Times:      o.times,
		CacheDir:   filepath.Join(xdg.CacheHome, "pktsh"),
		StateDir:   filepath.Join(xdg.StateHome, "pktsh"),
		Eager:      t != nil,
		Progress:   t.progress(),
		Notify:     t.notify,
	}
	cfg.Tools = wireshark.Find(os.Getenv("PATH"))
	if o.mode == plan.Native {
		cfg.Tools = wireshark.Tools{Dumpcap: cfg.Tools.Dumpcap} // who captures dissects nothing
	}
	return cfg
}

func printUsage(w io.Writer, fs *pflag.FlagSet) {
	fmt.Fprint(w, `pktsh is a shell for packets.

  pktsh [flags] [FILE…]           explore captures at a prompt
  commands | pktsh FILE           run commands from a pipe
  pktsh FILE --eval CODE          run one line
  pktsh FILE --script S [ARGS]    run a script
  pktsh -i IFACE [-f BPF]         capture, and explore while it runs

Flags
`+fs.FlagUsagesWrapped(100)+`
At the prompt: help
`)
}

func printVersion(w io.Writer) int {
	fmt.Fprintf(w, "pktsh %s\n", version)
	tools := wireshark.Find(os.Getenv("PATH"))
	if v, err := tools.Version(context.Background(), filepath.Join(xdg.CacheHome, "pktsh")); err == nil {
		fmt.Fprintf(w, "Wireshark %s (%s)\n", v, tools.Sharkd)
	} else {
		fmt.Fprintln(w, "Wireshark: not found on PATH")
	}
	return exitOK
}
