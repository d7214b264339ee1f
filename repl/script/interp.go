package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/repl/result"
)

// Config is what an interpreter needs from outside. Every function may be nil.
type Config struct {
	// Out takes what print writes.
	Out io.Writer
	// Echo receives the repr of an expression that stands by itself.
	Echo func(repr string)
	// Show receives what pretty_print shows. When it is nil the text goes to Out.
	Show func(result.Result)
	// Page returns how many rows of a long answer are shown at once where a person
	// looks on; 0 for all of them.
	Page func() int
	// Notice receives what a person should know and nobody asked for, a line each.
	Notice func(line string)
	// Open opens a capture for FileCapture.
	Open func(ctx context.Context, o OpenOptions) (*engine.Capture, error)
	// Catalogue returns the field catalogue, nil while it is not loaded.
	Catalogue func() *dissect.Catalogue
	// Dir is what load() resolves relative paths against; "" means the
	// process's working directory.
	Dir string
	// Args are the script's arguments: the list argv.
	Args []string
}

// Interp runs source and keeps its globals. It is not safe for concurrent use:
// the one goroutine that reads the prompt uses it.
type Interp struct {
	cfg      Config
	builtin  starlark.StringDict // what every file starts with
	main     *scope
	modules  map[string]*module
	noticed  map[string]bool
	feeders  map[*engine.Capture]*feeder  // of the captures in memory
	sniffers map[*engine.Capture]*sniffer // of the live ones
	headers  map[string]*headerLayer      // nil until first needed
	words    words
	// protocols are the catalogue's by the spelling under which names are compared;
	// "" stands for several. Nil until the catalogue is loaded.
	protocols map[string]string

	answers answers

	// epoch counts the changes of what packets answer (renew.go).
	epoch uint64

	ctx     atomic.Pointer[context.Context]
	thread  *starlark.Thread  // the one that runs, nil when none does
	pending error             // what an iterator could not return
	handled error             // what an except clause took last, for raise
	nested  int               // chunks that run within each other
	sources map[string]source // the texts of functions
	results int               // how many values were kept in _1, _2 …
	// iterations is how many loops over captures began.
	iterations int
}

// maxNested bounds the chunks that run each other (source within source).
const maxNested = 50

// New returns an interpreter.
func New(cfg Config) *Interp {
	it := &Interp{cfg: cfg, modules: map[string]*module{}, noticed: map[string]bool{}, feeders: map[*engine.Capture]*feeder{}, sniffers: map[*engine.Capture]*sniffer{}}
	it.builtin = maps.Clone(starlark.Universe)
	it.builtin["math"] = math.Module
	it.addOperators(it.builtin)
	it.addBuiltins(it.builtin)
	it.addPython(it.builtin)
	args := make([]starlark.Value, len(cfg.Args))
	for i, a := range cfg.Args {
		args[i] = starlark.String(a)
	}
	it.builtin["argv"] = starlark.NewList(args)
	it.main = it.newScope()
	return it
}

// fileOptions is the dialect.
func fileOptions() *syntax.FileOptions {
	return &syntax.FileOptions{
		Set: true, While: true, TopLevelControl: true, GlobalReassign: true,
		Recursion: true, LoadBindsGlobally: true,
	}
}

// Exec runs a chunk of one or several complete statements. Filename and line
// (that of the chunk's first line, from 1) are for errors, which are *Error.
// Values of expressions that stand by themselves are echoed, except None, and
// kept in _. Statements before the one that fails keep their effect.
//
// When ctx ends, Exec returns within milliseconds with an error that
// errors.Is(err, context.Canceled) recognises.
func (it *Interp) Exec(ctx context.Context, src, filename string, line int) (err error) {
	file, err := parse(src, filename, line)
	if err != nil {
		return it.explain(ctx, src, err)
	}
	it.noticeImport(src)
	it.rememberSources(file, src, max(line, 1))
	if it.nested >= maxNested {
		return it.translate(ctx, fmt.Errorf("%s: chunks run each other %d deep; does a file run itself?", filename, it.nested))
	}
	thread := &starlark.Thread{Name: filename, Load: it.load}
	defer it.enter(ctx, thread)()
	stop := context.AfterFunc(ctx, func() { thread.Cancel("interrupted") })
	defer stop()
	if err := it.run(thread, it.main, file, true); err != nil && !errors.Is(err, errExit) {
		return it.explain(ctx, src, err)
	}
	return nil
}

// explain is translate for the source of a chunk.
func (it *Interp) explain(ctx context.Context, src string, err error) error {
	err = it.translate(ctx, err)
	if e, ok := err.(*Error); ok && e.Kind != ErrorRuntime {
		it.hintFilter(src, e)
	}
	return err
}

func parse(src, filename string, line int) (*syntax.File, error) {
	line = max(line, 1)
	parse := func(src string) (*syntax.File, error) {
		return fileOptions().Parse(filename, syntax.FilePortion{Content: []byte(src), FirstLine: int32(line), FirstCol: 1}, 0)
	}
	file, err := parse(src)
	if err != nil {
		written := src
		src, _ = withoutImports(src)
		if src = withoutModuleImports(src); src != written {
			file, err = parse(src)
		}
		if err != nil {
			before := src
			if src = fromPython(src); src != before {
				file, err = parse(src)
			}
		}
	}
	if err == nil {
		file.Stmts = (&withs{}).block(file.Stmts)
		err = checkTries(file.Stmts)
	}
	if err != nil {
		return nil, explainSyntax(src, line, err)
	}
	return file, nil
}

