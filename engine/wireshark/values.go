package wireshark

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pktsh/dissect"
)

// This file turns the values that sharkd gives, which are written for display
// filters, into those of PDML's show attribute and tshark -T fields. The two
// differ by a field's type, so it takes the catalogue, and by the numbers behind
// texts, which take `tshark -G values`.

// vocabulary is what is needed to know of the fields.
type vocabulary struct {
	catalogue *dissect.Catalogue
	// codes are the numbers behind the texts of integer fields that Wireshark
	// only shows as text (BASE_NONE): codes["ip.checksum.status"]["Good"] is "1".
	// A text that stands for several numbers is left out.
	codes map[string]map[string]string
}

// hexDigits is how many digits Wireshark prints of each type in base 16, however
// few bits of it a field has; the filter's text goes by the bits. The two agree
// on wider types.
var hexDigits = map[dissect.Type]int{"CHAR": 2, "UINT8": 2, "UINT16": 4, "UINT24": 6, "UINT32": 8}

func isInteger(t dissect.Type) bool {
	return strings.HasPrefix(string(t), "UINT") && !strings.HasSuffix(string(t), "S") && !strings.Contains(string(t), "_") ||
		strings.HasPrefix(string(t), "INT")
}

// show returns the value of a tree's node as PDML has it. label is the node's.
func (v *vocabulary) show(name, value, label string) string {
	if v == nil || value == "" {
		return value
	}
	info, ok := v.catalogue.Lookup(name)
	if !ok {
		return value
	}
	if info.Type == "ABSOLUTE_TIME" {
		return showTime(value, label)
	}
	return v.one(info, value)
}

// showTime returns an absolute time as PDML has it. The filter's text is ISO
// 8601; the label nearly always ends with what PDML has, in the field's own time
// zone and form. Where it has words instead ("No time specified (0)"), the time is
// written in Wireshark's usual form.
func showTime(value, label string) string {
	_, text, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(label, "["), "]"), ": ")
	if strings.Count(text, ":") >= 2 && strings.ContainsAny(text, "0123456789") {
		return text
	}
	for _, layout := range []string{"2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05"} {
		at, err := time.Parse(layout, value) // fractions are taken too
		if err != nil {
			continue
		}
		if !strings.HasSuffix(value, "Z") {
			at = at.Local()
		}
		return at.Format("Jan _2, 2006 15:04:05.000000000 MST")
	}
	return value
}

// one corrects a single value that is not a time.
func (v *vocabulary) one(info dissect.FieldInfo, value string) string {
	switch {
	case hexDigits[info.Type] > 0 && strings.HasPrefix(value, "0x"):
		if n, err := strconv.ParseUint(value[2:], 16, 64); err == nil {
			if info.Base == "BASE_OUI" {
				return strconv.FormatUint(n, 10)
			}
			return fmt.Sprintf("0x%0*x", hexDigits[info.Type], n)
		}
	case info.Type == "DOUBLE" || info.Type == "FLOAT":
		digits := 15 // %.*g with DBL_DIG and FLT_DIG (float.h)
		if info.Type == "FLOAT" {
			digits = 6
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return formatG(n, digits)
		}
	case isInteger(info.Type) && info.Base == "BASE_NONE":
		if code, ok := v.codes[info.Name][value]; ok {
			return code
		}
	}
	return value
}

