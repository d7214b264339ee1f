package wireshark

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// catalogueFormat is the first word of a cached catalogue. Change it with the
// format, or with what readCatalogue takes from tshark.
const catalogueFormat = "pktsh-catalogue-3"

// LoadCatalogue returns every field and protocol that the installed Wireshark
// knows, from `tshark -G fields`. The answer is kept in cacheDir by the tools'
// Identity; cacheDir "" means no cache. A cache file that is damaged, or from
// another version of this program, is made anew.
func LoadCatalogue(ctx context.Context, tools Tools, cacheDir string) (*dissect.Catalogue, error) {
	if tools.Tshark == "" {
		return nil, errNoTshark
	}
	if cacheDir == "" {
		return readCatalogue(ctx, tools)
	}
	key := tools.identityKey()
	file := filepath.Join(cacheDir, "catalogue-"+key)
	if data, err := os.ReadFile(file); err == nil {
		if c := decodeCatalogue(data, key); c != nil {
			return c, nil
		}
	}
	c, err := readCatalogue(ctx, tools)
	if err != nil {
		return nil, err
	}
	// A cache that cannot be written only costs time.
	_ = writeFileAtomically(file, encodeCatalogue(c, key))
	return c, nil
}

// encodeCatalogue writes a header line (format, key, checksum of the rest, number
// of entries) and a line for each entry in order of name: name, label, type,
// protocol, base, mask (with "?" when Unmasked), description, separated by tabs. Neither tab nor line feed can
// occur inside, since tshark's own output separates by them.
func encodeCatalogue(c *dissect.Catalogue, key string) []byte {
	var b bytes.Buffer
	for _, f := range c.All() {
		for _, part := range []string{f.Name, f.Label, string(f.Type), f.Protocol, f.Base} {
			b.WriteString(part)
			b.WriteByte('\t')
		}
		if f.Mask != 0 {
			fmt.Fprintf(&b, "%#x", f.Mask)
		}
		if f.Unmasked {
			b.WriteByte('?')
		}
		b.WriteByte('\t')
		b.WriteString(f.Description)
		b.WriteByte('\n')
	}
	return append(catalogueHeader(key, b.Bytes(), c.Len()), b.Bytes()...)
}

func catalogueHeader(key string, body []byte, n int) []byte {
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(nil, "%s %s %08x %d\n", catalogueFormat, key, sum, n)
}

// decodeCatalogue reads what encodeCatalogue wrote, nil when it is anything else.
// The catalogue's strings are parts of one text, so that it costs no memory
// besides that and one slice.
func decodeCatalogue(data []byte, key string) *dissect.Catalogue {
	at := bytes.IndexByte(data, '\n') + 1
	n := bytes.Count(data[at:], []byte("\n"))
	if n == 0 || !bytes.Equal(data[:at], catalogueHeader(key, data[at:], n)) {
		return nil
	}
	body := string(data[at:])
	fields := make([]dissect.FieldInfo, n)
	for i := range fields {
		f := &fields[i]
		var line, kind, mask string
		line, body, _ = strings.Cut(body, "\n")
		f.Name, line, _ = strings.Cut(line, "\t")
		f.Label, line, _ = strings.Cut(line, "\t")
		kind, line, _ = strings.Cut(line, "\t")
		f.Type = dissect.Type(kind)
		f.Protocol, line, _ = strings.Cut(line, "\t")
		f.Base, line, _ = strings.Cut(line, "\t")
		mask, f.Description, _ = strings.Cut(line, "\t")
		mask, f.Unmasked = strings.CutSuffix(mask, "?")
		f.Mask, _ = strconv.ParseUint(mask, 0, 64) // empty for none
	}
	return dissect.NewCatalogue(fields)
}