// enter makes thread and ctx current and returns what puts the former back.
// Exec may so be called by a function that Exec runs.
func (it *Interp) enter(ctx context.Context, thread *starlark.Thread) (leave func()) {
	oldThread, oldPending, oldCtx := it.thread, it.pending, it.ctx.Load()
	it.thread, it.pending = thread, nil
	it.ctx.Store(&ctx)
	it.nested++
	return func() {
		it.nested--
		it.thread, it.pending = oldThread, oldPending
		it.ctx.Store(oldCtx)
	}
}

// context returns the context of the chunk that runs: Starlark's interfaces
// pass none to attributes and iterators.
func (it *Interp) context() context.Context {
	if ctx := it.ctx.Load(); ctx != nil {
		return *ctx
	}
	return context.Background()
}

// fail stops the running chunk with err, for where Starlark's interfaces
// return no error: iterators, Len, String.
func (it *Interp) fail(err error) {
	if it.pending == nil {
		it.pending = err
	}
	if it.thread != nil {
		it.thread.Cancel(err.Error())
	}
}

// run runs a file's statements one by one in a scope. A panic becomes an error.
func (it *Interp) run(thread *starlark.Thread, in *scope, file *syntax.File, echo bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	for _, s := range file.Stmts {
		it.words.read(s)
		one := &syntax.File{Path: file.Path, Options: file.Options, Stmts: rewriteTop(s, echo)}
		// Every name is looked up when it is used, so every name is accepted here.
		prog, err := starlark.FileProgram(one, func(string) bool { return true })
		if err != nil {
			return err
		}
		bound, err := prog.Init(thread, in.env)
		for name, v := range bound { // what load() bound
			if !isOwnName(name) {
				in.set(name, v)
			}
		}
		if it.pending != nil {
			return it.inPacket(thread, it.atStack(err, it.pending))
		}
		if err != nil {
			return it.inPacket(thread, err)
		}
	}
	return nil
}

// atStack gives a pending error the place where the thread was cancelled.
func (it *Interp) atStack(cancelled, pending error) error {
	evalErr, ok := cancelled.(*starlark.EvalError)
	if !ok {
		return pending
	}
	out := it.translateEval(evalErr)
	out.Msg, out.Err = pending.Error(), pending
	return out
}

// notice tells a person a line once.
func (it *Interp) noticeOnce(line string) {
	if it.noticed[line] || it.cfg.Notice == nil {
		return
	}
	it.noticed[line] = true
	it.cfg.Notice(line)
}

// catalogue returns the field catalogue or nil.
func (it *Interp) catalogue() *dissect.Catalogue {
	if it.cfg.Catalogue == nil {
		return nil
	}
	return it.cfg.Catalogue()
}

// names returns the field catalogue, that of the native dissectors while none
// is loaded.
func (it *Interp) names() *dissect.Catalogue {
	if c := it.catalogue(); c != nil {
		return c
	}
	return dissect.NativeCatalogue()
}

// scope is a file's globals: one table that its functions read while they run.
type scope struct {
	it  *Interp
	env starlark.StringDict
	// assigned are the names that the user's code bound.
	assigned map[string]bool
}

func (it *Interp) newScope() *scope {
	s := &scope{it: it, env: maps.Clone(it.builtin), assigned: map[string]bool{}}
	s.env[opGlobals] = globals{s}
	s.env[opEcho] = starlark.NewBuiltin(opEcho, it.echo)
	return s
}

func (s *scope) set(name string, v starlark.Value) {
	s.env[name] = v
	s.assigned[name] = true
}

// names returns the scope's names in order, operators left out.
func (s *scope) names() []string {
	names := slices.Sorted(maps.Keys(s.env))
	return slices.DeleteFunc(names, func(n string) bool {
		_, exception := s.env[n].(exceptionClass) // known, but nothing that one looks for
		return exception || strings.HasPrefix(n, "⟨") || strings.HasPrefix(n, "__")
	})
}

// globals is the value that assignments at top level go to.
type globals struct{ s *scope }

func (globals) String() string        { return "globals" }
func (globals) Type() string          { return "globals" }
func (globals) Freeze()               {}
func (globals) Truth() starlark.Bool  { return true }
func (globals) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: globals") }

// Get returns a global, for x += 1.
func (g globals) Get(k starlark.Value) (starlark.Value, bool, error) {
	name := string(k.(starlark.String))
	v, ok := g.s.env[name]
	if !ok {
		return nil, false, fmt.Errorf("%s", g.s.it.undefined(name))
	}
	return v, true, nil
}

// SetKey assigns a global.
func (g globals) SetKey(k, v starlark.Value) error {
	g.s.set(string(k.(starlark.String)), v)
	return nil
}

// module is a loaded file; loading is set until it has run.
type module struct {
	globals starlark.StringDict
	loading bool
	err     error
}

// load runs a file named by load() once and returns its globals.
func (it *Interp) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(it.cfg.Dir, path)
	}
	if m, ok := it.modules[path]; ok {
		if m.loading {
			return nil, fmt.Errorf("load(%q): the file loads itself, directly or through another (cycle)", name)
		}
		return m.globals, m.err
	}
	m := &module{loading: true}
	it.modules[path] = m
	m.globals, m.err = it.runModule(thread, path)
	m.loading = false
	if m.err != nil {
		delete(it.modules, path) // it may be mended and loaded again
	}
	return m.globals, m.err
}

func (it *Interp) runModule(thread *starlark.Thread, path string) (starlark.StringDict, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, it.translate(it.context(), err)
	}
	file, err := parse(string(src), path, 1)
	if err != nil {
		return nil, it.translate(it.context(), err)
	}
	in := it.newScope()
	if err := it.run(thread, in, file, false); err != nil {
		return nil, it.translate(it.context(), err)
	}
	out := make(starlark.StringDict, len(in.assigned))
	for name := range in.assigned {
		out[name] = in.env[name]
	}
	return out, nil
}
