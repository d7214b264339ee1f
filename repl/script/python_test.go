package script

import (
	"errors"
	"strings"
	"testing"
)

// TestPython runs what people know from Python; every result is what Python 3 gives.
func TestPython(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		// numbers
		{"bin(10), bin(-5), oct(8), hex(255), hex(-1)", "('0b1010', '-0b101', '0o10', '0xff', '-0x1')"},
		{"abs(-3), abs(-2.5), abs(3)", "(3, 2.5, 3)"},
		{"divmod(17, 5), divmod(-7, 2), divmod(7.5, 2)", "((3, 2), (-4, 1), (3.0, 1.5))"},
		{"pow(2, 10), pow(2, -1), pow(2.0, 0.5) > 1.41, pow(3, 4, 5), pow(2, 100)", "(1024, 0.5, True, 1, 1267650600228229401496703205376)"},
		{"round(1.115, 2), round(2.675, 2), round(0.5), round(1.5), round(2.5), round(-0.5), round(1234, -2), round(1250, -2), round(1350, -2), round(1234.5, -2), round(5), round(5, 2)",
			"(1.11, 2.67, 0, 2, 2, 0, 1200, 1200, 1400, 1200.0, 5, 5)"},
		{"sum([1, 2, 3]), sum([0.5, 1]), sum([1], 10), min(3, 1), max([1, 5, 2]), max('a', 'b')", "(6, 1.5, 11, 1, 5, 'b')"},
		{"max([1, 5, 2], key=lambda x: -x), min([], default=7), sorted([3, 1, 2], reverse=True), sorted(['bb', 'a'], key=len)", "(1, 7, [3, 2, 1], ['a', 'bb'])"},
		{"any([0, 1]), all([1, 0]), ord('a'), chr(97), chr(0x20ac)", "(True, False, 97, 'a', '€')"},
		{"int('0x1f', 16), int('12'), float('1.5'), 7 // 2, -7 // 2, 7 % 3, -7 % 3, 1 / 2", "(31, 12, 1.5, 3, -4, 1, 2, 0.5)"},
		{"format(3.14159, '.2f'), format(255, '#x'), format('a', '>3'), format(1234567, ',')", "('3.14', '0xff', '  a', '1,234,567')"},
		{"'{:>10}|{:<5}|{:^5}|{:08.3f}|{:,}|{:x}|{:b}|{:.1%}'.format('a', 'b', 'c', 3.14159, 1234567, 255, 5, 0.256)", "'         a|b    |  c  |0003.142|1,234,567|ff|101|25.6%'"},
		{"fmt('%-5s|%5d|%05.1f|%x|%%', 'ab', 42, 3.14159, 255)", "'ab   |   42|003.1|ff|%'"},
		// sequences
		{"map(lambda x: x * 2, [1, 2]), map(lambda a, b: a + b, [1, 2, 3], [10, 20])", "([2, 4], [11, 22])"},
		{"filter(lambda x: x > 1, [1, 2, 3]), filter(None, [0, 1, '', 'a'])", "([2, 3], [1, 'a'])"},
		{"reversed([1, 2, 3]), enumerate(['a', 'b']), enumerate(['a'], 1), zip([1, 2], 'ab'.elems())", "([3, 2, 1], [(0, 'a'), (1, 'b')], [(1, 'a')], [(1, 'a'), (2, 'b')])"},
		{"list(range(3)), tuple([1, 2]), dict([('a', 1)]), len(set([1, 2, 2])), set([1, 2]) & set([2, 3])", "([0, 1, 2], (1, 2), {'a': 1}, 2, set([2]))"},
		{"[x * y for x in [1, 2] for y in [10, 20] if x != y], {k: v for k, v in [('a', 1)]}", "([10, 20, 20, 40], {'a': 1})"},
		{"a, b = 1, 2\na, b = b, a\na, b", "(2, 1)"},
		{"n = 0\nn += 5\nn -= 2\nn *= 3\nn //= 2\nn", "4"},
		{"i = 0\nwhile i < 3:\n    i += 1\ni", "3"},
		{"def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nfact(20)", "2432902008176640000"},
		{"def f(a, *rest, b=2, **more):\n    return a, rest, b, more\nf(1, 2, 3, b=4, c=5)", "(1, (2, 3), 4, {'c': 5})"},
		{"sorted({'a': 1, 'b': 3}.items(), key=lambda kv: kv[1], reverse=True)[0]", "('b', 3)"},
		// types
		{"isinstance('a', str), isinstance(1, (str, int)), isinstance(True, int), isinstance([], dict), isinstance(1.5, float), isinstance(None, str)", "(True, True, True, False, True, False)"},
		{"isinstance(pkt.ip.src, str), isinstance(pkt.ip.ttl, int), isinstance(cap, FileCapture), isinstance(Counter(), dict)", "(True, True, True, True)"},
		{"callable(len), callable(3), callable(lambda: 1)", "(True, False, True)"},
		// text and bytes
		{"b'ab'.decode(), 'é'.encode(), b'\\xe9'.decode('latin-1'), b'a\\xff'.decode('utf-8', 'replace'), b'a\\xff'.decode(errors='ignore')", "('ab', b'\\xc3\\xa9', 'é', 'a\uFFFD', 'a')"},
		{"b'\\x01\\xff'.hex(), b'\\x01\\xff'.hex(':'), bytes.fromhex('01ff'), bytearray.fromhex('01:ff 02'), bytes([1, 2])", `('01ff', '01:ff', b'\x01\xff', b'\x01\xff\x02', b'\x01\x02')`},
		{"','.join(['a', 'b']), 'a b'.split(), 'abc'[1:], 'abc'[-1], 'x'.upper(), 'a-b'.replace('-', '+'), ' a '.strip(), 'ab'.startswith('a')", "('a,b', ['a', 'b'], 'bc', 'c', 'X', 'a+b', 'a', True)"},
		// json, time
		{"json.dumps({'b': [1, None], 'a': True}), json.loads('[1, 2.5, \"x\"]')", `('{"b": [1, null], "a": true}', [1, 2.5, 'x'])`},
		{"print(json.dumps({'a': 1}, indent=2))", "{\n  \"a\": 1\n}"},
		{"json.dumps({'b': [], 'a': {}, 1: None}, indent=1, sort_keys=True)", `'{\n "1": null,\n "a": {},\n "b": []\n}'`},
		{"json.dumps(('é', '😀', 1.5, True)), json.dumps('é', ensure_ascii=False), json.dumps([pkt.sniff_time], default=str)", `('["\\u00e9", "\\ud83d\\ude00", 1.5, true]', '"é"', '["2009-02-13 23:31:30.123456789"]')`},
		{"json.dumps({'src': pkt.ip.src})", `'{"src": "192.168.1.20"}'`},
		{"time.time() > 1.7e9, time.sleep(0)", "(True, None)"},
		// datetime
		{"d = datetime.datetime(2026, 1, 31, 23, 59, 30)\n(d + timedelta(seconds=45)).strftime('%Y-%m-%d %H:%M:%S'), (d - datetime(2026, 1, 31)).total_seconds()", "('2026-02-01 00:00:15', 86370.0)"},
		{"datetime.utcfromtimestamp(1234567890.25).isoformat(), datetime.fromtimestamp(0) < datetime.now(), timedelta(minutes=1, milliseconds=500).total_seconds()", "('2009-02-13T23:31:30.250000', True, 60.5)"},
		{"datetime.fromisoformat('2026-01-31T10:00:00').hour, abs(timedelta(seconds=-2)).total_seconds()", "(10, 2.0)"},
		// collections
		{"c = Counter('abca'.elems())\nc, c['a'], c['z'], len(c), c.most_common(1), c.total(), 'z' in c", "(Counter({'a': 2, 'b': 1, 'c': 1}), 2, 0, 3, [('a', 2)], 4, False)"},
		{"c = Counter()\nc['x'] += 1\nc.update(['x', 'y'])\nc.subtract({'y': 3})\nc == {'x': 2, 'y': -2}, sorted(c.items()), c.get('q'), dict(c)", "(True, [('x', 2), ('y', -2)], None, {'x': 2, 'y': -2})"},
		{"Counter({'a': 1, 'b': 2}), Counter(a=3), collections.Counter() == Counter()", "(Counter({'b': 2, 'a': 1}), Counter({'a': 3}), True)"},
		{"d = defaultdict(list)\nd['a'].append(1)\nd['a'].append(2)\nd, d.get('b'), 'b' in d, len(d)", "(defaultdict({'a': [1, 2]}), None, False, 1)"},
		{"d = collections.defaultdict(int)\nfor p in cap: d[p.eth.type if 'eth' in p else None] += p.length\nd", "defaultdict({'0x0800': 142, '0x8100': 60, None: 70})"},
		{"d = defaultdict(lambda: defaultdict(int))\nd['a']['b'] += 1\nd", "defaultdict({'a': defaultdict({'b': 1})})"},
		{"d = defaultdict(int, {53: 1})\nd[pkt.udp.dstport] += 1\nd", "defaultdict({53: 2})"},
		{"c = Counter([p.ip.src for p in cap if 'ip' in p])\nc.most_common(), c[pkt.ip.src]", "([('192.168.1.20', 2), ('10.0.0.1', 1)], 2)"},
		{"len(filter(lambda p: 'dns' in p, cap)), map(lambda p: p.number, cap)", "(2, [1, 2, 3, 4])"},
		{"sorted(cap, key=lambda p: p.length)[0].number, max(cap, key=lambda p: p.length).number", "(2, 1)"},
		// floats
		{"[1773480413.589793, 1.0, 1e15, 1e16, 1e-4, 2.5e-7, -0.0, float('inf'), float('nan')]", "[1773480413.589793, 1.0, 1000000000000000.0, 1e+16, 0.0001, 2.5e-07, -0.0, inf, nan]"},
		{"'{} {}'.format(1773480413.589793, -0.0), f'{1e15}', '%s' % 1e15, str(0.5), json.dumps([1773480413.589793, 1e20])", "('1773480413.589793 -0.0', '1000000000000000.0', '1000000000000000.0', '0.5', '[1773480413.589793, 1e+20]')"},
		// iterators
		{"i = iter(cap)\nnext(i).number, next(i).number, [p.number for p in i], next(i, 'end')", "(1, 2, [3, 4], 'end')"},
		{"i = iter([1, 2, 3])\nnext(i), iter(i) == i, [n for n in i]", "(1, True, [2, 3])"},
		{"next((p.number for p in cap if 'icmp' in p), None), next((p for p in cap if 'tcp' in p), None)", "(3, None)"},
		// binascii
		{"binascii.hexlify(b'ab'), binascii.unhexlify('6162'), binascii.a2b_hex(pkt.ip.len.raw_value) == binascii.unhexlify(b'0048')", "(b'6162', b'ab', True)"},
		{"import binascii as b\nfrom binascii import unhexlify\nb.unhexlify == unhexlify", "True"},
		// imports
		{"from collections import Counter, defaultdict\nimport collections, json\nimport datetime as dt\nfrom datetime import datetime, timedelta as td\nfrom math import sqrt\nCounter == collections.Counter, dt.timedelta(1) == td(1), sqrt(4)", "(True, True, 2.0)"},
		{"def f():\n    from collections import Counter as C\n    return C('a'.elems())\nf()", "Counter({'a': 1})"},
	} {
		h := newHarness(t)
		got, err := h.exec(tt.src)
		if got = strings.TrimSuffix(got, "\n"); err != nil || got != tt.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", tt.src, got, err, tt.want)
		}
	}
}

