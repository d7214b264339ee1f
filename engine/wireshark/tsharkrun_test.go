package wireshark

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// syslogCapture is a capture of one UDP packet to port 514 for each message.
func syslogCapture(messages ...string) []byte {
	out := []byte(emptyCapture)
	for _, m := range messages {
		udp := binary.BigEndian.AppendUint16(nil, 5000)
		udp = binary.BigEndian.AppendUint16(udp, 514)
		udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(m)))
		udp = append(append(udp, 0, 0), m...)
		packet := append(make([]byte, 12), 8, 0, 0x45, 0)
		packet = binary.BigEndian.AppendUint16(packet, uint16(20+len(udp)))
		packet = append(packet, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
		packet = append(packet, udp...)
		for _, n := range []uint32{1, 0, uint32(len(packet)), uint32(len(packet))} {
			out = binary.LittleEndian.AppendUint32(out, n)
		}
		out = append(out, packet...)
	}
	return out
}

func written(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// fieldRows collects what RunFields delivers.
func fieldRows(ctx context.Context, tools Tools, in Input, q FieldsQuery) (rows [][]string, err error) {
	err = RunFields(ctx, tools, Config{}, in, q, func(cells []string) error {
		rows = append(rows, slices.Clone(cells))
		return nil
	})
	return rows, err
}

// Whatever characters the values have, cells and occurrences stay apart.
func TestRunFields(t *testing.T) {
	tools := installed(t)
	t.Setenv("TMPDIR", t.TempDir())
	controls := make([]byte, 0, 128)
	for c := byte(1); c < 128; c++ {
		controls = append(controls, c)
	}
	data := syslogCapture("<13>a,b\tc\nd\\n\f\r\b,\x1e\x1f", "<14>"+string(controls), "<14>"+strings.Repeat("long", 8000))
	spool, err := os.CreateTemp(t.TempDir(), "")
	if err == nil {
		_, err = spool.Write(data)
	}
	if err = errors.Join(err, os.Remove(spool.Name())); err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	for _, in := range []Input{{Path: written(t, data)}, {Path: "gone.pcap", Inherit: spool}} {
		// frame.number twice, and a field that none of the frames has
		rows, err := fieldRows(testContext(t), tools, in, FieldsQuery{Fields: []string{"frame.number", "syslog.msg", "tcp.port", "ip.addr", "frame.number"}})
		if err != nil || len(rows) != 3 {
			t.Fatalf("got %d rows, %v, want 3", len(rows), err)
		}
		both := "10.0.0.1" + OccurrenceSeparator + "10.0.0.2"
		if want := []string{"1", `a,b\tc\nd\n\f\r\b,` + "\x1e\x1f", "", both, "1"}; !slices.Equal(rows[0], want) {
			t.Errorf("got %q, want %q", rows[0], want)
		}
		if r := rows[1]; r[0] != "2" || r[2] != "" || r[3] != both || !strings.Contains(r[1], " !\"#$%&'()*+,-./012") {
			t.Errorf("all control characters: got %q", r)
		}
		if r := rows[2]; r[0] != "3" || r[3] != both {
			t.Errorf("a long message: got %q", r)
		}
		// no frame has the only field; the filter's cells are kept apart from the rest
		rows, err = fieldRows(testContext(t), tools, in, FieldsQuery{Filter: "frame.number > 1", Fields: []string{"tcp.port"}})
		if want := [][]string{{""}, {""}}; err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("got %q, %v, want %q", rows, err, want)
		}
		// columns are Wireshark's own, and flags are passed on
		rows, err = fieldRows(testContext(t), tools, in, FieldsQuery{Filter: "frame.number == 1", Fields: []string{"_ws.col.Time", "_ws.col.Length"}, Flags: []string{"-t", "e"}})
		if want := [][]string{{"1.000000", "61"}}; err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("got %q, %v, want %q", rows, err, want)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestRunFieldsFails(t *testing.T) {
	tools := installed(t)
	whole := syslogCapture("<13>a", "<13>b")
	in := Input{Path: written(t, whole)}
	ctx := testContext(t)
	ended := &RunError{}
	if _, err := fieldRows(ctx, tools, in, FieldsQuery{Fields: []string{"frame.number", "no.such.field"}}); !errors.As(err, &ended) || err.Error() != "tshark: Some fields aren't valid: no.such.field" {
		t.Errorf("unknown fields: got %v", err)
	}
	fault := &FilterError{}
	if _, err := fieldRows(ctx, tools, in, FieldsQuery{Filter: "ip && ip.scr == 1", Fields: []string{"ip"}}); !errors.As(err, &fault) || fault.Offset != 6 || fault.Length != 6 {
		t.Errorf("a bad filter: got %v, want a FilterError at 6", err)
	}
	rows, err := fieldRows(ctx, tools, Input{Path: written(t, whole[:len(whole)-3])}, FieldsQuery{Fields: []string{"frame.number"}})
	if !errors.As(err, &ended) || ended.Code != 2 || !strings.Contains(ended.Said, "cut short") || len(rows) != 1 {
		t.Errorf("a cut capture: got %q, %v, want its first row and that it is cut", rows, err)
	}
	if _, err := fieldRows(ctx, tools, Input{Path: "/no/such/file"}, FieldsQuery{Fields: []string{"ip"}}); !errors.As(err, &ended) || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("no file: got %v", err)
	}
	if _, err := fieldRows(ctx, tools, in, FieldsQuery{}); err == nil {
		t.Error("no fields: got no error")
	}
	if _, err := fieldRows(ctx, tools, in, FieldsQuery{Fields: []string{"ip"}, Filter: strings.Repeat(" ", maxArgument) + "ip"}); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a long filter: got %v", err)
	}
	stop := errors.New("enough")
	n := 0
	err = RunFields(ctx, tools, Config{}, in, FieldsQuery{Fields: []string{"frame.number"}}, func([]string) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("an error of each: got %v after %d rows, want it after one", err, n)
	}
}

