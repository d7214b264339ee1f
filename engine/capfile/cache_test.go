package capfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// aged opens a capture as if it had been left alone for a while.
func aged(t testing.TB, path, cacheDir string) *File {
	t.Helper()
	f := open(t, path, Options{CacheDir: cacheDir})
	if f.cache != nil {
		f.cache.opened = f.cache.opened.Add(cacheSettled)
	}
	return f
}

// kept opens a capture, keeps its index, and returns the cache file's name.
func kept(t testing.TB, path, cacheDir string, sections map[string][]byte) string {
	t.Helper()
	f := aged(t, path, cacheDir)
	if err := f.SaveIndex(t.Context(), sections); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cacheDir, cacheDirName, f.cache.id.name())
}

// described is all that a File says of its capture, but for the packets.
func described(f *File) []any {
	first, last, timed := f.Times()
	return []any{f.Len(), first, last, timed, f.Interfaces(), f.SectionComments(), f.Names(), f.Secrets(), f.Warnings(), f.Format(), f.read().sections, f.read().end}
}

// cachedCaptures are large enough for the cache, and different in what the index
// cannot hold: interfaces that come late, two byte orders, names, a stand-in
// interface, damage at the end.
func cachedCaptures() map[string][]byte {
	const n = chunkEntries + 9000
	m := big
	extra := join(little.section(little.option(optComment, []byte("late")...)), little.iface(1, 0),
		little.block(blockCustom, little.words(1), payload), little.block(blockNames, little.words(1|10<<16), []byte("\x0a\x00\x00\x01host\x00\x00\x00\x00"), little.words(0)),
		little.block(blockSecrets, little.words(0x544c534b, 4), []byte("keys")),
		m.section(), m.iface(1, 0, m.option(optIfName, []byte("wlan0")...)), m.epb(0, micros), m.block(blockSimplePacket, m.words(60), payload))
	cut := m.epb(0, micros)[:50]
	wrong := m.block(blockNames, m.words(1|6<<16), []byte{1, 2, 3, 4, 'a', 'b'})
	jumbo := join(big.pcap(magicNanos, 2, 4, 262144, 1), make([]byte, 0))
	for i := range 20 {
		jumbo = append(jumbo, join(big.words(uint32(i*100_000_000), 7, 70_000, 80_000), make([]byte, 70_000))...)
	}
	return map[string][]byte{
		"pcap":         longPcap(n),
		"cut pcap":     longPcap(n)[:n*20-3],
		"jumbo pcap":   jumbo,
		"pcapng":       join(longNG(n), extra),
		"cut pcapng":   join(longNG(n), extra, cut),
		"wrong pcapng": join(longNG(n), extra, wrong),
	}
}

func TestCache(t *testing.T) {
	for name, data := range cachedCaptures() {
		t.Run(name, func(t *testing.T) {
			if f := open(t, write(t, "secrets", data), Options{}); f.Secrets() != strings.HasSuffix(name, "pcapng") {
				t.Errorf("secrets: got %v", f.Secrets())
			}
			dir, path := t.TempDir(), write(t, "long", data)
			first := aged(t, path, dir)
			if first.restored || first.CacheSection("columns") != nil {
				t.Fatal("an index came out of nowhere")
			}
			columns := bytes.Repeat([]byte("shape"), 100_000)
			if err := first.SaveIndex(t.Context(), map[string][]byte{"columns": columns, "empty": nil}); err != nil {
				t.Fatal(err)
			}
			heard := 0
			again := open(t, path, Options{CacheDir: dir, Indexed: func(f *File, n int, _ *Window) {
				if heard++; n != first.Len() || f.Len() != n {
					t.Errorf("heard of %d packets, want all %d", n, first.Len())
				}
			}})
			if !again.restored || heard != 1 {
				t.Fatalf("restored: %v, heard of it %d times", again.restored, heard)
			}
			for i, got := range described(again) {
				if want := described(first)[i]; !reflect.DeepEqual(got, want) {
					t.Errorf("%d: %.500v, was %.500v", i, got, want)
				}
			}
			want := snapshot(first, 0, first.Len())
			for i, got := range snapshot(again, 0, again.Len()) {
				if got != want[i] {
					t.Fatalf("packet %d: %+v, want %+v", i, got, want[i])
				}
			}
			if !bytes.Equal(again.CacheSection("columns"), columns) || again.CacheSection("none") != nil || again.CacheSection(indexSection) != nil {
				t.Error("the section did not come back")
			}
			all := save(t, again, "all", SaveOptions{}, slices.Collect(countTo(again.Len()))...)
			if got, _ := os.ReadFile(all); !bytes.Equal(got, data[:again.read().end]) {
				t.Error("saving all packets does not give the same bytes")
			}
		})
	}
}

// largePackets is enough for the cache, and soon read.
const largePackets = 20