// TestPythonErrors checks what is said of wrong uses.
func TestPythonErrors(t *testing.T) {
	for src, want := range map[string]string{
		"type(3) == int":                     "write isinstance(x, int), or type(x) == 'int'",
		"type('a') != str":                   "type(x) == 'string'",
		"isinstance(3, 'int')":               "want a class such as str",
		"abs('a')":                           "abs: got the string 'a', want a number",
		"bin(1.5)":                           "bin: got 1.5, want an int",
		"divmod(1, 0)":                       "division by zero",
		"pow(10, 10000000)":                  "more than 1048576 bits",
		"pow(2, 2, 0)":                       "a modulus above 0",
		"map(len)":                           "map: want a function and",
		"map(len, 3)":                        "argument 2: got a int",
		"filter(3)":                          "cap.filter('dns')",
		"format(1, 'q')":                     "format: ",
		"b'\\xff'.decode()":                  "byte 0xff at 0 is no UTF-8; decode('utf-8', 'replace')",
		"b''.decode('ebcdic')":               `got the encoding "ebcdic"`,
		"'€'.encode('latin-1')":              "is not in latin-1",
		"bytes.fromhex('abc')":               "want hexadecimal digits in pairs",
		"json.dumps(pkt.sniff_time)":         "default=str makes it text",
		"x = []\nx.append(x)\njson.dumps(x)": "does one hold itself?",
		"json.dumps(1, indent='x')":          "want a number of spaces",
		"time.sleep('x')":                    "want seconds",
		"datetime(2026, 2, 30)":              "there is no 2026-02-30",
		"datetime.fromtimestamp('x')":        "want a number",
		"datetime.fromisoformat('1.2.2026')": "want 2026-01-31T23:59:59.5",
		"datetime.today()":                   `no attribute "today"`,
		"timedelta(seconds='x')":             "timedelta: seconds: got the string 'x'",
		"Counter(3)":                         "Counter: got a int, want a list",
		"defaultdict(3)":                     "defaultdict(int), defaultdict(list)",
		"defaultdict()['a']":                 "key \"a\" not in defaultdict",
		"Counter([[]])":                      "unhashable",
		"from os import path":                "Starlark has no from",
		"import re":                          "modules binascii, collections, datetime, json, math, sys and time are there already",
		"from collections import deque":      "module has no .deque",
	} {
		_, err := newHarness(t).exec(src)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg, want) {
			t.Errorf("%s\ngot  %v\nwant %s", src, err, want)
		}
	}
}

