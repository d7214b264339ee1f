package filter

// This file compiles the tests that are evaluated over headers directly: a field
// against constants, and what is there.

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"pktsh/dissect"
)

// holds says whether one occurrence satisfies a test.
type holds func(o *dissect.Occurrence) bool

// fast compiles a test over headers; nil where it takes the packet's tree.
func (c *scanCompiler) fast(t checkedTest) *leaf {
	switch t := t.(type) {
	case *checkedExists:
		if a := c.access(t.x); a != nil {
			l := c.over(a, false, func(*dissect.Occurrence) bool { return true })
			if a.Type == dissect.TypeProtocol {
				l.judge = func(s *Scanned) Verdict {
					switch {
					case s.Headers.Has(a.In):
						return True
					case s.Headers.Unsure.Has(a.In):
						return Unsure
					}
					return False
				}
			}
			return l
		}
	case *checkedComparison:
		right, ok := t.right.(*constant)
		if a := c.access(t.left); a != nil && ok {
			if test := compareNumber(a, t.op, right.value); test != nil && a.Numeric() {
				return c.overNumbers(a, t.all, test)
			}
			if test := compareConstant(a, t, right.value); test != nil {
				l := c.over(a, t.all, test)
				if a.Type == dissect.TypeProtocol {
					l.level = OfPacket // flows share that a protocol is there, not its bytes
				}
				return l
			}
		}
	case *checkedMembership:
		if a := c.access(t.left); a != nil && a.Type != dissect.TypeProtocol {
			if test := inConstants(a, t.set); test != nil {
				return c.over(a, t.all, test)
			}
		}
	}
	return nil
}

// access returns how an operand is read out of headers, nil where it is not.
func (c *scanCompiler) access(x checkedOperand) *dissect.Access {
	f, ok := x.(*fieldOperand)
	if !ok || f.layers != nil {
		return nil
	}
	a, ok := c.table.Access(f.info.Name)
	if !ok || !a.Direct || a.Doubtful {
		return nil
	}
	return a
}

// over asks one or every occurrence of a field. Occurrences that are not known of
// can only make a yes of "any", and a no of "every".
func (c *scanCompiler) over(a *dissect.Access, all bool, test holds) *leaf {
	l := &leaf{in: a.In, level: OfPacket}
	switch {
	case a.OfFlow:
		l.level = OfFlow
	case a.OfFrame:
		l.level = OfFrame
	}
	c.scan.timed = c.scan.timed || a.Timed
	l.judge = func(s *Scanned) Verdict {
		s.buf = a.Read(s.Headers, s.buf[:0])
		for i := range s.buf {
			if test(&s.buf[i]) != all {
				return verdict(!all)
			}
		}
		if s.Headers.Unsure.Has(a.In) {
			return Unsure
		}
		return verdict(all && len(s.buf) > 0)
	}
	return l
}

// overNumbers is over for fields that are read as numbers.
func (c *scanCompiler) overNumbers(a *dissect.Access, all bool, test func(number uint64) bool) *leaf {
	l := c.over(a, all, nil)
	l.judge = func(s *Scanned) Verdict {
		found, n := a.Any(s.Headers, !all, test)
		switch {
		case found:
			return verdict(!all)
		case s.Headers.Unsure.Has(a.In):
			return Unsure
		}
		return verdict(all && n > 0)
	}
	return l
}

// compareConstant compiles the comparison of an occurrence with a constant, nil
// where headers do not have what it takes.
func compareConstant(a *dissect.Access, t *checkedComparison, want Value) holds {
	if a.Type == dissect.TypeProtocol {
		return searchProtocol(a, t, want)
	}
	if t.op == "matches" {
		return nil
	}
	if test := compareNumber(a, t.op, want); test != nil {
		return func(o *dissect.Occurrence) bool { return test(o.Number) }
	}
	value := valueOf(a)
	if value == nil {
		return nil
	}
	test := predicate(t.op)
	return func(o *dissect.Occurrence) bool { return test(value(o), want) }
}

