package completion

import "iter"

// Kind is the kind of place the cursor is in.
type Kind uint8

const (
	// KindNone is a place where nothing can be suggested: a comment, a number,
	// the name a def is about to bind, a shell command after "|".
	KindNone Kind = iota
	// KindCommandName is the first word of an input: a command or, unless
	// Context.CommandOnly, the beginning of Starlark.
	KindCommandName
	// KindArgument is a word of a command's arguments: Context.Command,
	// Context.Args, Context.Kinds.
	KindArgument
	// KindFilter is inside a display filter: Context.Filter.
	KindFilter
	// KindAttribute is after a dot: Context.Receiver.
	KindAttribute
	// KindName is a Starlark name or keyword: Context.Call, Context.AfterOperand.
	KindName
	// KindString is inside a string literal: Context.Call, Context.Kinds.
	KindString
)

// String returns the kind's name for tests and `explain`.
func (k Kind) String() string {
	names := [...]string{"none", "command", "argument", "filter", "attribute", "name", "string"}
	if int(k) < len(names) {
		return names[k]
	}
	return "invalid"
}

// ArgKind is a set of kinds of word that an argument may be.
type ArgKind uint32

// The kinds of word. ArgText stands for anything and is never completed.
const (
	ArgText         ArgKind = 1 << iota
	ArgFile                 // any file
	ArgCaptureFile          // a file that holds packets
	ArgDirectory            // a directory
	ArgFrame                // a frame number
	ArgRange                // frame numbers: 10-20
	ArgLayer                // a layer of the current packet
	ArgProtocol             // a protocol of the catalogue
	ArgField                // a field of the catalogue
	ArgFilter               // a display filter, up to the end of the line
	ArgCapture              // an open capture
	ArgInterface            // a capture interface
	ArgStream               // the number of a conversation
	ArgCommand              // a command's name
	ArgHelp                 // a help topic
	ArgSetting              // the name of a setting
	ArgSettingValue         // a value of the setting that is the word before
	ArgPreference           // a Wireshark preference
	ArgColumn               // a column of the packet list
	ArgKey                  // a key of the call's callee: pkt['…']
	ArgMember               // a member of the call's receiver, as a string
	ArgChoice               // one of Arg.Choices
	ArgOption               // an option of the command
)

// Arg is one positional argument of a command.
type Arg struct {
	// Kinds are the kinds of word that may stand here.
	Kinds ArgKind
	// Choices are the words of ArgChoice.
	Choices []string
	// Repeat says that any number of the same may follow. Only for the last.
	Repeat bool
}

// Option is a flag of a command.
type Option struct {
	// Name is written with its dashes: "--hex".
	Name string
	// Help is one line.
	Help string
	// Value is what the option takes, as the next word or after "=".
	// Zero Kinds means that it takes nothing.
	Value Arg
	// Plain says that with it the arguments are plain text, whatever Args say.
	Plain bool
}

// Command is what completion needs to know of a command.
type Command struct {
	// Name is the name under which it is offered, not an alias.
	Name string
	// Help is one line.
	Help string
	// Args are the positional arguments in order.
	Args []Arg
	// Options may stand between the arguments, before a filter.
	Options []Option
}

// arg returns the i-th positional argument.
func (c *Command) arg(i int) (Arg, bool) {
	switch n := len(c.Args); {
	case i < n:
		return c.Args[i], true
	case n > 0 && c.Args[n-1].Repeat:
		return c.Args[n-1], true
	}
	return Arg{}, false
}

func (c *Command) option(name string) (Option, bool) {
	for _, o := range c.Options {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

// takesFilter says whether the command's line ends in a display filter, so
// that ">", "|" and "&" belong to it.
func (c *Command) takesFilter() bool {
	for _, a := range c.Args {
		if a.Kinds&ArgFilter != 0 {
			return true
		}
	}
	return false
}

// Commands is the command table.
type Commands interface {
	// Lookup returns the command with this name or alias, rebound or not.
	Lookup(name string) (Command, bool)
	// Rebound says whether the user gave the name a Starlark value, so that
	// only ":name" is still the command.
	Rebound(name string) bool
	// All yields every command once.
	All() iter.Seq[Command]
}

// Parameter is one parameter of a function.
type Parameter struct {
	Name string
	// Detail is shown beside it: its type or meaning.
	Detail string
	// Kinds are the kinds of string that it takes; 0 when it takes none.
	Kinds ArgKind
}

// Functions knows the parameters of functions.
type Functions interface {
	// Parameters returns the parameters, in positional order, of the function
	// that the expression callee ("FileCapture", "cap[3:5].filter") stands for;
	// nil when it is not known. It must not evaluate the expression.
	Parameters(callee string) []Parameter
}

// Call is the innermost bracket that the cursor is in.
type Call struct {
	// Callee is the expression before the bracket, without white space:
	// "FileCapture" or, for an index, "pkt". Empty for parentheses and displays.
	Callee string
	// Index says that the bracket is that of an index, List that it is that of a list display.
	Index, List bool
	// Arg counts the arguments before the one the cursor is in.
	Arg int
	// Keyword is the argument's name if it has one: "display_filter".
	Keyword string
}

// Context is what was found out about the place of the cursor.
type Context struct {
	// Text is the whole input and Cursor a byte offset into it.
	Text   string
	Cursor int
	Kind   Kind
	// Word is what a suggestion replaces: Text[Start:Cursor].
	Word string
	// Start is the byte offset of Word.
	Start int
	// Value is Word as it is meant, without quotes and escapes.
	Value string
	// Quote is the quote that Word is in, 0 for none. For KindArgument it
	// is part of Word; for KindString and a filter in a string it stands before it.
	Quote byte

	// CommandOnly says that Word must be a command's name (":ls").
	CommandOnly bool
	// Command is the command whose arguments the cursor is in.
	Command Command
	// Args are the positional words before Word, unquoted.
	Args []string
	// Kinds are the kinds of word that may stand here, and Choices the words of
	// ArgChoice. Set for KindArgument, KindFilter and KindString.
	Kinds   ArgKind
	Choices []string

	// Filter is set for KindFilter.
	Filter FilterContext

	// Receiver is the expression before the dot, without white space, for KindAttribute:
	// `pkt`, `cap.filter("dns")[0].dns`; for ArgMember the one before the
	// method, for ArgKey the one before the bracket.
	Receiver string
	// Call is the innermost open bracket; nil for none.
	Call *Call
	// AfterOperand says that the word before ended a value, so that only an
	// operator or a keyword can follow. For KindName.
	AfterOperand bool
	// LineStart says that the word is the first of its statement. For KindName.
	LineStart bool
}

// Wants says whether a word of one of these kinds may stand at the cursor.
func (c *Context) Wants(kinds ArgKind) bool { return c.Kinds&kinds != 0 }