// TestErrorsNameThePacket lets something fail in loops over packets.
func TestErrorsNameThePacket(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"for p in cap:\n    x = p.number // (p.number - 3)", "packet 3: floored division by zero"},
		{"for p in cap:\n    if p.number == 2:\n        undefined_name", "packet 2: undefined: undefined_name"},
		{"[int(p.vlan.id) for p in cap if p.number > 1]", "packet 3 has no layer or attribute \"vlan\""},
		{"def f():\n    for p in cap:\n        if p.number == 4: fail('no')\nf()", "packet 4: fail: no"},
		{"def f(q):\n    for p in cap:\n        if p.number == 2: return q + 'x'\nfor q in cap[2:]: f(q.number)", "packet 2: unknown binary op: int + string"},
		{"def f(q):\n    for p in cap:\n        if p.number == 2: return q.number\nfor q in cap[2:]: f(q) + 'x'", "packet 3: unknown binary op: int + string"},
		{"for p in cap[1:]:\n    for q in cap[3:]: p + q", "packet 4: unknown binary op: Packet + Packet"},
		{"sorted(cap, key=lambda p: 1 // (p.number - 2))", "packet 2: floored division by zero"},
		{"map(lambda p: p.ip.ttl + 1 if 'ip' in p else 0, cap[2:])", "packet 3: "},
		{"def first():\n    for p in cap:\n        return p\nsorted([1, 2], key=lambda x: {first(): x})", "not implemented"}, // the loop has been left
		{"for p in cap:\n    if p.number == 2: break\n1 // 0", "floored division by zero"},
		{"for p in cap: pass\n1 // 0", "floored division by zero"},
		{"for p in cap: cap[99]", "packet 1: index 99 out of range"},
		{"def f(p):\n    1 // (p.number - 2)\ncap.apply_on_packets(f)", "packet 2: floored division by zero"},
		{"for p in cap.filter('dns'):\n    if p.number == 4: p.http", `packet 4 has no layer or attribute "http"`},
	} {
		h := newHarness(t)
		_, err := h.exec(tt.src)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Msg, tt.want) && !(tt.want == "not implemented" && strings.Contains(e.Msg, tt.want) && !strings.Contains(e.Msg, "packet")) {
			t.Errorf("%s\ngot  %v\nwant %s", tt.src, err, tt.want)
		} else if e.Line == 0 || e.Backtrace == "" {
			t.Errorf("%s: the error lost its place: %+v", tt.src, e)
		}
	}
}
