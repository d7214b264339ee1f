// Package repl is the Shell: one input in, one result out. It knows no
// terminal: the prompt, a pipe, --eval and --script all feed it text, and it
// writes to the writers it was given.
//
// A [Shell] decides on the text alone whether a line is a command or Starlark,
// keeps the variables cap and pkt in step with what the commands use, and
// reports errors with their place. run.go holds the ways to feed it; redirect.go
// sends a command's output to files and shell commands; complete.go connects
// completion with what the session knows.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/repl/command"
	"pktsh/repl/render"
	"pktsh/repl/result"
	"pktsh/repl/script"
)

// ColorFiles is where colouring rules are kept.
type ColorFiles = command.ColorFiles

// Config is what a Shell needs from outside.
type Config struct {
	Session *engine.Session
	// Out takes results, Err errors and notices.
	Out, Err io.Writer
	// System is the standard input, output and error of the shell commands
	// that a line runs: files, so that programs find the terminal there.
	System struct{ In, Out, Err *os.File }
	// Style is asked before every result, because a terminal changes its size.
	Style func() render.Style
	// Color is auto, always or never; auto is what Style says. "" is auto.
	Color string
	// ColorFiles is where colouring rules are kept, SettingsFile what set --save saves;
	// "" means nothing does.
	ColorFiles   ColorFiles
	SettingsFile string
	// History returns what was typed before; nil means nothing was.
	History func() []string
	// Args are a script's arguments: argv.
	Args []string
	// KeepGoing runs on after an error.
	KeepGoing bool
	// FiltersFile keeps saved filters between sessions; "" means nothing does.
	FiltersFile string
	// Pager is what shows answers longer than the screen; nil where nothing can.
	Pager *Pager
	// SystemShell runs shell commands; "" means /bin/sh.
	SystemShell string
	// Edit hands a text to the user's editor; nil where there is no terminal for it.
	Edit func(ctx context.Context, text string) (string, error)
	// Remember adds what an editor made to what was typed; nil does nothing.
	Remember func(text string)
	// Repaints says that the terminal can show an answer in the place of another.
	Repaints bool
}

// Shell runs inputs. It is not safe for concurrent use.
type Shell struct {
	cfg       Config
	table     *command.Table
	state     *command.State
	interp    *script.Interp
	completer *completion.Completer
	here      *here     // what completion found at hand last
	out       *watched  // cfg.Out
	screen    io.Writer // where out goes when nobody captures it

	failed bool // an error was reported in this run
	goOn   bool // an error does not end the file that runs (the rc file)
	quit   bool
	code   int
	// capturing takes what shell commands print while an answer is captured; nil
	// lets them print themselves.
	capturing io.Writer
	// sourced is how many files run each other.
	sourced int

	live       []*liveCapture // that are open
	interfaces knownInterfaces

	generation uint64 // the session's that the user's packets are of

	// pushed is what cap and pkt were last set to from the commands' side, or
	// were seen to be bound to.
	pushed struct {
		view   *engine.View
		packet *engine.Packet
	}
}

// New returns a Shell with no capture open.
func New(cfg Config) *Shell {
	s := &Shell{cfg: cfg, table: command.NewTable(), out: &watched{w: cfg.Out}, screen: cfg.Out}
	s.cfg.Out = s.out
	s.state = &command.State{
		Session:        cfg.Session,
		Variables:      s.variables,
		Notice:         s.Notice,
		History:        cfg.History,
		System:         s.system,
		Defined:        func(name string) bool { return s.interp.Defined(name) },
		Describe:       func(ctx context.Context, expr string) (result.Result, bool) { return s.interp.Describe(ctx, expr) },
		Source:         s.source,
		Time:           s.timed,
		Watch:          s.watch,
		Edit:           cfg.Edit,
		Input:          s.input,
		FunctionSource: func(name string) (string, bool) { return s.interp.FunctionSource(name) },
		Quit:           func(code int) { s.quit, s.code = true, code },
	}
	var err error
	if s.state.Settings, err = command.NewSettings(cfg.Session, cfg.Color, cfg.ColorFiles); err != nil {
		s.Notice(fmt.Sprintf("the colouring rules cannot be read: %v", err))
	}
	s.state.Settings.File = cfg.SettingsFile
	if s.state.History == nil {
		s.state.History = func() []string { return nil }
	}
	s.interp = script.New(script.Config{
		Out:       escapedWriter{s.out},
		Echo:      func(repr string) { fmt.Fprintln(s.out, render.EscapeText(repr)) },
		Show:      func(r result.Result) { _ = s.show(context.Background(), r) },
		Page:      s.page,
		Notice:    s.Notice,
		Open:      s.openForScript,
		Catalogue: s.scriptCatalogue,
		Args:      cfg.Args,
	})
	for _, c := range s.table.All() {
		if !c.NoFunction {
			s.addFunction(c)
		}
	}
	if s.state.Saved, err = command.LoadSavedFilters(cfg.Session, cfg.FiltersFile); err != nil {
		s.Notice(err.Error())
	}
	s.completer = s.newCompleter()
	return s
}

