package wireshark

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// readCatalogue runs `tshark -G fields` and reads its output.
func readCatalogue(ctx context.Context, tools Tools) (*dissect.Catalogue, error) {
	if tools.Tshark == "" {
		return nil, errNoTshark
	}
	cmd := command(ctx, tools.Tshark, "-G", "fields")
	var fields []dissect.FieldInfo
	err := readChild(cmd, func(out io.Reader) error {
		in := bufio.NewScanner(out)
		in.Buffer(make([]byte, 256<<10), 1<<20)
		for in.Scan() {
			if f, ok := parseFieldLine(in.Text()); ok {
				fields = append(fields, f)
			}
		}
		return in.Err()
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s -G fields: %w", tools.Tshark, err)
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%s -G fields: got no field, want a line for each", tools.Tshark)
	}
	markMixed(fields)
	return dissect.NewCatalogue(fields), nil
}

// parseFieldLine reads a line of `tshark -G fields`, whose parts are separated
// by tabs (epan/proto.c, proto_registrar_dump_fields):
//
//	P  name  abbreviation
//	F  name  abbreviation  type  parent  base  bitmask  description
func parseFieldLine(line string) (dissect.FieldInfo, bool) {
	parts := strings.Split(line, "\t")
	switch {
	case parts[0] == "P" && len(parts) >= 3:
		return dissect.FieldInfo{Name: parts[2], Label: parts[1], Type: dissect.TypeProtocol, Protocol: parts[2]}, true
	case parts[0] == "F" && len(parts) >= 6:
		f := dissect.FieldInfo{
			Name: parts[2], Label: parts[1], Type: dissect.Type(strings.TrimPrefix(parts[3], "FT_")),
			Protocol: parts[4], Base: parts[5],
		}
		if len(parts) >= 7 {
			f.Mask, _ = strconv.ParseUint(parts[6], 0, 64) // empty for none
		}
		if len(parts) >= 8 {
			f.Description = parts[7]
		}
		return f, true
	}
	return dissect.FieldInfo{}, false
}
