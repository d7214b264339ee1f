package filter

// This file turns a checked filter into one that is evaluated over packets'
// headers, in three values. What a header walk is not sure of stays unsure, unless
// the rest of the filter decides: "false and unsure" is false.

import (
	"strings"

	"pktsh/dissect"
)

// Verdict is what a scan says of a packet.
type Verdict uint8

// The verdicts.
const (
	False Verdict = iota
	True
	// Unsure: only Wireshark knows.
	Unsure
	// Pending: more of the packet has to be looked at than the scan was given.
	Pending
)

// Level is how much of a packet a scan looks at.
type Level uint8

// The levels, from the least to the most.
const (
	// OfFlow looks at what all packets of a flow share.
	OfFlow Level = iota
	// OfFrame looks besides at the packet's number, time and lengths.
	OfFrame
	// OfPacket looks at all of it.
	OfPacket
)

// Scan is a filter over headers. It is immutable and safe for concurrent use.
type Scan struct {
	root   scanTest
	leaves int
	level  Level // the most that any leaf needs
	timed  bool
	trees  []string
	fields *dissect.Catalogue
}

// scanTest is a node of a scan.
type scanTest func(s *Scanned) Verdict

// Scanned is one packet as a scan looks at it. It is for one goroutine.
type Scanned struct {
	// Headers is the packet's walk.
	Headers *dissect.Headers
	// Tree returns the packet's tree with what [Scan.Trees] names.
	Tree func() *dissect.Tree

	level Level
	known uint64 // the leaves' verdicts on the flow, in two bits each
	buf   []dissect.Occurrence
}

// maxKnown is how many leaves' verdicts on a flow are kept.
const maxKnown = 32

// Scan returns the filter as it is evaluated over headers.
func (p *Program) Scan(table *dissect.Table) *Scan {
	s := &Scan{}
	if p.checked.root == nil {
		s.root = func(*Scanned) Verdict { return True }
		return s
	}
	c := scanCompiler{table: table, fields: table.Catalogue(), scan: s}
	s.fields = c.fields
	s.root = c.test(p.checked.root)
	return s
}

// Level is how much of a packet the scan may have to look at.
func (s *Scan) Level() Level { return s.level }

// Timed says that the scan asks for times that count from other packets'.
func (s *Scan) Timed() bool { return s.timed }

// Trees are the fields and protocols that are looked for in packets' trees.
func (s *Scan) Trees() []string { return s.trees }

// Verdict judges a packet.
func (s *Scan) Verdict(p *Scanned) Verdict {
	p.level = OfPacket
	return s.root(p)
}

// Flow judges what the packets of p's flow share. known is what the scan shall
// remember of it for [Scan.Frame].
func (s *Scan) Flow(p *Scanned) (v Verdict, known uint64) {
	p.level, p.known = OfFlow, 0
	v = s.root(p)
	return v, p.known
}

// Frame judges a packet by what is known of its flow and by p.Headers' number,
// time and lengths. It is Pending where the packet itself has to be looked at.
func (s *Scan) Frame(p *Scanned, known uint64) Verdict {
	p.level, p.known = OfFrame, known
	return s.root(p)
}

type scanCompiler struct {
	table  *dissect.Table
	fields *dissect.Catalogue
	scan   *Scan
}

func (c *scanCompiler) test(t checkedTest) scanTest {
	switch t := t.(type) {
	case *checkedLogical:
		return c.logical(t)
	case *checkedNot:
		x := c.test(t.x)
		return func(s *Scanned) Verdict {
			switch v := x(s); v {
			case False:
				return True
			case True:
				return False
			default:
				return v
			}
		}
	}
	return c.leaf(t)
}

func (c *scanCompiler) logical(t *checkedLogical) scanTest {
	left, right := c.test(t.left), c.test(t.right)
	// decides is the value that settles the whole whatever the other side is.
	decides, other := False, True
	switch t.op {
	case "||":
		decides, other = True, False
	case "&&":
	default:
		return func(s *Scanned) Verdict {
			a, b := left(s), right(s)
			if a >= Unsure || b >= Unsure {
				return max(a, b)
			}
			return a ^ b
		}
	}
	return func(s *Scanned) Verdict {
		a := left(s)
		if a == decides {
			return a
		}
		b := right(s)
		switch {
		case b == decides:
			return b
		case a >= Unsure || b >= Unsure:
			return max(a, b)
		}
		return other
	}
}