// OpenOptions says what Open opens and how.
type OpenOptions struct {
	engine.OpenOptions
	Beginning
}

// Beginning says how the capture that a session begins with is looked at.
type Beginning struct {
	// Filter is the display filter to begin with; "" for none.
	Filter string
	// DropPackets and OnlySummaries are PyShark's keep_packets=False and
	// only_summaries=True for the variable cap.
	DropPackets, OnlySummaries bool
}

// begin makes a capture the one in use, through the filter to begin with.
func (s *Shell) begin(ctx context.Context, c *engine.Capture, b Beginning) (err error) {
	v := c.All()
	if b.Filter != "" {
		if v, err = v.Narrow(ctx, b.Filter); err != nil {
			return err
		}
	}
	return s.state.Use(ctx, v)
}

// useFor binds the variables to the capture that a session begins with.
func (s *Shell) useFor(b Beginning) {
	s.pushVariables()
	s.interp.SetCaptureMode("cap", !b.DropPackets, b.OnlySummaries)
}

// refuse prints why a session cannot begin.
func (s *Shell) refuse(err error) error {
	s.failed = true
	_ = render.New(s.cfg.Err, s.style()).Error("pktsh: " + s.explain(err, "", 0))
	return errReported
}

// Open opens captures as the command line names them and uses them. What is
// wrong is printed, the warnings about the file too; the error only says that it
// failed.
func (s *Shell) Open(ctx context.Context, o OpenOptions) error {
	c, err := s.cfg.Session.Open(ctx, o.OpenOptions)
	if err == nil {
		err = s.begin(ctx, c, o.Beginning)
	}
	if err != nil {
		return s.refuse(err)
	}
	s.useFor(o.Beginning)
	s.warnings(c)
	return nil
}

// warnings prints what is wrong with a file that was opened.
func (s *Shell) warnings(c *engine.Capture) {
	for _, w := range c.Warnings() {
		_ = render.New(s.cfg.Err, s.style()).Warning(w)
	}
}

// Greet introduces the capture in use, or says what can be done without one.
func (s *Shell) Greet(ctx context.Context, version string) {
	line := "pktsh " + version + "   open FILE opens a capture, help explains, Ctrl-D leaves"
	if s.state.View != nil {
		line = command.Banner(ctx, s.state.View.Capture())
	}
	_ = s.show(ctx, &result.Status{Line: line})
}

// prefixMost is how many columns the file and the filter take in the prompt; the rest
// of the line is for typing.
const prefixMost = 30

// Prefix returns the prompt: "pkt(dns)> " with the filter in force, "pkt
// browse.pcapng(dns)> " where several captures are open.
func (s *Shell) Prefix() string {
	v := s.state.View
	if v == nil {
		return "pkt> "
	}
	begin, file, filter := "pkt"+s.livePrefix(), "", v.Filter()
	room := prefixMost
	if s.livePrefix() == "" && len(s.cfg.Session.Captures()) > 1 {
		// The file gets half where both are long, and what the filter leaves over.
		most := max(room-1-render.Width(filter), room/2-1)
		if file = render.Cut(v.Capture().Name(), max(most, 0)); file != "" {
			file = " " + file
		}
	}
	if filter == "" {
		return begin + file + "> "
	}
	return begin + file + "(" + render.Cut(filter, max(room-render.Width(file), 1)) + ")> "
}

// Quit says whether the user asked to leave, and with which exit code.
func (s *Shell) Quit() (code int, quit bool) { return s.code, s.quit }

// variables lists the user's variables that hold captures.
func (s *Shell) variables() []command.Variable {
	var out []command.Variable
	for _, name := range s.interp.Names() {
		if v, ok := s.interp.GetCapture(name); ok && !v.Capture().Closed() {
			out = append(out, command.Variable{Name: name, View: v})
		}
	}
	return out
}

// pushVariables brings cap and pkt in step with what the commands use, when that
// has changed: until then a name that the user bound to something else is theirs.
func (s *Shell) pushVariables() {
	if now := s.cfg.Session.Generation(); now != s.generation {
		s.generation = now
		s.interp.Renew()
	}
	if s.state.View != s.pushed.view {
		s.pushed.view = s.state.View
		s.interp.SetCapture("cap", s.state.View)
	}
	if s.state.Packet != s.pushed.packet {
		s.pushed.packet = s.state.Packet
		s.interp.SetPacket("pkt", s.state.Packet)
	}
}

// pullVariables brings what the commands use in step with cap and pkt, where
// the user's code bound them to a capture and a packet.
func (s *Shell) pullVariables(ctx context.Context) error {
	packet, bound := s.interp.GetPacket("pkt")
	if v, ok := s.interp.GetCapture("cap"); ok && v != s.state.View {
		if err := s.state.Use(ctx, v); err != nil {
			return err
		}
		s.pushed.view = v
		if !bound || packet == s.pushed.packet { // pkt did not move: it follows cap
			packet = nil
			s.pushVariables()
		}
	}
	if packet != nil {
		s.state.Packet, s.pushed.packet = packet, packet
	}
	return nil
}

