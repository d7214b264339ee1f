package wireshark

import (
	"bufio"
	"bytes"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// This file tells what is installed without starting a process.

// maxProgram is the largest program file that is searched for its version:
// tshark itself is below 1 MB, a static build below 200.
const maxProgram = 256 << 20

// binaryVersion finds the version of one of Wireshark's programs in its file,
// "" when it does not say. A program holds its version and, in brackets, the tag
// it was built from, "4.0.17 (v4.0.17-0-g…)" or, by a packager, "4.0.17 (Git
// v4.0.17 packaged as 4.0.17-0+deb12u3)" (get_ws_vcs_version_info). Both must name
// the same version, and all such texts in the file too: a development build's do
// not, and a script that starts another program has none.
func binaryVersion(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxProgram {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	found := ""
	for _, bracket := range []string{" (v", " (Git v"} {
		for rest := data; ; {
			at := bytes.Index(rest, []byte(bracket))
			if at < 0 {
				break
			}
			before, after := rest[:at], rest[at+len(bracket):]
			rest = after
			version := string(before[len(bytes.TrimRight(before, "0123456789.")):])
			tag := string(after[:len(after)-len(bytes.TrimLeft(after, "0123456789."))])
			if !validVersion(version) {
				continue
			}
			if version != tag || found != "" && version != found {
				return ""
			}
			found = version
		}
	}
	return found
}

// prefixes are the directories that tshark or else sharkd may have been installed
// under: that of the name it was found by, and that of the file.
func (t Tools) prefixes() []string {
	program := t.Tshark
	if program == "" {
		program = t.Sharkd
	}
	if program == "" {
		return nil
	}
	list := []string{filepath.Dir(filepath.Dir(program))}
	if file, err := filepath.EvalSymlinks(program); err == nil {
		if prefix := filepath.Dir(filepath.Dir(file)); prefix != list[0] {
			list = append(list, prefix)
		}
	}
	return list
}

// under lists what there is below the prefixes by glob patterns, each file once.
func (t Tools) under(patterns ...string) []string {
	var list []string
	seen := map[string]bool{}
	for _, prefix := range t.prefixes() {
		for _, pattern := range patterns {
			found, err := filepath.Glob(filepath.Join(prefix, pattern))
			if err != nil {
				continue
			}
			for _, name := range found {
				file, err := filepath.EvalSymlinks(name)
				if err == nil && !seen[file] {
					seen[file] = true
					list = append(list, name)
				}
			}
		}
	}
	return list
}

// libraries are the shared libraries that hold the dissectors.
func (t Tools) libraries() []string {
	return t.under("lib/libwireshark.so*", "lib/*-linux-*/libwireshark.so*", "lib64/libwireshark.so*")
}

// pluginDirs lists the directories in which Wireshark on Unix looks for plugins
// (User's Guide, appendix B.4 "Plugin folders"): first the global ones, which
// have the plugins that it comes with, then the user's. The user's are read under
// pktsh's private profile too (tried with 4.0.17): only the Lua files beside the
// profile are not.
func (t Tools) pluginDirs() (global, personal []string) {
	global = t.under("lib/wireshark/plugins", "lib/*-linux-*/wireshark/plugins", "lib64/wireshark/plugins")
	if dir := os.Getenv("WIRESHARK_PLUGIN_DIR"); dir != "" {
		personal = append(personal, dir)
	}
	if home := homeDir(); home != "" {
		personal = append(personal, filepath.Join(home, ".local/lib/wireshark/plugins"))
	}
	return global, personal
}

// homeDir finds the home directory as GLib does (g_get_home_dir).
func homeDir() string {
	if home, err := os.UserHomeDir(); err == nil {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// dataDirs are the directories of Wireshark's own data and system-wide profile.
func (t Tools) dataDirs() []string {
	dirs := t.under("share/wireshark")
	if dir := os.Getenv("WIRESHARK_DATA_DIR"); dir != "" {
		dirs = append(dirs, dir)
	}
	return dirs
}

// systemProfile are the files of the data directory that change dissection when
// they are there; Wireshark comes without them. They are read whatever the
// profile is (epan/prefs.c, epan/disabled_protos.c, packet-user_encap.c).
var systemProfile = [...]string{
	"preferences", "wireshark.conf", "disabled_protos", "enabled_protos", "heuristic_protos", "user_dlts",
}

// maxPluginDepth bounds the walk through plugin directories, whose symbolic links
// may lead in circles.
const maxPluginDepth = 6

// walkPlugins calls fn with every file and directory below dir, by its path and its
// path relative to dir. Links are followed and hidden names skipped, as Wireshark
// does.
func walkPlugins(dir string, fn func(path, rel string, info os.FileInfo)) {
	var walk func(rel string, depth int)
	walk = func(rel string, depth int) {
		path := filepath.Join(dir, rel)
		info, err := os.Stat(path)
		if err != nil {
			return
		}
		fn(path, rel, info)
		if !info.IsDir() || depth == 0 {
			return
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return
		}
		for _, entry := range entries {
			if !strings.HasPrefix(entry.Name(), ".") {
				walk(filepath.Join(rel, entry.Name()), depth-1)
			}
		}
	}
	walk(".", maxPluginDepth)
}

// stockPlugins are the binary plugins that Wireshark itself comes with, of all
// versions from 3.6 to 4.6, without ".so".
var stockPlugins = [...]string{
	"codecs/amrnb", "codecs/g711", "codecs/g722", "codecs/g726", "codecs/g729", "codecs/ilbc",
	"codecs/l16mono", "codecs/l16_mono", "codecs/opus_dec", "codecs/sbc",
	"epan/dfilter", "epan/ethercat", "epan/gryphon", "epan/ipaddr", "epan/irda", "epan/mate",
	"epan/opcua", "epan/profinet", "epan/stats_tree", "epan/transum", "epan/unistim", "epan/wimax",
	"epan/wimaxasncp", "epan/wimaxmacphy",
	"wiretap/usbdump",
}

// additions lists, by their paths, the files besides Wireshark's own that change
// how it dissects: binary plugins and Lua files that it loads, an init.lua that
// does more than the one it comes with, and a system-wide profile. version is
// Wireshark's; the second result is the names of its own plugins that are there.
func (t Tools) additions(version string) (added, stock []string) {
	series := majorMinor(version)
	global, personal := t.pluginDirs()
	look := func(dir string, isGlobal bool) {
		walkPlugins(dir, func(path, rel string, info os.FileInfo) {
			if !info.Mode().IsRegular() {
				return
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".lua": // at any depth
				added = append(added, path)
			case ".so": // below the version's directory
				name, ok := strings.CutPrefix(rel, series+"/")
				name = strings.TrimSuffix(name, ".so")
				switch {
				case !ok:
				case isGlobal && slices.Contains(stockPlugins[:], name):
					stock = append(stock, name)
				default:
					added = append(added, path)
				}
			}
		})
	}
	for _, dir := range global {
		look(dir, true)
	}
	for _, dir := range personal {
		look(dir, false)
	}
	for _, dir := range t.dataDirs() {
		for _, name := range systemProfile {
			if file := filepath.Join(dir, name); isFile(file) {
				added = append(added, file)
			}
		}
		if file := filepath.Join(dir, "init.lua"); startsMore(file) {
			added = append(added, file)
		}
	}
	return added, stock
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// startsMore says whether an init.lua does what Wireshark's own does not: run
// other files, or use what dissectors are made of (Wireshark Developer's Guide,
// chapter 11). Comments are not looked at.
func startsMore(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		code, _, _ := strings.Cut(in.Text(), "--")
		if own := strings.TrimSpace(code); own == `dofile(DATA_DIR.."console.lua")` || own == `dofile(DATA_DIR.."dtd_gen.lua")` {
			continue
		}
		for _, word := range []string{"dofile", "require", "loadfile", "loadstring", "Proto", "Dissector", "Listener", "register_", "set_preference"} {
			if strings.Contains(code, word) {
				return true
			}
		}
	}
	return in.Err() != nil
}

// majorMinor takes "4.0" out of "4.0.17".
func majorMinor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}
