package dissect

import (
	"strings"
	"testing"

	"pktsh/dissect/stream"
)

var tlsRecordBytes = append([]byte{22, 3, 3, 0, 4}, "body"...)

// TestFraming feeds streams whole and byte by byte and expects what the last message
// lacks, where it begins, and where the first one ended.
func TestFraming(t *testing.T) {
	const get, ok = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n"
	tls := string(tlsRecordBytes)
	for _, c := range []struct {
		name       string
		tls        bool
		headless   bool
		stream     string
		need       stream.NeedKind
		bytes      int
		begin, end int
	}{
		{name: "a request", stream: get, begin: len(get), end: len(get)},
		{name: "half a head", stream: get[:20], need: stream.NeedSegment},
		{name: "two requests and a half", stream: get + get + get[:5], need: stream.NeedSegment, begin: 2 * len(get), end: len(get)},
		{name: "a line that a carriage return ends", stream: "GET / HTTP/1.1\rHost: h\r\r", need: stream.NeedSegment},
		{name: "a head with such lines", stream: "GET / HTTP/1.1\rHost: h\r\rx", need: stream.NeedSegment, begin: 24, end: 24},
		{name: "a body of known length", stream: ok + "Content-Length: 10\r\n\r\nabc", need: stream.NeedBytes, bytes: 7},
		{name: "a body that is all there", stream: ok + "content-length: 3\r\n\r\nabc", begin: 41, end: 41},
		{name: "no body for HEAD", headless: true, stream: ok + "Content-Length: 10\r\n\r\n", begin: 39, end: 39},
		{name: "no body for 304", stream: "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", begin: 49, end: 49},
		{name: "a body until the end", stream: ok + "\r\nabc", need: stream.NeedEnd},
		{name: "chunks", stream: ok + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\nGET", need: stream.NeedSegment, begin: 64, end: 64},
		{name: "half a chunk", stream: ok + "Transfer-Encoding: chunked\r\n\r\nff\r\nabc", need: stream.NeedMore},
		{name: "more than is put together", stream: ok + "Content-Length: 99999999\r\n\r\n", need: stream.NeedTooMuch},
		{name: "a line without an end", stream: "GET /" + strings.Repeat("a", httpMaxLine), need: stream.NeedTooMuch},
		{name: "records", tls: true, stream: tls + tls, begin: 18, end: 9},
		{name: "half a record", tls: true, stream: tls + tls[:7], need: stream.NeedBytes, bytes: 2, begin: 9, end: 9},
		{name: "half a record's header", tls: true, stream: tls[:3], need: stream.NeedSegment},
	} {
		var f stream.Framing = &httpFraming{}
		if c.tls {
			f = &tlsFraming{}
		}
		for _, step := range []int{len(c.stream), 1} {
			f.Reset(c.headless)
			var need stream.Need
			for d := []byte(c.stream); len(d) > 0; d = d[min(step, len(d)):] {
				need = f.Feed(d[:min(step, len(d))])
			}
			if need.Kind != c.need || need.Bytes != c.bytes || f.Begin() != c.begin || f.End() != c.end {
				t.Errorf("%s, %d bytes at a time: got %+v, begin %d, end %d; want %d, %d bytes, begin %d, end %d", c.name, step, need, f.Begin(), f.End(), c.need, c.bytes, c.begin, c.end)
			}
		}
		kept := f.Keep(nil)
		if kept.Begin() != 0 || kept.End() != 0 {
			t.Errorf("%s, kept: got begin %d, end %d; want 0", c.name, kept.Begin(), kept.End())
		}
	}
	// What is none takes all that is there.
	noChunk := ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"
	for garbage, f := range map[string]stream.Framing{"\xff\xff\n\xff\xff": &httpFraming{}, "a\nb": &httpFraming{}, noChunk: &httpFraming{}, "garbage": &tlsFraming{}} {
		if need := f.Feed([]byte(garbage)); need.Kind != stream.NeedNothing || f.Begin() != len(garbage) {
			t.Errorf("%q: got %+v, begin %d; want nothing, %d", garbage, need, f.Begin(), len(garbage))
		}
	}
}
