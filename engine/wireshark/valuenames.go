package wireshark

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// This file knows what the values of fields are called, by `tshark -G values`.

// ValueName is a value of a field as a display filter has it and what Wireshark
// calls it: {"1", "A (Host Address)"}.
type ValueName struct{ Value, Name string }

// namesKept is how many values of a field are kept, the first ones: some tables have
// thousands, and a menu has no use for them.
const namesKept = 100

// ValueNames are the names of fields' values.
type ValueNames struct {
	// Tables are the lists of values; many fields share one.
	Tables [][]ValueName
	// Fields is each field's place in Tables.
	Fields map[string]int32
}

// Of returns the names of a field's values in Wireshark's order, the first hundred;
// nil for a field without any.
func (v *ValueNames) Of(field string) []ValueName {
	if v == nil {
		return nil
	}
	if i, ok := v.Fields[field]; ok {
		return v.Tables[i]
	}
	return nil
}

// namesFormat is in the name of a cached table.
const namesFormat = "names-1-"

// LoadValueNames returns the names, from cacheDir when they were asked for before
// under the tools' Identity; asking takes tshark two seconds.
func LoadValueNames(ctx context.Context, tools Tools, cacheDir string) (*ValueNames, error) {
	if tools.Tshark == "" {
		return nil, errNoTshark
	}
	file := filepath.Join(cacheDir, namesFormat+tools.identityKey())
	if cacheDir != "" {
		if data, err := os.ReadFile(file); err == nil {
			var v ValueNames
			if gob.NewDecoder(bytes.NewReader(data)).Decode(&v) == nil && v.whole() {
				return &v, nil
			}
		}
	}
	var v *ValueNames
	err := readChild(command(ctx, tools.Tshark, "-G", "values"), func(out io.Reader) (err error) {
		v, err = parseValueNames(out)
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s -G values: %w", tools.Tshark, err)
	}
	if cacheDir != "" {
		var data bytes.Buffer
		if gob.NewEncoder(&data).Encode(v) == nil {
			// A cache that cannot be written only costs time.
			_ = writeFileAtomically(file, data.Bytes())
		}
	}
	return v, nil
}

// whole says that every field has its table.
func (v *ValueNames) whole() bool {
	for _, i := range v.Fields {
		if i < 0 || int(i) >= len(v.Tables) {
			return false
		}
	}
	return true
}

// parseValueNames reads the lines of `tshark -G values` that name single values:
//
//	V  abbreviation  number  text
//	T  abbreviation  text of true  text of false
func parseValueNames(in io.Reader) (*ValueNames, error) {
	of := map[string][]ValueName{}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 256<<10), 1<<20)
	for lines.Scan() {
		parts := bytes.SplitN(lines.Bytes(), []byte("\t"), 4)
		if len(parts) != 4 {
			continue
		}
		field := string(parts[1])
		switch string(parts[0]) {
		case "V", "V64":
			n := ValueName{string(parts[2]), string(parts[3])}
			if table := of[field]; len(table) < namesKept && !slices.Contains(table, n) {
				of[field] = append(table, n)
			}
		case "T":
			of[field] = []ValueName{{"True", string(parts[2])}, {"False", string(parts[3])}}
		}
	}
	v := &ValueNames{Fields: make(map[string]int32, len(of))}
	known := map[string]int32{}
	for field, table := range of {
		key := fmt.Sprint(table)
		i, ok := known[key]
		if !ok {
			i = int32(len(v.Tables))
			known[key] = i
			v.Tables = append(v.Tables, table)
		}
		v.Fields[field] = i
	}
	return v, lines.Err()
}