// leaf is a test that the three values enter by.
type leaf struct {
	// in are the protocols whose fields it asks for.
	in dissect.Set
	// level is how much of a packet it needs.
	level Level
	// nothing is the verdict on packets without any of the protocols.
	nothing Verdict
	// judge looks at a packet that may have one.
	judge scanTest
}

// leaf compiles a test that is no logic.
func (c *scanCompiler) leaf(t checkedTest) scanTest {
	l := c.fast(t)
	if l == nil {
		l = c.slow(t)
	}
	c.scan.level = max(c.scan.level, l.level)
	place := c.scan.leaves
	c.scan.leaves++
	if l.level == OfFlow && place < maxKnown {
		return c.remembered(l, uint(2*place))
	}
	return func(s *Scanned) Verdict {
		switch {
		case s.level >= l.level && (l.level != OfFlow || s.level != OfFrame):
			return l.judge(s)
		case s.level == OfFrame: // its headers are not there
			return Pending
		case !s.Headers.Has(l.in) && !s.Headers.Unsure.Has(l.in):
			return l.nothing
		}
		return Pending
	}
}

// remembered is a leaf whose verdict holds for all packets of a flow.
func (c *scanCompiler) remembered(l *leaf, shift uint) scanTest {
	return func(s *Scanned) Verdict {
		if s.level == OfFrame {
			return Verdict(s.known >> shift & 3)
		}
		v := l.judge(s)
		if s.level == OfFlow {
			s.known |= uint64(v) << shift
		}
		return v
	}
}

// slow evaluates a test over the packet's tree.
func (c *scanCompiler) slow(t checkedTest) *leaf {
	l := &leaf{level: OfPacket}
	doubtful := false
	visitTest(t, func(f *fieldOperand) {
		a, ok := c.table.Access(f.info.Name)
		if !ok { // the program was compiled with another catalogue
			doubtful = true
			l.in = ^dissect.Set(0)
			return
		}
		l.in |= a.In
		doubtful = doubtful || a.Doubtful
		c.scan.trees = append(c.scan.trees, a.Name)
	})
	match, fields := compileTest(t), c.fields
	l.nothing = verdict(match(FromTree(&dissect.Tree{}, fields)))
	l.judge = func(s *Scanned) Verdict {
		has := s.Headers.Has(l.in)
		switch {
		case s.Headers.Unsure.Has(l.in), has && doubtful:
			return Unsure
		case !has:
			return l.nothing
		}
		return verdict(match(FromTree(s.Tree(), fields)))
	}
	return l
}

func verdict(yes bool) Verdict {
	if yes {
		return True
	}
	return False
}

// Columnar says that the filter can be evaluated over [FromColumns]: it asks
// nothing of its fields that the text of their values does not tell.
func (p *Program) Columnar() bool {
	columnar := true
	visitTest(p.checked.root, func(f *fieldOperand) {
		switch f.fieldType.class {
		case classUint, classInt, classBool, classEther, classIPv4, classIPv6, classDelta:
		case classProtocol: // present or not; its bytes are no column
			columnar = columnar && p.onlyExists(f)
		default:
			columnar = false
		}
		columnar = columnar && f.layers == nil
	})
	return columnar
}

// onlyExists says that an operand is nowhere but in a test of its presence.
func (p *Program) onlyExists(f *fieldOperand) bool {
	var in func(t checkedTest) bool
	in = func(t checkedTest) bool {
		switch t := t.(type) {
		case *checkedLogical:
			return in(t.left) || in(t.right)
		case *checkedNot:
			return in(t.x)
		case *checkedExists:
			return t.x == checkedOperand(f)
		}
		return false
	}
	return p.checked.root != nil && in(p.checked.root)
}

// FromColumns returns a packet of which only some fields are known, by the texts of
// their values: those of one field are joined by commas, and that of a protocol is
// anything. It is for programs that are [Program.Columnar].
func FromColumns(names, values []string, fields Fields) Packet {
	t := &dissect.Tree{}
	for i, name := range names {
		if values[i] == "" {
			continue
		}
		for value := range strings.SplitSeq(values[i], ",") {
			info, _ := fields.Lookup(name)
			t.Nodes = append(t.Nodes, &dissect.Field{Name: name, Show: value, Protocol: info.Type == dissect.TypeProtocol})
		}
	}
	return FromTree(t, fields)
}
