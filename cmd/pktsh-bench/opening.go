package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// This file measures opening: the index, a second time, and the way to the prompt.

// indexLimit is how many times as long as reading the file the index may take.
const indexLimit = 3

// measureIndex compares `len(cap)` with reading the file and with capinfos.
func (b *bench) measureIndex(r *report, read answers) {
	fmt.Fprintln(b.log, "Index")
	t := table{head: []string{"capture", "× `cat`", "× `capinfos -c`", "nothing cached, s", "index cached, s", "no cache at all, s", "`cat`, s", "`capinfos -c`, s"}}
	p := part{title: "Index", intro: "`pktsh FILE --eval 'print(len(cap))'`, whole process, against `cat FILE > /dev/null`: how many times as long it takes. " +
		"Elsewhere too, \"nothing cached\" is a cache that knows the installed Wireshark, but no capture; with no cache at all that is read first."}
	for _, file := range []string{b.data.ordinary(), b.data.big()} {
		count := func(name string) *probe {
			p := b.pktsh(name, file, "--eval", "print(len(cap))")
			p.read = read.number
			return p
		}
		first, second, bare := count("pktsh"), count("pktsh, second open"), count("pktsh, no cache at all")
		kept := filepath.Join(b.scratch, "kept")
		second.env = func() ([]string, func()) { return []string{"XDG_CACHE_HOME=" + kept}, func() {} }
		bare.env = func() ([]string, func()) {
			dir := filepath.Join(b.scratch, "bare")
			return []string{"XDG_CACHE_HOME=" + dir}, func() { _ = os.RemoveAll(dir) }
		}
		cat := b.theirs("cat", "sh", "-c", `exec cat "$1" >/dev/null`, "sh", file)
		capinfos := b.theirs("capinfos", "capinfos", "-c", file)
		if err := os.CopyFS(kept, os.DirFS(b.seeded)); err != nil {
			p.notes = append(p.notes, "n/a: "+err.Error())
			continue
		}
		b.once(second) // builds the index
		second.took = nil
		b.measure(first, second, bare, cat, capinfos)
		_ = os.RemoveAll(kept)
		t.add(filepath.Base(file), ratio(cat.median(), first.median()), ratio(capinfos.median(), first.median()),
			first.seconds(), second.seconds(), bare.seconds(), cat.seconds(), capinfos.seconds())
		for _, probe := range []*probe{first, second, bare, cat, capinfos} {
			p.missing(filepath.Base(file), probe)
		}
		got := ratio(cat.median(), first.median())
		r.verdict("Index of "+filepath.Base(file)+", against `cat`", fmt.Sprintf("at most %d × as long", indexLimit), got+" ×",
			len(first.took) > 0 && first.median() <= indexLimit*cat.median())
	}
	p.tables = []table{t}
	r.parts = append(r.parts, p)
}

// measurePrompt times the way to the prompt and to the first page of ls.
func (b *bench) measurePrompt(r *report) {
	fmt.Fprintln(b.log, "Prompt")
	p := part{title: "At the prompt", intro: "At a terminal, on the big capture, until the text is there."}
	prompt, page := &probe{name: "to the prompt"}, &probe{name: "first page of `ls` after it (a preview)"}
	first := b.theirs("`tshark -c 1`", "tshark", "-n", "-r", b.data.big(), "-c", "1")
	env, clean := b.pktsh("pktsh").env()
	defer clean()
	for range b.runs {
		toPrompt, toPage, err := session(b.program, b.data.big(), env)
		if err != nil {
			p.notes = append(p.notes, "n/a: "+err.Error())
			break
		}
		prompt.took, page.took = append(prompt.took, usage{wall: toPrompt}), append(page.took, usage{wall: toPage})
	}
	b.measure(first)
	t := table{head: []string{"", "seconds"}}
	for _, probe := range []*probe{prompt, page, first} {
		t.add(probe.name, probe.seconds())
	}
	p.tables = []table{t}
	r.parts = append(r.parts, p)
}
