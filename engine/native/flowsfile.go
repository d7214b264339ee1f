package native

import (
	"context"
	"encoding/binary"
	"slices"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// This file writes the flow columns out and reads them back.

// BuildFlows makes the flow columns that no scan has made yet.
func (d *Dissector) BuildFlows(ctx context.Context, walker *dissect.Walker) error {
	if d.FlowsKnown() {
		return nil
	}
	everything, err := filter.Compile("", d.table.Catalogue())
	if err != nil {
		return err
	}
	_, err = d.Scan(ctx, walker, everything.Scan(d.table), ScanOptions{Keep: true})
	return err
}

// Flows returns the flow columns for [Dissector.LoadFlows], nil while they are not
// all known, and for captures with detours. Blocks follow each other: the number of flows less one, the flows'
// first packets, the packets' flows; all in two bytes, least significant first.
func (d *Dissector) Flows() []byte {
	if !d.FlowsKnown() || d.Detours() {
		return nil
	}
	var out []byte
	for i := range d.columns.blocks {
		b := d.columns.block(i)
		out = slices.Grow(out, 2+2*len(b.first)+2*len(b.ids))
		out = binary.LittleEndian.AppendUint16(out, uint16(len(b.first)-1))
		for _, column := range [][]uint16{b.first, b.ids} {
			for _, v := range column {
				out = binary.LittleEndian.AppendUint16(out, v)
			}
		}
	}
	return out
}

// LoadFlows takes the flow columns of this very capture, made by a walker with the
// same rules. It reports false, and takes nothing, when they do not fit it.
func (d *Dissector) LoadFlows(data []byte, walker *dissect.Walker) bool {
	columns := d.columnsOf(walker)
	var blocks []*flowBlock
	for i := range columns.blocks {
		n := min(d.file.Len()-i*blockSize, blockSize)
		if len(data) < 2 {
			return false
		}
		flows := int(binary.LittleEndian.Uint16(data)) + 1
		if data = data[2:]; len(data) < 2*flows+2*n {
			return false
		}
		b := &flowBlock{}
		b.first, data = readColumn(data, flows, n)
		b.ids, data = readColumn(data, n, flows)
		if b.first == nil || b.ids == nil {
			return false
		}
		blocks = append(blocks, b)
	}
	if len(data) > 0 {
		return false
	}
	for i, b := range blocks {
		columns.set(i, b)
	}
	return true
}

// readColumn reads n numbers below limit; nil when one is not.
func readColumn(data []byte, n, limit int) (column []uint16, rest []byte) {
	column = make([]uint16, n)
	for i := range column {
		v := binary.LittleEndian.Uint16(data[2*i:])
		if int(v) >= limit {
			return nil, nil
		}
		column[i] = v
	}
	return column, data[2*n:]
}