// addFunction makes a command a function under each of its names.
func (s *Shell) addFunction(c *command.Command) {
	call := func(ctx context.Context, args []any, kwargs map[string]any) (any, error) {
		in, err := functionInput(c, args, kwargs)
		if err != nil {
			return nil, err
		}
		s.refresh()
		r, err := s.runCommand(ctx, c, in)
		if err != nil {
			return nil, err
		}
		s.pushVariables()
		return nil, s.show(ctx, r)
	}
	for _, name := range append([]string{c.Name}, c.Aliases...) {
		if !s.interp.Owns(name) {
			s.interp.AddFunc(name, call)
		}
	}
}

// functionInput writes a call's arguments as a command line has them.
func functionInput(c *command.Command, args []any, kwargs map[string]any) (command.Input, error) {
	var words []string
	for _, a := range args {
		switch a := a.(type) {
		case *engine.Packet:
			if c.Name == "help" {
				words = append(words, "pkt")
				continue
			}
			words = append(words, fmt.Sprint(a.Number()))
		case *engine.View:
			if c.Name != "help" {
				return command.Input{}, fmt.Errorf("%s: got a capture; a string, a number or a packet was wanted", c.Name)
			}
			words = append(words, "cap")
		case string, int64, int, float64:
			words = append(words, fmt.Sprint(a))
		case bool: // prefs('tcp.desegment_tcp_streams', False)
			words = append(words, strings.ToUpper(fmt.Sprint(a)))
		default:
			return command.Input{}, fmt.Errorf("%s: a string, a number or a packet was wanted as argument", c.Name)
		}
	}
	options := map[string]string{}
	for name, v := range kwargs {
		switch v := v.(type) {
		case bool:
			if v {
				options[name] = ""
			}
		default:
			options[name] = fmt.Sprint(v)
		}
	}
	return c.FromCall(words, options)
}

// scriptCatalogue is the field catalogue as scripts see it. A person is not kept
// waiting for it; a script is, so that its fields have the same types each time.
func (s *Shell) scriptCatalogue() *dissect.Catalogue {
	if s.style().Interactive {
		return s.catalogue()
	}
	c, err := s.cfg.Session.WaitCatalogue(context.Background())
	if err != nil {
		return nil // the session is closing
	}
	return c
}

// runCommand runs a command; its rows are data when --output says so.
func (s *Shell) runCommand(ctx context.Context, c *command.Command, in command.Input) (result.Result, error) {
	format, err := c.Format(in)
	if err != nil {
		return nil, err
	}
	if format != "" {
		s.state.PageRows, s.state.Color = 0, false // data is whole and has no previews
	}
	r, err := c.Run(ctx, s.state, in)
	return command.As(r, format), err
}

// style is how results are to look now.
func (s *Shell) style() render.Style {
	style := s.cfg.Style()
	switch set := s.state.Settings; {
	case set == nil: // it is being made
	case set.Color == "always":
		style.Color = true
	case set.Color == "never":
		style.Color = false
	}
	if s.state.Settings != nil {
		style.Theme = s.state.Settings.Theme
	}
	return style
}

// refresh tells the commands about the screen as it is now.
func (s *Shell) refresh() {
	style := s.style()
	s.state.PageRows, s.state.Color = 0, style.Color && style.Depth != render.Depth16
	if style.Interactive {
		s.state.PageRows = pageRows(style.Width, style.Height)
		if rows := s.state.Settings.Rows; rows > 0 {
			s.state.PageRows = rows
		}
	}
}

// page returns how many rows fit on the screen, 0 where nobody looks on.
func (s *Shell) page() int {
	s.refresh()
	return s.state.PageRows
}

// show prints a result.
func (s *Shell) show(ctx context.Context, r result.Result) error {
	s.warnPartial(r)
	return render.New(s.cfg.Out, s.style()).Result(ctx, r)
}

// Notice prints a line that nobody asked for.
func (s *Shell) Notice(line string) {
	_ = render.New(s.cfg.Err, s.style()).Notice(line)
}

// warnPartial says once that Wireshark would show more of a packet.
func (s *Shell) warnPartial(r result.Result) {
	if t, ok := r.(*result.Tree); ok && t.Tree != nil && t.Tree.Partial {
		s.cfg.Session.NoticePartial()
	}
}

// escapedWriter escapes what scripts print: the text may come out of packets.
type escapedWriter struct{ w io.Writer }

func (e escapedWriter) Write(b []byte) (int, error) {
	if _, err := io.WriteString(e.w, render.EscapeText(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// isClosedPipe says whether an error of a write means that whoever read it left.
func isClosedPipe(err error) bool {
	return errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.EPIPE)
}

// catalogue returns the field catalogue, nil while it is not loaded.
func (s *Shell) catalogue() *dissect.Catalogue { return s.cfg.Session.Catalogue() }