// formatG is C's %.<digits>g.
func formatG(n float64, digits int) string {
	s := strconv.FormatFloat(n, 'e', digits-1, 64)
	_, exp, _ := strings.Cut(s, "e")
	if x, err := strconv.Atoi(exp); err == nil && x >= -4 && x < digits {
		s = strconv.FormatFloat(n, 'f', digits-1-x, 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	mantissa, exp, ok := strings.Cut(s, "e")
	if !ok {
		return s // inf, nan
	}
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + "e" + exp
}

// column corrects a column's cell: the field's values, joined by commas.
func (v *vocabulary) column(info dissect.FieldInfo, cell string) string {
	if cell == "" {
		return cell
	}
	switch {
	case isInteger(info.Type) && info.Base == "BASE_NONE" && cell[0] == '"':
		var out []string
		for rest := cell; rest != ""; {
			end := strings.Index(rest, `",`)
			value := rest
			if end >= 0 {
				value, rest = rest[:end+1], rest[end+2:]
			} else {
				rest = ""
			}
			out = append(out, v.one(info, unquote(value)))
		}
		return strings.Join(out, ",")
	case strings.HasPrefix(cell, "0x") || info.Type == "DOUBLE" || info.Type == "FLOAT":
		parts := strings.Split(cell, ",")
		for i := range parts {
			parts[i] = v.one(info, parts[i])
		}
		return strings.Join(parts, ",")
	}
	return cell
}

// corrects says whether column changes anything about a field's cells.
func (v *vocabulary) corrects(info dissect.FieldInfo) bool {
	return hexDigits[info.Type] > 0 || info.Type == "DOUBLE" || info.Type == "FLOAT" ||
		isInteger(info.Type) && info.Base == "BASE_NONE"
}

// rawControls replaces a column's octal escapes of control characters, "\003", by
// the characters, which is how tshark -T fields prints them.
func rawControls(cell string) string {
	if !strings.Contains(cell, `\`) {
		return cell
	}
	out := make([]byte, 0, len(cell))
	for i := 0; i < len(cell); i++ {
		if cell[i] == '\\' && i+4 <= len(cell) {
			n, err := strconv.ParseUint(cell[i+1:i+4], 8, 8)
			if err == nil && (n < 0x20 || n == 0x7f) {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, cell[i])
	}
	return string(out)
}

// codesFormat is the first word of a cached table of codes.
const codesFormat = "pktsh-codes-1"

// loadCodes returns vocabulary.codes for a catalogue, from cacheDir when it has
// been asked before under the tools' Identity.
func loadCodes(ctx context.Context, tools Tools, cacheDir string, c *dissect.Catalogue) (map[string]map[string]string, error) {
	if tools.Tshark == "" {
		return nil, errNoTshark
	}
	file := filepath.Join(cacheDir, "codes-"+tools.identityKey())
	if cacheDir != "" {
		if data, err := os.ReadFile(file); err == nil {
			if table, ok := decodeCodes(data); ok {
				return parseCodes(bytes.NewReader(table), nil)
			}
		}
	}
	var table bytes.Buffer
	cmd := command(ctx, tools.Tshark, "-G", "values")
	var codes map[string]map[string]string
	err := readChild(cmd, func(out io.Reader) (err error) {
		codes, err = parseCodes(out, func(name, line string) bool {
			info, ok := c.Lookup(name)
			ok = ok && isInteger(info.Type) && info.Base == "BASE_NONE"
			if ok {
				table.WriteString(line)
				table.WriteByte('\n')
			}
			return ok
		})
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s -G values: %w", tools.Tshark, err)
	}
	if cacheDir != "" {
		// A cache that cannot be written only costs time.
		_ = writeFileAtomically(file, append(codesHeader(table.Bytes()), table.Bytes()...))
	}
	return codes, nil
}

func codesHeader(table []byte) []byte {
	return fmt.Appendf(nil, "%s %08x\n", codesFormat, crc32.Checksum(table, crc32.MakeTable(crc32.Castagnoli)))
}

func decodeCodes(data []byte) (table []byte, ok bool) {
	at := bytes.IndexByte(data, '\n') + 1
	return data[at:], bytes.Equal(data[:at], codesHeader(data[at:]))
}

// parseCodes reads the lines of `tshark -G values` that give a number's text:
//
//	V  abbreviation  number  text
//
// keep, when not nil, chooses fields.
func parseCodes(in io.Reader, keep func(name, line string) bool) (map[string]map[string]string, error) {
	codes := map[string]map[string]string{}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 256<<10), 1<<20)
	for lines.Scan() {
		rest, ok := bytes.CutPrefix(lines.Bytes(), []byte("V\t"))
		name, rest, ok2 := bytes.Cut(rest, []byte("\t"))
		number, text, ok3 := bytes.Cut(rest, []byte("\t"))
		if !ok || !ok2 || !ok3 || keep != nil && !keep(string(name), lines.Text()) {
			continue
		}
		table := codes[string(name)]
		if table == nil {
			table = map[string]string{}
			codes[string(name)] = table
		}
		if old, ok := table[string(text)]; ok && old != string(number) {
			table[string(text)] = string(text) // it stands for several
			continue
		}
		table[string(text)] = string(number)
	}
	return codes, lines.Err()
}
