package wireshark

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"pktsh/dissect"
)

// LoadCatalogue returns every field and protocol that the installed Wireshark
// knows.
func LoadCatalogue(ctx context.Context, tools Tools, cacheDir string) (*dissect.Catalogue, error) {
	return readCatalogue(ctx, tools)
}

// readCatalogue runs `tshark -G fields` and reads its output.
func readCatalogue(ctx context.Context, tools Tools) (*dissect.Catalogue, error) {
	if tools.Tshark == "" {
		return nil, errNoTshark
	}
	cmd := exec.CommandContext(ctx, tools.Tshark, "-G", "fields")
	cmd.SysProcAttr = ownGroup()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", tools.Tshark, err)
	}
	var fields []dissect.FieldInfo
	in := bufio.NewScanner(stdout)
	in.Buffer(make([]byte, 256<<10), 1<<20)
	for in.Scan() {
		if f, ok := parseFieldLine(in.Text()); ok {
			fields = append(fields, f)
		}
	}
	scanErr := in.Err()
	if scanErr != nil {
		_ = cmd.Process.Kill()
	}
	if err := cmd.Wait(); err != nil || scanErr != nil {
		return nil, fmt.Errorf("%s -G fields: %w", tools.Tshark, firstError(ctx.Err(), scanErr, err))
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%s -G fields: got no field, want a line for each", tools.Tshark)
	}
	return dissect.NewCatalogue(fields), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
		if len(parts) >= 8 {
			f.Description = parts[7]
		}
		return f, true
	}
	return dissect.FieldInfo{}, false
}
