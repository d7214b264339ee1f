package wireshark

import (
	_ "embed"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// mixedMasks lists the names that several fields share of which some are all bits of
// their bytes and some are not: "name TAB a mask". `tshark -G fields` prints only one
// field of a name (epan/proto.c, proto_registrar_dump_fields). The list was read out of the
// registrations of Wireshark 4.0.17, the arrays of hf_register_info in libwireshark; a name that
// another version lacks, or has only one field of, does no harm, since the packet decides
// between the two (repl/script, Field.masked).
//
//go:embed mixedmasks.tsv
var mixedMasks string

// markMixed tells the fields of the list that there are others of their name.
func markMixed(fields []dissect.FieldInfo) {
	masks := map[string]uint64{}
	for line := range strings.Lines(mixedMasks) {
		name, mask, _ := strings.Cut(strings.TrimSpace(line), "\t")
		masks[name], _ = strconv.ParseUint(mask, 0, 64)
	}
	for i := range fields {
		f := &fields[i]
		if mask := masks[f.Name]; mask != 0 {
			f.Unmasked = true
			if f.Mask == 0 {
				f.Mask = mask
			}
		}
	}
}
