package repl

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/wireshark"
	"pktsh/repl/render"
)

// This file runs scripts under PyShark itself and here, and compares what they print. It
// needs a Python that imports pyshark: the one that PKTSH_PYSHARK names, else python3.

// pysharkInterpreter returns that Python, or skips.
func pysharkInterpreter(t *testing.T) string {
	t.Helper()
	python, required := os.LookupEnv("PKTSH_PYSHARK")
	if !required {
		python = "python3"
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", "import pyshark").CombinedOutput()
	if err != nil && required {
		t.Fatalf("PKTSH_PYSHARK: %s does not import pyshark: %v\n%s", python, err, out)
	}
	if err != nil {
		t.Skipf("no Python here that imports pyshark; PKTSH_PYSHARK names one: %s: %v", python, err)
	}
	return python
}

// pysharkDriver is a Python program that runs scripts, out of a JSON list, over a capture
// and prints a list of what they print. Its tshark reads the file twice, as Wireshark's
// window does and pktsh.
const pysharkDriver = `
import ast, contextlib, io, json, sys
import pyshark
import pyshark.capture.capture as capture

once = capture.Capture.get_parameters
capture.Capture.get_parameters = lambda self, packet_count=None: ["-2"] + once(self, packet_count)
path = sys.argv[1]
cap = pyshark.FileCapture(path)
cap.load_packets()
out = []
for src in json.load(sys.stdin):
    cap.reset()
    names = {"FileCapture": pyshark.FileCapture, "InMemCapture": pyshark.InMemCapture, "cap": cap, "pkt": cap[min(7, len(cap) - 1)], "FILE": path, "pyshark": pyshark, "__name__": "__main__"}
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        try:
            for statement in ast.parse(src).body: # the value of one that is an expression is echoed
                echoed = ast.Interactive([statement]) if isinstance(statement, ast.Expr) else ast.Module([statement], [])
                exec(compile(echoed, "script", "single" if isinstance(statement, ast.Expr) else "exec"), names)
        except Exception as e:
            print("error:", type(e).__name__, e)
    out.append(text.getvalue())
json.dump(out, sys.stdout)
`

// underPyShark returns what scripts print under PyShark.
func underPyShark(t *testing.T, python, path string, scripts []string) []string {
	t.Helper()
	list, err := json.Marshal(scripts)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), python, "-W", "ignore", "-c", pysharkDriver, path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(list), &out, &errs
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir(), "PYTHONIOENCODING=utf-8")
	if err := cmd.Run(); err != nil {
		t.Fatalf("PyShark: %v\n%s", err, errs.String())
	}
	var printed []string
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil || len(printed) != len(scripts) {
		t.Fatalf("PyShark printed for %d of %d scripts: %v", len(printed), len(scripts), err)
	}
	return printed
}

