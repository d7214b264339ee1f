package script

import (
	"strings"
	"testing"
)

// TestFromPython runs Python that is no Starlark; every result is what Python 3 gives.
func TestFromPython(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{`f'{1 + 1} {"a"}'`, "'2 a'"},
		{`x = 255
f"{x:#x}|{x:>6}|{x!r:>5}|{x:<{3 + 3}}|{{x}}|{x=}|{x = :d}"`, `'0xff|   255|  255|255   |{x}|x=255|x = 255'`},
		{`f'{pkt.ip.src:>15} {pkt.number:03d} {pkt.length:,}'`, "'   192.168.1.20 001 71'"},
		{`f'{pkt["ip"].src} {({"a": 1})["a"]} {[1, 2][1:]} {"x" if 1 != 2 else "y"} {pkt.ip.ttl!s}'`, "'192.168.1.20 1 [2] x 64'"},
		{"f'plain', f'', f'{{}}', rf'\\d{1}', F\"it's {1}\"", `('plain', '', '{}', '\\d1', "it's 1")`},
		{"print(f'''a\n{1}\nb''')", "a\n1\nb"},
		{"def f(x):\n    # f'{' is a comment\n    return f'{x}' + '{x}'\nf(3)", "'3{x}'"},
		{"x = None\nx is None, x is not None, 'this is' is 'not', not x is  not  None", "(True, False, False, True)"},
		{"sum(p.length for p in cap if 'dns' in p), any(x > 2 for x in [1, 3]), ','.join(str(x) for x in range(3))", "(142, True, '0,1,2')"},
		{"sorted((x for x in [2, 1]), reverse=True), max((len(a) for a in ['x', 'yy']), default=0), list(x for x in (1, 2))", "([2, 1], 2, [1, 2])"},
		{"{1, 2} == set([1, 2]), {x % 2 for x in range(4)}, {}, {'a': 1}, {'a': {1}}", "(True, set([0, 1]), {}, {'a': 1}, {'a': set([1])})"},
		{"dict((k, v) for k, v in [('a', 1)]), sum(f(x) for x in [1] for f in [abs])", "({'a': 1}, 1)"},
		{"count = 0\nhosts = {}\ndef f(p):\n    global count, last\n    count += 1\n    if p.number > 2:\n        last = p.number\n    hosts[p.number] = f'{count}'\ncap.apply_on_packets(f)\ncount, last, hosts", "(4, 4, {1: '1', 2: '2', 3: '3', 4: '4'})"},
		{"def f():\n    if True:\n        global g\n        def g(): return 7\nf()\ng()", "7"},
		{"n = 1\ndef f():\n    global n; n += 1\n    for n in [5]: pass\nf()\nn", "5"},
		{"n = 1\nglobal n\nn is 1", "True"},
		{"d = {'a': 1, 53: 2, 'c': 3}\nx = [1, 2, 3]\ndel d['a'], x[-1]\ndel d[pkt.udp.dstport]\nd, x", "({'c': 3}, [1, 2])"},
		{"from collections import Counter\nc = Counter(a=1)\nif True: del c['a']\nc, __name__", "(Counter({}), '__main__')"},
		{"assert pkt.number == 1, 'first'; assert (\n    pkt) is not None # there\nif __name__ == '__main__':\n    import sys\n    assert len(sys.argv) == 1\n    print('ok')", "ok"},
		{"u'a' + b'b'.decode()", "'ab'"},
		{"def f(x):\n    if x > 1: raise ValueError('got %d' % x) # too many\n    return x\ntry:\n    f(1); f(2)\nexcept KeyError:\n    print('no')\nexcept (TypeError, ValueError) as e:\n    print(e)", "got 2"},
		{"try:\n    try:\n        raise KeyError\n    except LookupError:\n        raise\nexcept Exception as e:\n    print('again', e)", "again "},
		{"try:\n    try:\n        raise RuntimeError('a') from None\n    finally:\n        print('b')\nexcept Exception as e:\n    print(e)", "b\na"},
		{"try:\n    pkt.nothing\nexcept AttributeError:\n    print('any class takes an error of ours')", "any class takes an error of ours"},
		{"c = cap[:2]\nn = 0\ntry:\n    while True:\n        n += c.next().number\nexcept StopIteration:\n    print(n)", "3"},
		{"n = []\ndef f(p):\n    n.append(p.number)\n    if len(n) == 2: raise StopCapture()\ncap.apply_on_packets(f)\nn", "[1, 2]"},
		{"n = []\ndef f(p):\n    n.append(p.number)\n    raise pyshark.StopCapture\ncap.apply_on_packets(f)\nn", "[1]"},
		{"def f():\n    with cap[:2] as c, cap.filter('dns'):\n        for p in c:\n            if p.number == 2: return p.number\nf()", "2"},
		{"with cap[1:] as c:\n    print(len(c))\nc", "3\n<FileCapture f.pcap (closed)>"},
		{"try:\n    with cap[1:] as c:\n        raise OSError('x')\nexcept IOError as e:\n    print(e, c)", "x <FileCapture f.pcap (closed)>"},
		{"with {'a: b': (1, 2)}[\n    'a: b'] as x: print(x)", "(1, 2)"},
		{"import json, math as m\nx = {\n    1,\n    2,\n}\nlen(x) is 2", "True"},
	} {
		h := newHarness(t)
		got, err := h.exec(tt.src)
		if got = strings.TrimSuffix(got, "\n"); err != nil || got != tt.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s\nread as %s", tt.src, got, err, tt.want, fromPython(tt.src))
		}
	}
}

