package column

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
)

// This file holds what a field is in the packets that a loop went through: pages
// that come in any order, four bytes a packet and what their texts take.

// PageSize is how many packets a page of a [Strip] holds.
const PageSize = 1024

// State says what a strip knows of a packet.
type State uint8

// The states. Of packets in Unknown nobody asked yet; in Unsure the column does not
// surely tell, and only the packet's tree does.
const (
	Unknown State = iota
	Missing
	Found
	Unsure
)

// Value is what a field is in a packet, as a strip takes it.
type Value struct {
	State State // Missing, Found or Unsure
	Text  string
}

// Strip is the first value of a field in some of a capture's packets. Pages are
// stored by one goroutine at a time and read by any number meanwhile.
type Strip struct {
	pages []atomic.Pointer[page]
	size  atomic.Int64
	asked atomic.Bool
	texts map[string]string // those of all pages, each once
}

// NewStrip returns a strip of n packets, all of them Unknown.
func NewStrip(n int) *Strip {
	return &Strip{pages: make([]atomic.Pointer[page], (n+PageSize-1)/PageSize), texts: map[string]string{}}
}

// layout says what the cells of a page are.
type layout uint8

const (
	places       layout = iota // of texts in the page's dictionary
	decimals                   // numbers, written in base 10
	hexadecimals               // numbers, written in base 16 with as many digits as page.digits
	addresses                  // IPv4 addresses
)

// The cells that are no value. All others are below.
const (
	cellMissing = 1<<32 - 1 - iota
	cellUnsure
	cellsEnd // a page with a number from here on is one of texts
)

// page is the packets of one page. It does not change.
type page struct {
	cells  []uint32
	layout layout
	digits uint8
	texts  []string
}

// Pages is how many pages there are.
func (s *Strip) Pages() int { return len(s.pages) }

// Has says whether a page is there.
func (s *Strip) Has(page int) bool { return s.pages[page].Load() != nil }

// Size is how many bytes the strip takes, texts included.
func (s *Strip) Size() int64 { return s.size.Load() + int64(len(s.pages))*8 }

// Asked says whether Get was called since the last time that Asked was.
func (s *Strip) Asked() bool { return s.asked.Swap(false) }

// Get returns what the field is in packet i, counted from 0, and its text where it
// is Found.
func (s *Strip) Get(i int) (State, string) {
	if !s.asked.Load() {
		s.asked.Store(true)
	}
	p := s.pages[i/PageSize].Load()
	if p == nil || i%PageSize >= len(p.cells) {
		return Unknown, ""
	}
	switch cell := p.cells[i%PageSize]; cell {
	case cellMissing:
		return Missing, ""
	case cellUnsure:
		return Unsure, ""
	default:
		return Found, p.text(cell)
	}
}

// text is what a cell stands for.
func (p *page) text(cell uint32) string {
	switch p.layout {
	case decimals:
		return strconv.FormatUint(uint64(cell), 10)
	case hexadecimals:
		return hexText(cell, int(p.digits))
	case addresses:
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], cell)
		return netip.AddrFrom4(b).String()
	}
	return p.texts[cell]
}

// hexText writes 0x and digits digits.
func hexText(n uint32, digits int) string {
	text := strconv.FormatUint(uint64(n), 16)
	return "0x" + strings.Repeat("0", max(digits-len(text), 0)) + text
}

// Store sets a page's packets.
func (s *Strip) Store(at int, values []Value) {
	p := &page{cells: make([]uint32, len(values))}
	if !p.numeric(values) {
		s.intern(p, values)
	}
	s.size.Add(int64(4*len(p.cells)+16*len(p.texts)) + pageOverhead)
	s.pages[at].Store(p)
}

// pageOverhead is what a page takes beside its cells and texts.
const pageOverhead = 80

// numeric fills a page whose values are all numbers or addresses written in one
// way, so that what is written anew is what was read.
func (p *page) numeric(values []Value) bool {
	first := ""
	for _, v := range values {
		if v.State == Found {
			first = v.Text
			break
		}
	}
	switch {
	case strings.HasPrefix(first, "0x"):
		p.layout, p.digits = hexadecimals, uint8(min(len(first)-2, 255))
	case strings.Count(first, ".") == 3:
		p.layout = addresses
	case first != "":
		p.layout = decimals
	default:
		p.layout = places
	}
	for i, v := range values {
		switch v.State {
		case Found:
			cell, ok := p.number(v.Text)
			if !ok || cell >= cellsEnd || p.text(cell) != v.Text {
				p.layout = places
				return false
			}
			p.cells[i] = cell
		case Missing:
			p.cells[i] = cellMissing
		default:
			p.cells[i] = cellUnsure
		}
	}
	return true
}

// number reads a text in the page's layout.
func (p *page) number(text string) (uint32, bool) {
	switch p.layout {
	case decimals:
		n, err := strconv.ParseUint(text, 10, 32)
		return uint32(n), err == nil
	case hexadecimals:
		if len(text) != int(p.digits)+2 {
			return 0, false
		}
		n, err := strconv.ParseUint(text[2:], 16, 32)
		return uint32(n), err == nil
	case addresses:
		addr, err := netip.ParseAddr(text)
		if err != nil || !addr.Is4() {
			return 0, false
		}
		b := addr.As4()
		return binary.BigEndian.Uint32(b[:]), true
	}
	return 0, false
}

// textOverhead is what a text of the dictionary takes beside its bytes: its place in
// a map from text to text.
const textOverhead = 48

// intern fills a page with places in its dictionary. Texts that other pages have
// are not kept again.
func (s *Strip) intern(p *page, values []Value) {
	at := map[string]uint32{}
	for i, v := range values {
		switch v.State {
		case Missing:
			p.cells[i] = cellMissing
			continue
		case Found:
		default:
			p.cells[i] = cellUnsure
			continue
		}
		cell, ok := at[v.Text]
		if !ok {
			text, known := s.texts[v.Text]
			if !known {
				text = strings.Clone(v.Text)
				s.texts[text] = text
				s.size.Add(int64(len(text)) + textOverhead)
			}
			cell = uint32(len(p.texts))
			p.texts = append(p.texts, text)
			at[text] = cell
		}
		p.cells[i] = cell
	}
}