// scriptTshark makes a tshark that is a shell script.
func scriptTshark(t *testing.T, script string) Tools {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tshark")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return Tools{Tshark: file}
}

func TestRunFieldsOfATsharkThatFails(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		rows               int
	}{
		{"crash", "printf '1\\t2\\n3\\t4\\n5'; echo 'tshark: assertion' >&2; kill -SEGV $$", "crash (signal: segmentation fault", 2},
		{"crash, silent", "kill -ABRT $$", "crash (signal: aborted", 0},
		{"exit code", "printf '1\\t2\\n'; echo oops >&2; exit 3", "tshark: oops", 1},
		{"exit code, silent", "exit 3", "tshark failed: exit status 3", 0},
		{"cut line", "printf '1\\t2\\n3'", "middle of a line", 1},
		{"few cells", "echo 1", "row of 1 cells, want 2", 0},
		{"many cells", "printf '1\\t2\\t3\\t4\\n'", "row of 4 cells, want 2", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := fieldRows(testContext(t), scriptTshark(t, c.script), Input{Path: "x"}, FieldsQuery{Fields: []string{"a", "b"}})
			if err == nil || !strings.Contains(err.Error(), c.want) || len(rows) != c.rows {
				t.Errorf("got %q, %v, want %d rows and an error with %q", rows, err, c.rows, c.want)
			}
		})
	}
}