// TestSameUnderPyShark runs the lines of docs/from-pyshark.md that are said to be the same,
// without a note, under PyShark.
func TestSameUnderPyShark(t *testing.T) {
	if testing.Short() {
		t.Skip("runs PyShark")
	}
	python := pysharkInterpreter(t)
	var lines []pysharkLine
	var scripts []string
	for _, l := range pysharkLines(t) {
		if l.same && !strings.Contains(l.code, "Live") && !strings.HasPrefix(l.gives, "error: ") {
			lines, scripts = append(lines, l), append(scripts, l.code)
		}
	}
	sample, err := os.ReadFile(browse)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("browse.pcapng", sample, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, printed := range underPyShark(t, python, "browse.pcapng", scripts) {
		if printed = strings.TrimSuffix(printed, "\n"); printed != lines[i].gives {
			t.Errorf("line %d: %s\nPyShark gives %s\nand the line  %s; it needs a note", lines[i].number, lines[i].code, printed, lines[i].gives)
		}
	}
}

// underPktsh returns what they print here.
func underPktsh(t *testing.T, path string, scripts []string) []string {
	t.Helper()
	shell, out, errs := realShell(t)
	run := func(src string) string {
		out.Reset()
		errs.Reset()
		shell.Run(t.Context(), strings.NewReader(src+"\n"), "script")
		if _, message, failed := strings.Cut(errs.String(), "pktsh: "); failed {
			return out.String() + "error: " + message
		}
		return out.String()
	}
	if failed := run("FILE = " + strconv.Quote(path) + "\nsample = FileCapture(FILE)"); failed != "" {
		t.Fatal(failed)
	}
	printed := make([]string, len(scripts))
	for i, src := range scripts {
		run("cap = sample\ncap.reset()\npkt = cap[min(7, len(cap) - 1)]")
		printed[i] = run(src)
	}
	return printed
}

// pysharkScripts are scripts as people have them. Each prints the same under both.
var pysharkScripts = []string{
	// packets
	"for pkt in cap:\n    print(pkt.number, pkt.highest_layer, pkt.length, pkt.captured_length, pkt.sniff_timestamp)",
	"for pkt in cap:\n    print(pkt, end='') if False else print(repr(pkt), pkt.frame_info.protocols, len(pkt.layers) > 1)",
	"for pkt in cap:\n    print([l.layer_name for l in pkt.layers if l.layer_name not in ('DATA', 'data')], pkt[0].layer_name, pkt[-1].layer_name.upper())",
	"print(len(cap), cap[3].number, cap[len(cap) - 1].number, cap[-1].number)\nc = pyshark.FileCapture(FILE)\ntry:\n    c[100000]\nexcept KeyError:\n    print('none')",
	"c = pyshark.FileCapture(FILE)\nn = 0\ntry:\n    while True:\n        c.next()\n        n += 1\nexcept StopIteration:\n    print(n)",
	"for i, pkt in enumerate(cap):\n    if i >= 5: break\n    print(i, len(pkt), pkt.transport_layer in ('TCP', 'UDP'))",
	"seen = []\ndef first(p):\n    seen.append(p.number)\n    if len(seen) == 4:\n        raise pyshark.capture.capture.StopCapture()\npyshark.FileCapture(FILE).apply_on_packets(first)\nprint(len(seen))",
	"with pyshark.FileCapture(FILE, display_filter='dns') as c:\n    for p in c: print(p.dns.id, p.dns.flags.showname)",
	"for t in ['tcp', 'udp', 'dns', 'frame.len > 100', 'tcp.flags.syn == 1']:\n    c = pyshark.FileCapture(FILE, display_filter=t)\n    c.load_packets()\n    print(t, len(c))\n    c.close()",
	"first = None\nfor pkt in cap:\n    if first is None: first = float(pkt.sniff_timestamp)\n    print('%.6f' % (float(pkt.sniff_timestamp) - first), pkt.sniff_time.strftime('%Y-%m-%d %H:%M:%S'), float(pkt.sniff_timestamp))",
	"last = None\nfor pkt in cap:\n    t = pkt.sniff_time\n    print(t.isoformat(), t, t.year, (t - last).total_seconds() >= 0 if last else None)\n    last = t",
	// layers and fields that are there, or not
	"def header(pkt):\n    try:\n        layer = pkt[pkt.transport_layer] if pkt.transport_layer in ('TCP', 'UDP') else pkt.tcp\n        print('%-5s %s:%s -> %s:%s' % (pkt.transport_layer, pkt.ip.src, layer.srcport, pkt.ip.dst, layer.dstport))\n    except AttributeError as e:\n        pass\nfor p in cap: header(p)",
	"for pkt in cap:\n    for name in ['ip', 'ipv6', 'tcp', 'udp', 'dns', 'http', 'tls', 'arp']:\n        layer = getattr(pkt, name, None)\n        if layer is not None:\n            print(name, getattr(layer, 'src', '-'), getattr(layer, 'srcport', '-'), layer.get('nothing', 7), hasattr(layer, 'dstport'))",
	"for p in cap:\n    ip = p.ip if 'IP' in p else (p.ipv6 if 'IPV6' in p else None)\n    if ip: print(ip.src, ip.dst, 'udp' in p, hasattr(p, 'arp'))",
	"for error in ['nothing', 'eth.nothing']:\n    try:\n        pkt.nothing if error == 'nothing' else pkt.eth.nothing\n    except AttributeError:\n        print('no', error)\ntry:\n    pkt['nothing']\nexcept KeyError:\n    print('no layer')\nprint(pkt.eth.get_field('nothing'), pkt.eth.get_field_value('nothing'))",
	"for pkt in cap:\n    if hasattr(pkt, 'http'):\n        print(pkt.http.field_names)\n        if 'request_method' in pkt.http.field_names: print(pkt.http.request_method, pkt.http.host, pkt.http.request_uri)\n        elif hasattr(pkt.http, 'response_code'): print(pkt.http.response_code, pkt.http.get('content_type', 'none'))",
	"for pkt in cap:\n    if 'DNS' in pkt and hasattr(pkt.dns, 'a'):\n        print(pkt.dns.qry_name, [a.show for a in pkt.dns.a.all_fields], pkt.dns.a.main_field.show, len(pkt.dns.a.alternate_fields))",
	"for p in cap:\n    if 'tls' in p and 'handshake_extensions_server_name' in p.tls.field_names:\n        print(p.tls.handshake_extensions_server_name, p.tls.handshake, p.tls.record, [f.showname_value for f in p.tls.handshake_ciphersuite.all_fields][:4])",
	"for p in cap:\n    if 'tcp' in p:\n        print(p.tcp.flags, p.tcp.flags.showname, int(p.tcp.flags, 16), p.tcp.flags_str, p.tcp.flags_syn == '1', int(p.tcp.seq), p.tcp.window_size.hex_value, p.tcp.checksum)",
	"for p in cap:\n    if 'ip' in p:\n        print(p.ip.src.showname, p.ip.ttl.showname_key, p.ip.ttl.showname_value, p.ip.ttl.hex_value, p.ip.src.binary_value, p.ip.len.raw_value, p.ip.flags_df.unmaskedvalue)",
	"for pkt in cap:\n    for layer in [pkt.frame_info] + list(pkt.layers):\n        if layer.layer_name in ('frame', 'eth', 'ip', 'udp', 'dns', 'arp'):\n            for key, val in layer._all_fields.items(): print(layer.layer_name, key, '=', val)",
	"pkt.ip.raw_mode = True\nprint(pkt.ip.src, pkt.ip.ttl)\npkt.ip.raw_mode = False\nprint(pkt.ip.src, pkt.ip.ttl)",
	"print(pkt.ip.get_field_by_showname('Time to Live').show, pkt.ip.get_field_by_showname('Nothing'), pkt.ip.get_field_value('src').showname, pkt.ip.has_field('ttl'), pkt.ip.SRC)",
	// payload
	"import binascii\nfor p in cap:\n    if hasattr(p, 'tcp') and hasattr(p.tcp, 'payload'):\n        data = bytes.fromhex(p.tcp.payload.replace(':', ''))\n        print(data[:12], len(data), binascii.hexlify(data)[:12], bytearray.fromhex(p.tcp.payload.replace(':', '')).hex()[:8])",
	"c = pyshark.FileCapture(FILE, decode_as={'udp.port==53': 'data'}, override_prefs={'ip.check_checksum': 'TRUE'})\nfor p in c:\n    if 'UDP' in p and 'data' in p:\n        print(p.highest_layer, p.data.data, p.data.data_len, p.data.data_data, bytes.fromhex(p.data.data)[:4], p.ip.checksum_status, p.data.field_names)",
	"import binascii\nfor p in cap:\n    if 'icmp' in p: print(binascii.unhexlify(p.icmp.data), p.icmp.data_len, p.icmp.data_data, p.icmp.get('resptime', '-'))",
	// what is done with it
	"from collections import Counter, defaultdict\nkinds = Counter()\nsize = defaultdict(int)\nfor p in cap:\n    kinds[p.highest_layer] += 1\n    try:\n        size[p.ip.src] += int(p.length)\n    except AttributeError:\n        continue\nfor kind, n in kinds.most_common(): print(f'{kind:<15}{n:>6}')\nfor ip, total in sorted(size.items(), key=lambda kv: (-kv[1], kv[0])): print(f'{ip}: {total:,} bytes')",
	"streams = {}\nfor p in cap:\n    if 'TCP' not in p: continue\n    sid = int(p.tcp.stream)\n    if sid not in streams: streams[sid] = []\n    streams[sid].append(p)\nfor sid in sorted(streams):\n    print(sid, len(streams[sid]), sum([int(p.tcp.len) for p in streams[sid]]), streams[sid][0].tcp.srcport, streams[sid][-1].number)",
	"hosts = {}\nfor p in cap:\n    if hasattr(p, 'ip'): hosts[p.ip.src] = hosts.get(p.ip.src, 0) + 1\nfor h in sorted(hosts, key=hosts.get, reverse=True): print(h.ljust(18), str(hosts[h]).rjust(5), '{:<18}|{:>5}'.format(h, hosts[h]))",
	"lengths = [int(p.length) for p in cap]\nprint(min(lengths), max(lengths), sum(lengths), sum(lengths) / len(lengths))\nprint(sorted(set([p.highest_layer for p in cap])), {p.highest_layer: int(p.length) for p in cap})\nprint(any(p.highest_layer == 'ARP' for p in cap), all('ETH' in p for p in cap), next((int(p.number) for p in cap if 'TCP' in p), None))",
	"for p in cap:\n    if 'ip' not in p: continue\n    s = p.ip.src\n    print(s.split('.')[-1], s.startswith('192.'), s[:3], s + '/24', '.'.join(reversed(s.split('.'))), s in ['192.168.1.20'], len(s), s.encode(), [int(o) for o in s.split('.')])",
	"import json\nout = [{'number': int(p.number), 'protocol': p.highest_layer, 'at': p.sniff_timestamp, 'time': float(p.sniff_timestamp)} for p in cap]\nprint(json.dumps(out[:3]))\nprint(json.dumps(out[0], indent=2, sort_keys=True))",
	"counter = 0\ndef count(p):\n    global counter\n    counter += 1\ndef main():\n    for p in cap: count(p)\n    print('done:', counter)\nif __name__ == '__main__':\n    main()",
	"c = pyshark.FileCapture(FILE, only_summaries=True)\nfor p in c: print(p.no, p.source, p.destination, p.protocol, p.length, p.info.strip())",
	"c = pyshark.FileCapture(FILE, use_json=True, include_raw=True)\nfor i in range(3): print(c[i].get_raw_packet().hex())",
	"try:\n    pyshark.FileCapture('/nonexistent.pcap')\nexcept FileNotFoundError:\n    print('not found')\nfinally:\n    print('finally')",
}

// TestBesidePyShark runs the scripts over the beginning of the sample.
func TestBesidePyShark(t *testing.T) {
	if testing.Short() {
		t.Skip("runs PyShark")
	}
	python := pysharkInterpreter(t)
	path := beginning(t, browse, 60)
	want, got := underPyShark(t, python, path, pysharkScripts), underPktsh(t, path, pysharkScripts)
	for i, src := range pysharkScripts {
		if line, differs := firstDifference(got[i], want[i]); differs {
			t.Errorf("%s\n%s", src, line)
		}
	}
}

// pysharkFields prints every attribute of every layer and field.
const pysharkFields = `
def line(x):
    return x if x is None else str(x).replace('\r\n', ' ').replace('\n', ' ')
for pkt in cap:
    for layer in [pkt.frame_info] + list(pkt.layers):
        where = '%s %s' % (pkt.number, layer.layer_name.lower())
        print(where, '*', repr(layer).lower(), ' '.join(layer.field_names))
        for name in layer.field_names:
            print(where, name, '=', line(layer.get_field(name)))
            for f in layer.get_field(name).all_fields:
                print(where, f.name, [line(f.show), f.showname, f.raw_value, f.showname_key, f.showname_value, f.unmaskedvalue], f.pos, f.size, f.hide)
`

// pysharkAccepted are the parts of a line that say that it may be missing on one side, with
// the reason: what docs/from-pyshark.md says of it, but for the first.
var pysharkAccepted = map[string]string{
	"tcp.completeness": "each dissection of a packet counts as seeing it (docs/truth.md)",
	"completeness =":   "the same",
	" data ":           "PyShark's layer DATA is that of reassembled segments, too, and has no places of data",
	" tcp.segment":     "which belong to tcp here", " tcp segment": "the same",
	" tcp.reassembled": "the same", " tcp reassembled": "the same",
	" tcp *":     "the same",
	" icmp data": "the same",
	" icmp *":    "PyShark takes the fields of data in it for its own",
}

// TestFieldsBesidePyShark compares every field of every layer.
func TestFieldsBesidePyShark(t *testing.T) {
	if testing.Short() {
		t.Skip("runs PyShark")
	}
	python := pysharkInterpreter(t)
	for _, name := range []string{browse, filepath.Join(filepath.Dir(browse), "tls.pcapng")} {
		path := beginning(t, name, 60)
		scripts := []string{pysharkFields}
		want, got := underPyShark(t, python, path, scripts)[0], underPktsh(t, path, scripts)[0]
		if lines := strings.Count(want, "\n"); lines < 1000 {
			t.Errorf("%s: PyShark printed %d lines", name, lines)
		}
		if line, differs := firstDifference(withoutAccepted(got), withoutAccepted(want)); differs {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func withoutAccepted(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		for part := range pysharkAccepted {
			if strings.Contains(line, part) {
				return true
			}
		}
		return false
	})
	return strings.Join(lines, "\n")
}

// firstDifference words the first line that differs.
func firstDifference(got, want string) (line string, differs bool) {
	if got == want {
		return "", false
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		one := func(lines []string) string {
			if i < len(lines) {
				return strconv.Quote(lines[i])
			}
			return "nothing"
		}
		if one(g) != one(w) {
			return "line " + strconv.Itoa(i+1) + "\n got  " + one(g) + "\n want " + one(w), true
		}
	}
	return "", false
}

// realShell is a shell with Wireshark's tools, and what it prints and complains of.
func realShell(t *testing.T) (shell *Shell, out, errs *bytes.Buffer) {
	t.Helper()
	var tools wireshark.Tools
	for name, path := range map[string]*string{"tshark": &tools.Tshark, "sharkd": &tools.Sharkd} {
		var err error
		if *path, err = exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	session := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir(), CacheDir: t.TempDir()})
	t.Cleanup(func() { session.Close() })
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return New(Config{Session: session, Out: out, Err: errs, KeepGoing: true, Style: func() render.Style { return render.Style{} }}), out, errs
}

// beginning returns a file of a capture's first packets.
func beginning(t *testing.T, path string, packets int) string {
	t.Helper()
	shell, out, errs := realShell(t)
	short := filepath.Join(t.TempDir(), "short.pcapng")
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	shell.Run(t.Context(), strings.NewReader("cap = FileCapture("+strconv.Quote(absolute)+")[:"+strconv.Itoa(packets)+"]\nsave "+short+"\n"), "save")
	if _, err := os.Stat(short); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return short
}