// largePcap is a pcap file of so many packets of 60,000 bytes.
func largePcap() []byte {
	b := little.pcap(magicPcap, 2, 4, 262144, 1)
	for i := range largePackets {
		b = append(b, join(little.words(second, uint32(i), 60_000, 60_000), make([]byte, 60_000))...)
	}
	return b
}

// TestCacheFile is how the cache lies on disk.
func TestCacheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	path := write(t, "long.pcap", largePcap())
	name := kept(t, path, dir, nil)
	for path, want := range map[string]fs.FileMode{name: 0o600, filepath.Dir(name): fs.ModeDir | 0o700, dir: fs.ModeDir | 0o700} {
		if stat, err := os.Stat(path); err != nil || stat.Mode() != want {
			t.Errorf("%s: mode %v (%v), want %v", path, stat.Mode(), err, want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the capture: %v", entries)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	f := aged(t, path, dir)
	if stat, err := os.Stat(name); err != nil || time.Since(stat.ModTime()) > time.Minute {
		t.Errorf("used now, but its time is %v", stat.ModTime())
	}
	before, _ := os.ReadFile(name)
	if err := f.SaveIndex(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if after, _ := os.ReadFile(name); !bytes.Equal(before, after) {
		t.Error("an index that came from the cache was written again")
	}
	if err := f.SaveIndex(t.Context(), map[string][]byte{"columns": {1, 2, 3}}); err != nil {
		t.Error(err)
	}
	if g := aged(t, path, dir); string(g.CacheSection("columns")) != "\x01\x02\x03" {
		t.Error("the section that came later is not there")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.SaveIndex(cancelled, map[string][]byte{"columns": nil}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
	if err := f.SaveIndex(t.Context(), map[string][]byte{indexSection: nil}); err == nil {
		t.Error("a section took the index's name")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*"+unfinishedSuffix)); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// TestCacheOfChanged changes the capture in the ways that there are.
func TestCacheOfChanged(t *testing.T) {
	data := largePcap()
	changed := bytes.Clone(data)
	changed[24] ^= 1
	for _, c := range []struct {
		name string
		do   func(path string) error
	}{
		{"written to", func(path string) error { return os.WriteFile(path, changed, 0o600) }},
		{"grown", func(path string) error { return os.WriteFile(path, append(data, data[24:]...), 0o600) }},
		{"cut", func(path string) error { return os.Truncate(path, int64(len(data)-999)) }},
		{"replaced", func(path string) error {
			if err := os.WriteFile(path+"2", changed, 0o600); err != nil {
				return err
			}
			return os.Rename(path+"2", path)
		}},
		{"written to, with its time set back", func(path string) error {
			stat, err := os.Stat(path)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(path, changed, 0o600), os.Chtimes(path, stat.ModTime(), stat.ModTime()))
		}},
	} {
		dir, path := t.TempDir(), write(t, "long.pcap", data)
		kept(t, path, dir, nil)
		time.Sleep(20 * time.Millisecond) // longer than the clock of file times ticks
		if err := c.do(path); err != nil {
			t.Fatal(err)
		}
		f := aged(t, path, dir)
		if f.restored {
			t.Errorf("%s: the index of what was there before", c.name)
		}
		if err := f.SaveIndex(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if g := aged(t, path, dir); !g.restored || g.Len() != f.Len() {
			t.Errorf("%s: the new index was not kept", c.name)
		}
	}
	path := write(t, "long.pcap", data)
	f := aged(t, path, t.TempDir())
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveIndex(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "long.pcap") {
		t.Errorf("changed while it was open: got %v", err)
	}
}

// TestCacheLeftAlone is what is not kept, without a word.
func TestCacheLeftAlone(t *testing.T) {
	data := largePcap()
	erf := little.pcap(magicPcap, 2, 4, 65535, linkSunATM)
	for range 20_000 {
		erf = append(erf, little.record(5, 60, 60)...)
	}
	for name, f := range map[string]*File{
		"no directory":        aged(t, write(t, "a", data), ""),
		"small":               aged(t, write(t, "b", data[:cacheWorth-1]), t.TempDir()),
		"compressed":          aged(t, write(t, "c", compress(t, compressions()[0], data)), t.TempDir()),
		"pseudo headers":      aged(t, write(t, "d", erf), t.TempDir()),
		"written to just now": open(t, write(t, "e", data), Options{CacheDir: t.TempDir()}),
	} {
		if err := f.SaveIndex(t.Context(), map[string][]byte{"columns": data}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.cache != nil {
			if _, err := os.Stat(filepath.Join(f.cache.dir, cacheDirName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: something was written (%v)", name, err)
			}
		}
	}
}

// TestCacheDir is a directory that is not to be trusted, or not to be written to.
func TestCacheDir(t *testing.T) {
	path := write(t, "long.pcap", largePcap())
	good := t.TempDir()
	name := kept(t, path, good, nil)
	index, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		make  func(dir, file string) error // file is where the cache file belongs
		saves bool
	}{
		{"a copy", func(dir, file string) error { return os.WriteFile(file, index, 0o600) }, true},
		{"a symbolic link to the directory", func(dir, file string) error {
			return errors.Join(os.Remove(filepath.Dir(file)), os.Symlink(filepath.Dir(name), filepath.Dir(file)))
		}, false},
		{"a symbolic link to the file", func(dir, file string) error { return os.Symlink(name, file) }, true},
		{"a FIFO", func(dir, file string) error { return unix.Mkfifo(file, 0o600) }, true},
		{"a directory of that name", func(dir, file string) error { return os.Mkdir(file, 0o700) }, false},
		{"a file that others can write to", func(dir, file string) error {
			return errors.Join(os.WriteFile(file, index, 0o600), os.Chmod(file, 0o666))
		}, true},
		{"a directory that others can write to", func(dir, file string) error {
			return errors.Join(os.WriteFile(file, index, 0o600), os.Chmod(filepath.Dir(file), 0o777))
		}, false},
		{"a file in the way", func(dir, file string) error {
			return errors.Join(os.Remove(filepath.Dir(file)), os.WriteFile(filepath.Dir(file), nil, 0o600))
		}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, cacheDirName, filepath.Base(name))
			if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := c.make(dir, file); err != nil {
				t.Fatal(err)
			}
			f := aged(t, path, dir)
			if f.restored != (c.what == "a copy") {
				t.Errorf("restored: %v", f.restored)
			}
			if f.Len() != largePackets {
				t.Errorf("%d packets", f.Len())
			}
			if err := f.SaveIndex(t.Context(), nil); (err == nil) != c.saves {
				t.Errorf("saving: %v", err)
			}
			if g := aged(t, path, dir); g.restored != c.saves {
				t.Errorf("after saving, restored: %v", g.restored)
			}
		})
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, index) {
		t.Error("what a link led to was written to")
	}
}

// TestCacheDamaged changes and cuts a cache file at every place that matters.
func TestCacheDamaged(t *testing.T) {
	path := write(t, "long.pcap", largePcap())
	dir := t.TempDir()
	name := kept(t, path, dir, map[string][]byte{"columns": []byte("shapes and flags")})
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(t.Context(), path, Options{CacheDir: dir})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer f.Close()
		if f.Len() != largePackets || f.restored && f.CacheSection("columns") != nil {
			t.Errorf("%s: %d packets, section %q", what, f.Len(), f.CacheSection("columns"))
		}
	}
	head := cacheHeaderSize + 3*cacheSectionSize + 4
	for at := range head {
		damaged := bytes.Clone(good)
		damaged[at] ^= 0x40
		try(fmt.Sprintf("byte %d changed", at), damaged)
		try(fmt.Sprintf("cut after %d", at), good[:at])
	}
	head = int(align(int64(head)))
	for at := head; at < len(good); at += max(1, len(good)/40) {
		try(fmt.Sprintf("cut after %d", at), good[:at])
	}
	try("cut before its end", good[:len(good)-1])
	for _, at := range []int{head, head + 8, len(good) / 2, len(good) - 17, len(good) - 1} { // state, index, section
		damaged := bytes.Clone(good)
		damaged[at] ^= 0x40
		try(fmt.Sprintf("byte %d changed", at), damaged)
	}
	try("nothing", nil)
	try("another version", append(append([]byte(cacheMagic), cacheVersion+1), good[9:]...))
}

// TestCacheShrunk cuts a cache file while it is mapped: an error of Guard's.
func TestCacheShrunk(t *testing.T) {
	path, dir := write(t, "long.pcap", longPcap(60_000)), t.TempDir()
	name := kept(t, path, dir, nil)
	f := open(t, path, Options{CacheDir: dir})
	if !f.restored {
		t.Fatal("the index did not come from the cache")
	}
	if err := os.Truncate(name, 4096); err != nil {
		t.Fatal(err)
	}
	err := f.Guard(func() error { f.Record(f.Len() - 1); return nil })
	if err == nil || !strings.Contains(err.Error(), "long.pcap") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// TestEvict removes what was not used for longest, and nothing that is not ours.
func TestEvict(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"new" + cacheSuffix: 0, "used" + cacheSuffix: time.Minute, "old" + cacheSuffix: time.Hour, "oldest" + cacheSuffix: 2 * time.Hour,
		"notes.txt": 9 * time.Hour, "a" + unfinishedSuffix: time.Minute, "b" + unfinishedSuffix: 2 * time.Hour,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, make([]byte, 100), 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, c := range []struct {
		limit int64
		want  string
	}{
		{400, "[a.tmp new.idx notes.txt old.idx oldest.idx used.idx]"},
		{399, "[a.tmp new.idx notes.txt old.idx used.idx]"},
		{0, "[a.tmp new.idx notes.txt]"},
	} {
		if err := evict(root, "new"+cacheSuffix, c.limit); err != nil {
			t.Error(err)
		}
		var left []string
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if fmt.Sprint(left) != c.want {
			t.Errorf("limit %d left %v, want %s", c.limit, left, c.want)
		}
	}
}
