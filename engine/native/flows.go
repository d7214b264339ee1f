package native

import (
	"sync/atomic"

	"pktsh/dissect"
)

// This file keeps which packets share a flow: the same headers at the same places,
// with the same addresses, ports and types. What is true of one packet's flow is
// true of all of them, so most filters need to look at one.
//
// The column is two bytes a packet: packets are numbered by flow within blocks of
// 64 Ki packets, each with its own dictionary, so that blocks are built side by
// side and no number runs out.

// flowBlock is the flows of one block.
type flowBlock struct {
	ids   []uint16 // of each packet
	first []uint16 // of each flow: its first packet in the block
}

// columns are the blocks that are known so far, of one walker's flows.
type columns struct {
	walker *dissect.Walker
	blocks []atomic.Pointer[flowBlock]
}

func (c *columns) block(i int) *flowBlock     { return c.blocks[i].Load() }
func (c *columns) set(i int, flow *flowBlock) { c.blocks[i].Store(flow) }

// grow makes room for more packets. A block that was not full is unknown again.
func (c *columns) grow(packets int) {
	blocks := make([]atomic.Pointer[flowBlock], (packets+blockSize-1)/blockSize)
	for i := range c.blocks {
		if flow := c.block(i); flow != nil && len(flow.ids) == blockSize {
			blocks[i].Store(flow)
		}
	}
	c.blocks = blocks
}

// columnsOf returns the columns by a walker; another walker's are forgotten.
func (d *Dissector) columnsOf(walker *dissect.Walker) *columns {
	d.columnsMu.Lock()
	defer d.columnsMu.Unlock()
	if d.columns == nil || d.columns.walker != walker {
		d.columns = &columns{walker: walker, blocks: make([]atomic.Pointer[flowBlock], (d.file.Len()+blockSize-1)/blockSize)}
	}
	return d.columns
}

// FlowsKnown says that scans need not look at every packet.
func (d *Dissector) FlowsKnown() bool {
	d.columnsMu.Lock()
	defer d.columnsMu.Unlock()
	if d.columns == nil {
		return false
	}
	for i := range d.columns.blocks {
		if d.columns.block(i) == nil {
			return false
		}
	}
	return true
}

// flowBuilder numbers the flows of a block as its packets go by.
type flowBuilder struct {
	table   *dissect.Table
	numbers map[string]uint16
	key     []byte
	last    []byte // the key of the packet before: packets come in bursts
	lastID  uint16
	flows   flowBlock
}

func newFlowBuilder(t *dissect.Table, packets int) *flowBuilder {
	return &flowBuilder{
		table: t, numbers: make(map[string]uint16, 1024), key: make([]byte, 0, 256), last: make([]byte, 0, 256),
		flows: flowBlock{ids: make([]uint16, 0, packets)},
	}
}

// add numbers the next packet of the block.
func (b *flowBuilder) add(h *dissect.Headers) {
	b.key = b.table.AppendFlow(b.key[:0], h)
	if string(b.key) == string(b.last) {
		b.flows.ids = append(b.flows.ids, b.lastID)
		return
	}
	id, ok := b.numbers[string(b.key)]
	if !ok {
		id = uint16(len(b.flows.first))
		b.numbers[string(b.key)] = id
		b.flows.first = append(b.flows.first, uint16(len(b.flows.ids)))
	}
	b.flows.ids = append(b.flows.ids, id)
	b.last, b.key, b.lastID = b.key, b.last, id
}

func (b *flowBuilder) done() *flowBlock { return &b.flows }
