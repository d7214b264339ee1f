package wireshark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tools are the Wireshark programs found on a search path: absolute paths, ""
// when absent.
type Tools struct {
	Tshark, Sharkd, Editcap, Mergecap, Capinfos, Dumpcap string
}

// Find looks for Wireshark's programs in path, a list of directories as in the
// environment variable PATH. It starts no process. Relative and empty entries
// are skipped, as os/exec does, so that a program in the working directory is
// never run by accident.
func Find(path string) Tools {
	dirs := filepath.SplitList(path)
	find := func(name string) string {
		for _, dir := range dirs {
			if !filepath.IsAbs(dir) {
				continue
			}
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return file
			}
		}
		return ""
	}
	return Tools{
		Tshark: find("tshark"), Sharkd: find("sharkd"), Editcap: find("editcap"),
		Mergecap: find("mergecap"), Capinfos: find("capinfos"), Dumpcap: find("dumpcap"),
	}
}

// Identity names the installed Wireshark without starting a process: path, real
// path, modification time and size of tshark and sharkd, and time and size of
// their library, of the plugins and of the system-wide profile. It is "" without
// tshark and sharkd. Two equal identities dissect alike, so it serves as a cache
// key.
func (t Tools) Identity() string {
	var parts []string
	add := func(path, note string, info os.FileInfo) {
		parts = append(parts, fmt.Sprintf("%s=%s %d %d", path, note, info.ModTime().UnixNano(), info.Size()))
	}
	for _, program := range []string{t.Tshark, t.Sharkd} {
		if info, err := os.Stat(program); program != "" && err == nil {
			target, err := filepath.EvalSymlinks(program)
			if err != nil {
				target = program
			}
			add(program, target, info)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	files := t.libraries()
	for _, dir := range t.dataDirs() {
		files = append(files, filepath.Join(dir, "init.lua"))
		for _, name := range systemProfile {
			files = append(files, filepath.Join(dir, name))
		}
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			add(file, "", info)
		}
	}
	global, personal := t.pluginDirs()
	for _, dir := range append(global, personal...) {
		walkPlugins(dir, func(path, _ string, info os.FileInfo) { add(path, "", info) })
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "LD_PRELOAD"} {
		if value := os.Getenv(name); value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, "\n")
}

// identityKey is Identity shortened to a file name's part.
func (t Tools) identityKey() string {
	sum := sha256.Sum256([]byte(t.Identity()))
	return hex.EncodeToString(sum[:12])
}

// Version returns Wireshark's version, such as "4.0.17": from tshark's file, or
// else as `tshark --version` prints it. That answer is kept in cacheDir by
// Identity, so that later calls start no process; cacheDir "" means no cache.
func (t Tools) Version(ctx context.Context, cacheDir string) (string, error) {
	if t.Tshark == "" {
		return "", errNoTshark
	}
	if version := binaryVersion(t.Tshark); version != "" {
		return version, nil
	}
	file := filepath.Join(cacheDir, "version-"+t.identityKey())
	if cacheDir != "" {
		if text, err := os.ReadFile(file); err == nil && validVersion(string(text)) {
			return string(text), nil
		}
	}
	out, err := outputOf(command(ctx, t.Tshark, "--version"))
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", t.Tshark, err)
	}
	version := parseVersion(string(out))
	if version == "" {
		first, _, _ := strings.Cut(string(out), "\n")
		return "", fmt.Errorf("%s --version: got %q, want \"TShark (Wireshark) x.y.z\": is that Wireshark's tshark?", t.Tshark, first)
	}
	if cacheDir != "" {
		// A cache that cannot be written only costs time.
		_ = writeFileAtomically(file, []byte(version))
	}
	return version, nil
}

var errNoTshark = errors.New("tshark is not installed, or not in PATH: install Wireshark's command line tools (package tshark)")

// parseVersion takes "4.0.17" out of "TShark (Wireshark) 4.0.17 (Git …).".
func parseVersion(out string) string {
	first, _, _ := strings.Cut(out, "\n")
	for _, word := range strings.Fields(first) {
		if word = strings.TrimRight(word, ".,"); validVersion(word) {
			return word
		}
	}
	return ""
}

func validVersion(s string) bool {
	return len(s) < 40 && strings.Contains(s, ".") && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, " \n/")
}

// writeFileAtomically writes data to a new file beside path and renames it, so
// that a reader sees all of it or none.
func writeFileAtomically(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