// The end of the context kills tshark and what it started, at once.
func TestRunFieldsIsCancelled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	pids := filepath.Join(t.TempDir(), "pids")
	tools := scriptTshark(t, "sleep 100 & echo $$ $! > '"+pids+"'; printf '1\\n'; wait; sleep 100")
	ctx, cancel := context.WithCancel(testContext(t))
	began := time.Now()
	err := RunFields(ctx, tools, Config{}, Input{Path: "x"}, FieldsQuery{Fields: []string{"a"}}, func([]string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || time.Since(began) > waitDelay {
		t.Errorf("got %v after %v, want the context's error at once", err, time.Since(began))
	}
	data, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for pid := range strings.FieldsSeq(string(data)) {
		waitGone(t, pid)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// waitGone waits until a process is gone or a zombie that its new parent has to reap.
func waitGone(t *testing.T, pid string) {
	t.Helper()
	for range 200 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s is still there", pid)
}

const orphanVariable = "PKTSH_TEST_ORPHAN"

// orphan is the program that TestChildrenDieWithUs kills: it runs tshark.
func orphan(tshark string) {
	err := RunFields(context.Background(), Tools{Tshark: tshark}, Config{}, Input{Path: "x"}, FieldsQuery{Fields: []string{"a"}}, func([]string) error { return nil })
	fmt.Fprintln(os.Stderr, err)
}

func TestChildrenDieWithUs(t *testing.T) {
	if childAttributes() == nil {
		t.Skip("this system has no parent-death signal")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(t.TempDir(), "pid")
	tools := scriptTshark(t, "echo $$ > '"+pidFile+".new'; mv '"+pidFile+".new' '"+pidFile+"'; exec sleep 100")
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), orphanVariable+"="+tools.Tshark, "TMPDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid []byte
	for range 500 {
		if pid, err = os.ReadFile(pidFile); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	killed := cmd.Process.Kill()
	_ = cmd.Wait()
	if err := errors.Join(err, killed); err != nil {
		t.Fatal(err)
	}
	waitGone(t, strings.TrimSpace(string(pid)))
}

func TestRunRaw(t *testing.T) {
	tools := installed(t)
	t.Setenv("TMPDIR", t.TempDir())
	data := syslogCapture("<13>a", "<13>b")
	var out, complaints bytes.Buffer
	code, err := RunRaw(testContext(t), tools, Input{Path: written(t, data)}, []string{"-2", "-T", "fields", "-e", "syslog.msg"}, &out, &complaints)
	if code != 0 || err != nil || out.String() != "a\nb\n" {
		t.Errorf("got %d, %v, %q, want the two messages", code, err, out.String())
	}
	out.Reset()
	code, err = RunRaw(testContext(t), tools, Input{Path: written(t, data[:len(data)-1])}, []string{"-2", "-T", "fields", "-e", "syslog.msg"}, &out, &complaints)
	if code != 2 || err != nil || out.String() != "a\n" || !strings.Contains(complaints.String(), "cut short") {
		t.Errorf("a cut capture: got %d, %v, %q, %q", code, err, out.String(), complaints.String())
	}
	if code, err = RunRaw(testContext(t), Tools{}, Input{}, nil, io.Discard, io.Discard); code != -1 || err == nil {
		t.Errorf("without tshark: got %d, %v", code, err)
	}
	if code, err = RunRaw(testContext(t), scriptTshark(t, "kill -SEGV $$"), Input{Path: "x"}, nil, io.Discard, io.Discard); code != -1 || err == nil || !strings.Contains(err.Error(), "segmentation") {
		t.Errorf("a crash: got %d, %v", code, err)
	}
	// It is interrupted, not killed, so that it can end its output.
	ctx, cancel := context.WithTimeout(testContext(t), 100*time.Millisecond)
	defer cancel()
	out.Reset()
	code, err = RunRaw(ctx, scriptTshark(t, "trap 'echo ]; exit 0' INT; echo [; sleep 1 & wait"), Input{Path: "x"}, nil, &out, io.Discard)
	if out.String() != "[\n]\n" {
		t.Errorf("interrupted: got %d, %v, %q, want its last line", code, err, out.String())
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A Ctrl-Z stops both pktsh and a tshark that is its output.
func TestRunRawStaysInTheProcessGroup(t *testing.T) {
	var out bytes.Buffer
	if _, err := RunRaw(testContext(t), scriptTshark(t, "cut -d' ' -f5 /proc/$$/stat"), Input{Path: "x"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(out.String()), fmt.Sprint(syscall.Getpgrp()); got != want {
		t.Errorf("got the process group %s, want %s", got, want)
	}
}

func TestLastWords(t *testing.T) {
	for _, c := range []struct{ stderr, want string }{
		{"Running as user \"root\"\ntshark: one\n** (tshark:1) WARNING\ntshark: two\n", "one; two"},
		{"tshark: Some fields aren't valid:\n\ta\n\tb\n\tc\n\td\n\te\n\tf\n\nx\n\tg\n", "Some fields aren't valid: a, b, c, d, e"},
		{"tshark: bad\n\tnot a list\n", "bad"},
		{"Segmentation fault\n", "Segmentation fault"},
		{"", ""},
	} {
		if got := lastWords(c.stderr); got != c.want {
			t.Errorf("%q: got %q, want %q", c.stderr, got, c.want)
		}
	}
}
