package script

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"pktsh/engine"
	"pktsh/repl/result"
)

func TestKeepPacketsFalse(t *testing.T) {
	h := newHarness(t)
	c := h.newCapture(h.view)
	c.keepPackets = false
	h.main.env["cap"] = c
	if got, err := h.exec("[p.number for p in cap]\nlen(cap)\ncap.frame(2).number\n"); err != nil || got != "[1, 2, 3, 4]\n4\n2\n" {
		t.Errorf("iterating: %q, %v", got, err)
	}
	for _, src := range []string{"cap[0]", "cap[-1]", "cap[1:2]", "cap.filter('dns')[0]"} {
		if _, err := h.exec(src); !errors.Is(err, errNotKept) {
			t.Errorf("%s: got %v, want %v", src, err, errNotKept)
		}
	}
}

func TestFileCaptureOptions(t *testing.T) {
	tests := []struct {
		src  string
		want OpenOptions
	}{
		{"FileCapture('a.pcap')", OpenOptions{Paths: []string{"a.pcap"}}},
		{"FileCapture(['a.pcap', 'b.pcap'])", OpenOptions{Paths: []string{"a.pcap", "b.pcap"}}},
		{"FileCapture(input_file='a', decode_as={'tcp.port==8888': 'http'}, override_prefs={'tcp.desegment_tcp_streams': False, 'ssl.keys': 'k'}, disable_protocol='http')",
			OpenOptions{Paths: []string{"a"}, DecodeAs: []string{"tcp.port==8888,http"},
				Preferences: []string{"tcp.desegment_tcp_streams:FALSE", "ssl.keys:k"}, DisabledProtocols: []string{"http"}}},
		{"FileCapture('a', decryption_key='secret12:ssid')", OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wpa-pwd","secret12:ssid"`}}},
		{"FileCapture('a', decryption_key='" + strings.Repeat("0f", 32) + "')", OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wpa-psk","` + strings.Repeat("0f", 32) + `"`}}},
		{"FileCapture('a', decryption_key='longenough', encryption_type='WPA-PWD')", OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wpa-pwd","longenough"`}}},
		{"FileCapture('a', decryption_key='0102030405', encryption_type='wep')", OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wep","0102030405"`}}},
		{"FileCapture('a', use_json=True, include_raw=True)", OpenOptions{Paths: []string{"a"}}},
	}
	refused := errors.New("not opened in this test")
	for _, tt := range tests {
		h := newHarness(t)
		var got OpenOptions
		h.cfg.Open = func(_ context.Context, o OpenOptions) (*engine.Capture, error) {
			got = o
			return nil, refused
		}
		if _, err := h.exec(tt.src); !errors.Is(err, refused) {
			t.Errorf("%s: %v", tt.src, err)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", tt.src, got, tt.want)
		}
		if noticed := len(h.notices) > 0; noticed != strings.Contains(tt.src, "use_json") {
			t.Errorf("%s: notices %q", tt.src, h.notices)
		}
	}
}

func TestFormatNoticeComesOnce(t *testing.T) {
	h := newHarness(t)
	for range 3 {
		_, _ = h.exec("FileCapture('a', use_ek=True)") // nothing opens files here; the notice comes first
	}
	if len(h.notices) != 1 {
		t.Errorf("got %q, want one notice", h.notices)
	}
}

func TestAddFunc(t *testing.T) {
	h := newHarness(t)
	var gotArgs []any
	var gotKwargs map[string]any
	var answer any
	h.AddFunc("ls", func(ctx context.Context, args []any, kwargs map[string]any) (any, error) {
		gotArgs, gotKwargs = args, kwargs
		if err, ok := answer.(error); ok {
			return nil, err
		}
		return answer, nil
	})
	tests := []struct {
		src    string
		answer any
		args   []any
		kwargs map[string]any
		want   string
	}{
		{"ls()", nil, []any{}, map[string]any{}, ""},
		{"ls('a', 1, 2.5, True, None, b'x', [1, ('y',)], k={'z': 1})", "done", []any{"a", int64(1), 2.5, true, nil, []byte("x"), []any{int64(1), []any{"y"}}}, map[string]any{"k": map[string]any{"z": int64(1)}}, "'done'\n"},
		{"ls(pkt.ip.src)", []string{"p", "q"}, []any{"192.168.1.20"}, map[string]any{}, "['p', 'q']\n"},
		{"ls()", map[string]any{"a": 1}, []any{}, map[string]any{}, "{'a': 1}\n"},
		{"ls()", uint32(7), []any{}, map[string]any{}, "7\n"},
	}
	for _, tt := range tests {
		answer = tt.answer
		got, err := h.exec(tt.src)
		if err != nil || got != tt.want || !reflect.DeepEqual(gotArgs, tt.args) || !reflect.DeepEqual(gotKwargs, tt.kwargs) {
			t.Errorf("%s: %q, %v, args %#v %#v", tt.src, got, err, gotArgs, gotKwargs)
		}
	}
	cause := errors.New("no such stream")
	answer = cause
	_, err := h.exec("x = 1\nls()\n")
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, cause) || e.Line != 2 || e.Msg != cause.Error() {
		t.Errorf("got %#v", err)
	}
	if _, err := h.exec("ls(len)"); err == nil || !strings.Contains(err.Error(), "ls: argument 1: got a builtin_function_or_method") {
		t.Errorf("got %v", err)
	}
	if h.Assigned("ls") {
		t.Error("ls counts as assigned before it is")
	}
	if _, err := h.exec("ls = 3"); err != nil || !h.Assigned("ls") {
		t.Errorf("ls = 3: %v, assigned %v", err, h.Assigned("ls"))
	}
}

func TestGlobalsFromGo(t *testing.T) {
	h := newHarness(t)
	if err := h.Set("n", 5); err != nil {
		t.Fatal(err)
	}
	if got, err := h.exec("n += 1\nn"); err != nil || got != "6\n" {
		t.Errorf("%q %v", got, err)
	}
	if v, err := h.Get("n"); err != nil || v != int64(6) {
		t.Errorf("Get: %v %v", v, err)
	}
	if v, err := h.Get("_"); err != nil || v != int64(6) {
		t.Errorf("Get(_): %v %v", v, err)
	}
	if _, err := h.Get("capp"); err == nil || !strings.Contains(err.Error(), "did you mean cap?") {
		t.Errorf("Get(capp): %v", err)
	}
	if err := h.Set("c", make(chan int)); err == nil {
		t.Error("a channel was taken")
	}
}

func TestShowResult(t *testing.T) {
	h := newHarness(t)
	got, err := h.exec("pkt.dns.pretty_print()")
	if err != nil || !strings.HasPrefix(got, "Domain Name System (query)\n\tTransaction ID: 0x1a2b\n\tFlags") || strings.Contains(got, "\n\n") {
		t.Errorf("without Show: %q, %v", got, err)
	}
	var shown []result.Result
	h.cfg.Show = func(r result.Result) { shown = append(shown, r) }
	if got, err := h.exec("pkt.show()\ncap[1].data.show()"); err != nil || got != "" || len(shown) != 2 {
		t.Fatalf("%q %v %d", got, err, len(shown))
	}
	if tree := shown[0].(*result.Tree); len(tree.Nodes) != 5 || tree.Nodes[0].Name != "frame" {
		t.Errorf("%+v", tree)
	}
	if tree := shown[1].(*result.Tree); len(tree.Nodes) != 1 || tree.Nodes[0].Children[0].Show != "12:34" {
		t.Errorf("the payload of the DATA layer is not shown: %+v", tree)
	}
	if got, err := h.exec("print(cap[1].data)"); err != nil || got != "Layer DATA:\n\tData: 1234\n" {
		t.Errorf("%q %v", got, err)
	}
}

// TestPanicBecomesError checks that a fault in Go code leaves the session alive.
func TestPanicBecomesError(t *testing.T) {
	h := newHarness(t)
	h.AddFunc("boom", func(context.Context, []any, map[string]any) (any, error) { panic("boom") })
	var e *Error
	if _, err := h.exec("boom()"); !errors.As(err, &e) || !strings.Contains(e.Msg, "internal error: boom") {
		t.Errorf("got %v", err)
	}
	if got, err := h.exec("1"); err != nil || got != "1\n" {
		t.Errorf("%q %v", got, err)
	}
}

// TestExecWithinExec runs a chunk from a function that a chunk calls, as the
// command `source` does.
func TestExecWithinExec(t *testing.T) {
	h := newHarness(t)
	h.AddFunc("source", func(ctx context.Context, args []any, _ map[string]any) (any, error) {
		return nil, h.Exec(ctx, args[0].(string), "inner.star", 1)
	})
	if got, err := h.exec("source('x = 5')\nx + 1"); err != nil || got != "6\n" {
		t.Errorf("%q %v", got, err)
	}
	_, err := h.exec("source('\\nnope')")
	var e *Error
	if !errors.As(err, &e) || e.File != "inner.star" || e.Line != 2 {
		t.Errorf("got %v", err)
	}
	if got, err := h.exec("[p.number for p in cap]"); err != nil || got != "[1, 2, 3, 4]\n" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := h.exec("again = 'source(again)'\nsource(again)"); err == nil || !strings.Contains(err.Error(), "does a file run itself?") {
		t.Errorf("a chunk that runs itself: %v", err)
	}
}

func TestTreeError(t *testing.T) {
	h := newHarness(t)
	h.view.packets[1].treeErr = errors.New("packet 2: the dissector died")
	for _, src := range []string{"cap[1].ip", "'ip' in cap[1]", "cap[1]", "[l for l in cap[1]]", "cap[1].highest_layer"} {
		if _, err := h.exec(src); err == nil || !strings.Contains(err.Error(), "packet 2: the dissector died") {
			t.Errorf("%s: %v", src, err)
		}
	}
	if got, err := h.exec("cap[1].length"); err != nil || got != "60\n" {
		t.Errorf("%q %v", got, err)
	}
}

func TestArgv(t *testing.T) {
	var out strings.Builder
	it := New(Config{Out: &out, Args: []string{"a", "b"}})
	if err := it.Exec(context.Background(), "print(argv)", "", 1); err != nil || out.String() != "['a', 'b']\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

func TestErrorPlaces(t *testing.T) {
	h := newHarness(t)
	err := h.Exec(context.Background(), "x = 1\ndef f():\n    return [][0]\nf()\n", "s.star", 10)
	var e *Error
	if !errors.As(err, &e) || e.Line != 12 || e.File != "s.star" || !strings.Contains(e.Backtrace, "s.star:13:2: in <toplevel>") ||
		strings.Contains(e.Backtrace, "⟨") {
		t.Errorf("got %v\n%s", err, e.Backtrace)
	}
}

// TestBigPacket checks that finding fields does not take time quadratic in
// their number.
func TestBigPacket(t *testing.T) {
	h := newHarness(t)
	layer := h.view.packets[0].tree.Nodes[4]
	for i := range 20000 {
		layer.Children = append(layer.Children, field(fmt.Sprintf("dns.f%d", i), "F", "1", 0, 0), field("dns.txt", "T", fmt.Sprint(i), 0, 0))
	}
	if got, err := h.exec("n = 0\nfor name in cap[0].dns.field_names:\n    n += len(cap[0].dns.get_field_value('txt'))\n    if n > 100: break\nn\nlen(cap[0].dns.txt.all_fields)\nsum([f.int_value for f in cap[0].dns if f.name == 'dns.f7'])"); err != nil || !strings.HasSuffix(got, "\n20000\n1\n") {
		t.Errorf("%q %v", got, err)
	}
}

func BenchmarkLoop(b *testing.B) {
	p := dnsPacket(1)
	it := New(Config{})
	for _, body := range []string{"n += p.length", "n += p.ip.len.int_value", "n += 1 if p.ip.src == '192.168.1.20' else 0", "if 'dns' in p: d[p.ip.src] = d.get(p.ip.src, 0) + 1"} {
		b.Run(body, func(b *testing.B) {
			it.main.env["p"] = it.newPacket(p, false)
			it.main.env["count"] = starlark.MakeInt(b.N)
			src := "def f():\n    n = 0\n    d = {}\n    for i in range(count):\n        " + body + "\nf()\n"
			if err := it.Exec(context.Background(), src, "", 1); err != nil {
				b.Fatal(err)
			}
		})
	}
}
