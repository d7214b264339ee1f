package dissect

import (
	"bytes"
	"strconv"

	"pktsh/dissect/stream"
)

// This file finds where HTTP messages end in a stream (RFC 9112 section 6), by the
// rules of Wireshark's req_resp_hdrs_do_reassembly.

// httpFraming implements stream.Framing.
type httpFraming struct {
	pos, begin, end int
	state           httpState
	line            []byte // the start of a line that is not whole
	left            int    // of the body or chunk
	head            httpHead
	headless        bool
}

// httpState is what comes next.
type httpState uint8

const (
	httpAtStart httpState = iota
	httpInHead
	httpInBody
	httpAtChunk // its size
	httpInChunk
	httpAtTrailer // the line behind the last chunk
	httpUntilEnd
	httpTooMuch
)

// httpMaxLine is the length of a line in bytes up to which its end is waited for.
const httpMaxLine = 64 << 10

func (f *httpFraming) Reset(headless bool) { *f = httpFraming{line: f.line[:0], headless: headless} }
func (f *httpFraming) Begin() int          { return f.begin }
func (f *httpFraming) End() int            { return f.end }

func (f *httpFraming) Keep(old stream.Framing) stream.Framing {
	k, ok := old.(*httpFraming)
	if !ok {
		k = new(httpFraming)
	}
	line := append(k.line[:0], f.line...)
	*k = *f
	k.line = line
	k.pos, k.begin, k.end = f.pos-f.begin, 0, 0
	return k
}

// Feed takes lines and bodies in turn.
func (f *httpFraming) Feed(d []byte) stream.Need {
	for len(d) > 0 {
		n := 0
		switch f.state {
		case httpInBody, httpInChunk:
			n = min(f.left, len(d))
			f.left -= n
			f.pos += n
			if f.left == 0 && f.state == httpInChunk {
				f.state = httpAtChunk
			} else if f.left == 0 {
				f.finish()
			}
		case httpUntilEnd, httpTooMuch:
			n = len(d)
			f.pos += n
		default:
			n = f.takeLine(d)
		}
		d = d[n:]
	}
	return f.need()
}

// takeLine reads to the end of a line, if that is there.
func (f *httpFraming) takeLine(d []byte) (n int) {
	if f.state == httpAtStart && len(f.line) == 0 && !httpPrints(d) {
		f.pos += len(d)
		f.finish()
		return len(d)
	}
	line, n, ok := f.cutLine(d)
	f.pos += n
	if !ok {
		f.line = append(f.line, d...)
		if len(f.line) > httpMaxLine {
			f.state = httpTooMuch
		}
		return n
	}
	if !f.readLine(line) { // no message: Wireshark shows all that is there as it is
		f.pos += len(d) - n
		f.finish()
		n = len(d)
	}
	f.line = f.line[:0]
	return n
}

// cutLine finds the end of the line that f.line begins, n bytes on: a line feed, or a
// carriage return with one or without.
func (f *httpFraming) cutLine(d []byte) (line []byte, n int, ok bool) {
	if k := len(f.line); k > 0 && f.line[k-1] == '\r' {
		if d[0] == '\n' {
			n = 1
		}
		return f.line[:k-1], n, true
	}
	end := bytes.IndexByte(d, '\n')
	ok = end >= 0
	if !ok {
		end = len(d)
	}
	n = min(end+1, len(d))
	if cr := bytes.IndexByte(d[:end], '\r'); cr >= 0 && cr+1 < len(d) {
		if end, ok = cr, true; d[cr+1] != '\n' {
			n = cr + 1
		}
	}
	if line = d[:end]; len(f.line) > 0 && ok {
		line = append(f.line, line...)
	}
	return line, n, ok
}

// readLine goes on by a line; ok is false when this is no message.
func (f *httpFraming) readLine(line []byte) (ok bool) {
	switch f.state {
	case httpAtStart:
		f.head = httpHead{kind: httpKindOf(line), length: -1}
		if f.head.kind == httpNone {
			return false
		}
		if f.head.kind == httpIsResponse {
			f.head.code = httpStatus(line)
		}
		f.state = httpInHead
	case httpInHead:
		if len(line) == 0 {
			f.endHead()
		} else if name, value, ok := httpHeader(line); ok {
			f.head.note(name, value)
			f.head.contentType, f.head.host = nil, nil // they point into the line
		}
	case httpAtChunk:
		text, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 16, 31)
		switch {
		case err != nil:
			return false
		case size == 0:
			f.state = httpAtTrailer
		default:
			f.state, f.left = httpInChunk, int(size)+2
		}
	case httpAtTrailer:
		f.finish()
	}
	return true
}

// endHead decides how the body ends.
func (f *httpFraming) endHead() {
	h := &f.head
	switch {
	case f.headless && h.kind == httpIsResponse, h.bodiless():
		f.finish()
	case h.length > stream.MaxMessage:
		f.state = httpTooMuch
	case h.length > 0:
		f.state, f.left = httpInBody, h.length
	case h.length == 0:
		f.finish()
	case h.chunked:
		f.state = httpAtChunk
	case h.kind == httpIsResponse:
		f.state = httpUntilEnd
	default:
		f.finish()
	}
}

// finish ends a message.
func (f *httpFraming) finish() {
	f.state, f.begin = httpAtStart, f.pos
	if f.end == 0 {
		f.end = f.pos
	}
}

func (f *httpFraming) need() stream.Need {
	switch {
	case f.state == httpTooMuch:
		return stream.Need{Kind: stream.NeedTooMuch}
	case f.begin == f.pos:
		return stream.Need{}
	case f.state == httpInBody:
		return stream.Need{Kind: stream.NeedBytes, Bytes: f.left}
	case f.state == httpUntilEnd:
		return stream.Need{Kind: stream.NeedEnd}
	case f.state >= httpAtChunk:
		return stream.Need{Kind: stream.NeedMore}
	}
	return stream.Need{Kind: stream.NeedSegment}
}
