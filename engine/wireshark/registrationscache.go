package wireshark

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// This file finds registrations without asking tshark where it can: those of
// known versions are built in, others are kept on disk.

// registrationsFormat is the first word of cached registrations. Change it with
// the format, or with what readRegistrations takes from tshark.
const registrationsFormat = "pktsh-registrations-1"

// builtIn holds the registrations of verified versions, registrations/VERSION.gz,
// as encodeTables writes them.
//
//go:embed registrations/*.gz
var builtIn embed.FS

// verified says whether the differential suite has passed with a version of
// Wireshark, and which of its own plugins were there.
func verified(version string) (plugins []string, ok bool) {
	if version != "4.0.17" {
		return nil, false
	}
	return []string{
		"epan/ethercat", "epan/gryphon", "epan/irda", "epan/mate", "epan/opcua", "epan/profinet",
		"epan/stats_tree", "epan/transum", "epan/unistim", "epan/wimax", "epan/wimaxasncp",
		"epan/wimaxmacphy", "wiretap/usbdump",
	}, true
}

// LoadRegistrations returns the dissector tables of the installed Wireshark. No
// process is started when they are built in, which they are for verified versions
// without additions, nor when they are kept in cacheDir, which is by the tools'
// Identity; else `tshark -G decodes` is run, 0.3 s. cacheDir "" means no cache. A
// cache file that is damaged, or from another version of this program, is made anew.
func LoadRegistrations(ctx context.Context, tools Tools, cacheDir string) (*Registrations, error) {
	version, err := tools.Version(ctx, cacheDir)
	if err != nil {
		return nil, err
	}
	want, ok := verified(version)
	type read struct {
		tables map[string][]Registration
		err    error
	}
	embedded := make(chan read, 1)
	if ok { // while the directories of plugins are looked through, which takes as long
		go func() {
			tables, err := builtInTables(version)
			embedded <- read{tables, err}
		}()
	}
	added, stock := tools.additions(version)
	r := &Registrations{Version: version, Verified: ok, Plugins: added}
	if ok && len(added) == 0 && hasAll(stock, want) {
		own := <-embedded
		r.tables, r.Source = own.tables, "built in"
		return r, own.err
	}
	key := tools.identityKey()
	file := filepath.Join(cacheDir, "registrations-"+key)
	if cacheDir != "" {
		if data, err := os.ReadFile(file); err == nil {
			at := bytes.IndexByte(data, '\n') + 1
			if bytes.Equal(data[:at], registrationsHeader(key, data[at:])) {
				if r.tables, ok = decodeTables(data[at:]); ok {
					r.Source = "cache"
					return r, nil
				}
			}
		}
	}
	if r.tables, err = readRegistrations(ctx, tools); err != nil {
		return nil, err
	}
	r.Source = "tshark"
	if cacheDir != "" {
		body := encodeTables(r)
		// A cache that cannot be written only costs time.
		_ = writeFileAtomically(file, append(registrationsHeader(key, body), body...))
	}
	return r, nil
}

func hasAll(list, want []string) bool {
	for _, name := range want {
		if !slices.Contains(list, name) {
			return false
		}
	}
	return true
}

func registrationsHeader(key string, body []byte) []byte {
	return fmt.Appendf(nil, "%s %s %08x\n", registrationsFormat, key, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// builtInTables reads the embedded registrations of a verified version.
func builtInTables(version string) (map[string][]Registration, error) {
	f, err := builtIn.Open("registrations/" + version + ".gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	tables, ok := decodeTables(data)
	if !ok {
		return nil, fmt.Errorf("the built-in registrations of Wireshark %s are damaged", version)
	}
	return tables, nil
}