// searchProtocol compiles the search through a protocol's bytes. Those of a header
// that a walk lists run to the end of what the header carries, as Wireshark has it
// for these protocols.
func searchProtocol(a *dissect.Access, t *checkedComparison, want Value) holds {
	switch a.Name {
	case "frame", "eth", "ip", "ipv6", "tcp", "udp":
	default:
		return nil
	}
	switch t.op {
	case "contains":
		needle := want.bytes()
		return func(o *dissect.Occurrence) bool { return len(needle) > 0 && bytes.Contains(o.Bytes, needle) }
	case "matches":
		re, err := compilePattern(t.pattern)
		if err != nil {
			return nil
		}
		return func(o *dissect.Occurrence) bool { return re.Match(latin1(o.Bytes)) }
	}
	return nil
}

// compareNumber compiles the comparisons that need nothing but the number.
func compareNumber(a *dissect.Access, op string, want Value) func(number uint64) bool {
	switch a.Type {
	case "IPv4":
		if op != "==" && op != "!=" || want.kind != KindIPv4 {
			return nil
		}
		net := want.net.Masked()
		addr := net.Addr().As4()
		base, mask := uint64(binary.BigEndian.Uint32(addr[:])), uint64(^uint32(0)<<(32-net.Bits()))
		equal := op == "=="
		return func(number uint64) bool { return (number&mask == base) == equal }
	case "ETHER":
		if op != "==" && op != "!=" || len(want.raw) != 6 {
			return nil
		}
		var wide [8]byte
		copy(wide[2:], want.raw)
		addr, equal := binary.BigEndian.Uint64(wide[:]), op == "=="
		return func(number uint64) bool { return (number == addr) == equal }
	}
	if want.kind != KindUint || typeOf(a.Type).class != classUint {
		return nil
	}
	n := want.num
	switch op {
	case "==":
		return func(number uint64) bool { return number == n }
	case "!=":
		return func(number uint64) bool { return number != n }
	case "<":
		return func(number uint64) bool { return number < n }
	case "<=":
		return func(number uint64) bool { return number <= n }
	case ">":
		return func(number uint64) bool { return number > n }
	case ">=":
		return func(number uint64) bool { return number >= n }
	}
	return nil
}

// valueOf returns how an occurrence becomes a Value, nil where it cannot.
func valueOf(a *dissect.Access) func(o *dissect.Occurrence) Value {
	switch typeOf(a.Type).class {
	case classUint:
		return func(o *dissect.Occurrence) Value { return UintValue(o.Number) }
	case classInt:
		return func(o *dissect.Occurrence) Value { return IntValue(int64(o.Number)) }
	case classBool:
		return func(o *dissect.Occurrence) Value { return BoolValue(o.Number != 0) }
	case classDelta:
		return func(o *dissect.Occurrence) Value { return DeltaValue(int64(o.Number)) }
	case classEther:
		return func(o *dissect.Occurrence) Value { return EtherValue(o.Bytes) }
	case classBytes:
		return func(o *dissect.Occurrence) Value { return BytesValue(o.Bytes) }
	case classIPv4, classIPv6:
		return func(o *dissect.Occurrence) Value {
			addr, _ := netip.AddrFromSlice(o.Bytes)
			return AddrValue(addr)
		}
	}
	return nil
}

// inConstants compiles a set of constants.
func inConstants(a *dissect.Access, set []checkedItem) holds {
	value := valueOf(a)
	if value == nil {
		return nil
	}
	var tests []holds
	for _, item := range set {
		low, ok := item.low.(*constant)
		if !ok {
			return nil
		}
		if item.high == nil {
			if same := compareNumber(a, "==", low.value); same != nil {
				tests = append(tests, func(o *dissect.Occurrence) bool { return same(o.Number) })
				continue
			}
			equal := predicate("==")
			tests = append(tests, func(o *dissect.Occurrence) bool { return equal(value(o), low.value) })
			continue
		}
		high, ok := item.high.(*constant)
		if !ok {
			return nil
		}
		tests = append(tests, func(o *dissect.Occurrence) bool {
			v := value(o)
			above, ok1 := compare(v, low.value)
			below, ok2 := compare(v, high.value)
			return ok1 && ok2 && above >= 0 && below <= 0
		})
	}
	return func(o *dissect.Occurrence) bool {
		for _, test := range tests {
			if test(o) {
				return true
			}
		}
		return false
	}
}