// TestFromPythonKeeps checks that Starlark comes through as it is, line by line.
func TestFromPythonKeeps(t *testing.T) {
	for _, src := range []string{
		"for p in cap: print(p.ip.src)", "[x for x in y]", "{k: v for k in v}", "f(a, b)", "'is' + \"f'{x}'\" # is f'{x}'",
		"x[1:2]", "{**a}", "(1, 2)", "def f(x, *args, **kwargs): pass", "lambda x: x", "'''is\n{1}'''", "isx = this.is_it", "globals = 3", "'unfinished",
		"d = {'a': [1, 2], 'b': (x, y)}", "within = as_is(with_x, from_y)", "if x:\n    y = f (z)",
	} {
		if got := fromPython(src); got != src {
			t.Errorf("%q became %q", src, got)
		}
	}
	h := newHarness(t)
	_, err := h.exec("a = 1\nb = f'{a}'\nc = {1, 2}\nif a is 1:\n    1 // 0")
	if err == nil || !strings.Contains(err.Error(), "test.star:5:7: floored division by zero") {
		t.Errorf("the place of an error behind Python: %v", err)
	}
}

// TestFromPythonErrors checks what is said where such a statement fails.
func TestFromPythonErrors(t *testing.T) {
	for src, want := range map[string]string{
		"assert 1 == 2, f'no {1}'": "assertion failed: no 1",
		"assert []":                "assertion failed",
		"d = {}\ndel d['a']":       `key "a" not in dict`,
		"del [1][3]":               "index 3 out of range",
		"del 'abc'[1]":             "del: got an element of a string",
		"n = 1\ndel n":             "an element is deleted by del d[key]",
	} {
		if _, err := newHarness(t).exec(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}

// FuzzFromPython reads whatever is typed.
func FuzzFromPython(f *testing.F) {
	for _, seed := range []string{"f'{x!r:>{w}}'", "{1, (2 for x in y)}", "global a, b", "x is not\\\n None", "f'{", "f\"{a['}']}\"", "u'", "'''", ")]}", "f'{=}'", "f'{x!'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if out := fromPython(src); strings.Count(out, "\n") < strings.Count(src, "\n")-strings.Count(src, "\\\n") {
			t.Errorf("%q lost lines: %q", src, out)
		}
	})
}
