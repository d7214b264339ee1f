package dissect

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pktsh/dissect/stream"
)

// This file is HTTP/1 (RFC 9112) and SSDP, which is HTTP over UDP (UPnP Device
// Architecture 1.1 section 1): start lines, bodies and Info. Header fields are
// in httpheader.go, where messages end in a stream in httpframing.go.

var (
	httpNotification   = boolField("http.notification", "Notification", 0, 0, "", "")
	httpResponse       = boolField("http.response", "Response", 0, 0, "", "")
	httpRequest        = boolField("http.request", "Request", 0, 0, "", "")
	httpMethod         = field("http.request.method", "Request Method", "STRING")
	httpURI            = field("http.request.uri", "Request URI", "STRING")
	httpURIPath        = field("http.request.uri.path", "Request URI Path", "STRING")
	httpURIQuery       = field("http.request.uri.query", "Request URI Query", "STRING")
	httpURIParameter   = field("http.request.uri.query.parameter", "Request URI Query Parameter", "STRING")
	httpReqVersion     = field("http.request.version", "Request Version", "STRING")
	httpFullURI        = field("http.request.full_uri", "Full request URI", "STRING")
	httpRespVersion    = field("http.response.version", "Response Version", "STRING")
	httpCode           = uint16Field("http.response.code", "Status Code", baseDec)
	httpCodeDesc       = field("http.response.code.desc", "Status Code Description", "STRING")
	httpPhrase         = field("http.response.phrase", "Response Phrase", "STRING")
	httpRequestLine    = field("http.request.line", "Request line", "STRING")
	httpResponseLine   = field("http.response.line", "Response line", "STRING")
	httpOtherHeader    = field("http.unknown_header", "Unknown header", "STRING")
	httpFileData       = field("http.file_data", "File Data", "STRING")
	httpRequestNumber  = uint32Field("http.request_number", "Request number", baseDec).stateful()
	httpResponseNumber = uint32Field("http.response_number", "Response number", baseDec).stateful()
	httpRequestIn      = field("http.request_in", "Request in frame", "FRAMENUM").stateful()
	httpResponseIn     = field("http.response_in", "Response in frame", "FRAMENUM").stateful()
	httpNextRequest    = field("http.next_request_in", "Next request in frame", "FRAMENUM").stateful()
	httpNextResponse   = field("http.next_response_in", "Next response in frame", "FRAMENUM").stateful()
	httpPrevRequest    = field("http.prev_request_in", "Prev request in frame", "FRAMENUM").stateful()
	httpPrevResponse   = field("http.prev_response_in", "Prev response in frame", "FRAMENUM").stateful()
	httpTime           = field("http.time", "Time since request", "RELATIVE_TIME").stateful()
	httpChat           = field("http.chat", "Formatted text", "NONE")
)

var httpProtocol = Protocol{
	ID: idHTTP, Name: "http", Long: "Hypertext Transfer Protocol", Short: "HTTP",
	Fields: append([]*FieldDef{
		httpNotification, httpResponse, httpRequest, httpMethod, httpURI, httpURIPath, httpURIQuery, httpURIParameter, httpReqVersion,
		httpFullURI, httpRespVersion, httpCode, httpCodeDesc, httpPhrase, httpRequestLine, httpResponseLine, httpOtherHeader,
		httpFileData, httpChat, httpRequestNumber, httpResponseNumber, httpRequestIn, httpResponseIn, httpNextRequest, httpNextResponse,
		httpPrevRequest, httpPrevResponse, httpTime, httpContentLength, httpCookiePair,
	}, httpHeaderFields()...),
	carries: (*Table).undissected,
	decode:  decodeHTTP,
}

var ssdpProtocol = Protocol{
	ID: idSSDP, Name: "ssdp", Long: "Simple Service Discovery Protocol", Short: "SSDP", Fields: httpProtocol.Fields,
	carries: (*Table).undissected, decode: decodeHTTP,
}

// httpKind is what a message is.
type httpKind uint8

const (
	httpNone httpKind = iota
	httpIsRequest
	httpIsNotification
	httpIsResponse
)

// httpMethods are the methods that begin a request (IANA http-methods, WebDAV,
// UPnP, and Microsoft's for remote procedure calls).
var httpMethods = []string{
	"GET", "POST", "HEAD", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH", "COPY", "LOCK", "MOVE", "POLL", "BCOPY", "BMOVE",
	"MKCOL", "LABEL", "MERGE", "SEARCH", "UNLOCK", "REPORT", "UPDATE", "NOTIFY", "BDELETE", "CHECKIN", "CHECKOUT", "PROPFIND",
	"PROPPATCH", "BPROPFIND", "BPROPPATCH", "SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH", "MKACTIVITY", "MKWORKSPACE", "UNCHECKOUT",
	"VERSION-CONTROL", "BASELINE-CONTROL", "RPC_CONNECT", "RPC_IN_DATA", "RPC_OUT_DATA", "CCM_POST", "SSTP_DUPLEX_POST",
}

// httpKindOf tells by the first word what a message is.
func httpKindOf(d []byte) httpKind {
	if bytes.HasPrefix(d, []byte("HTTP/")) {
		return httpIsResponse
	}
	space := bytes.IndexByte(d[:min(len(d), 32)], ' ')
	if space < 0 || !slices.ContainsFunc(httpMethods, func(m string) bool { return string(d[:space]) == m }) {
		return httpNone
	}
	if string(d[:space]) == "NOTIFY" {
		return httpIsNotification
	}
	return httpIsRequest
}

// httpLine cuts the first line off d; line is without its end, which next is
// behind. ok is false when the end is not there.
func httpLine(d []byte) (line []byte, next int, ok bool) {
	i := bytes.IndexByte(d, '\n')
	if i < 0 {
		return d, len(d), false
	}
	return bytes.TrimSuffix(d[:i], []byte("\r")), i + 1, true
}

// httpHead is what a message's head says of the rest.
type httpHead struct {
	kind        httpKind
	size        int // of the head, the empty line included
	whole       bool
	length      int // Content-Length, -1 without one
	chunked     bool
	contentType []byte // without parameters
	host        []byte
	code        int
}

// parseHTTP reads the head of a message.
func parseHTTP(d []byte) (h httpHead, ok bool) {
	h = httpHead{kind: httpKindOf(d), length: -1}
	line, next, ok := httpLine(d)
	if h.kind == httpNone || !ok {
		return h, false
	}
	if h.kind == httpIsResponse {
		h.code = httpStatus(line)
	}
	for h.size = next; h.size < len(d); {
		line, next, ok = httpLine(d[h.size:])
		if !ok {
			return h, true
		}
		h.size += next
		if len(line) == 0 {
			h.whole = true
			return h, true
		}
		name, value, ok := httpHeader(line)
		if !ok {
			h.size -= next
			return h, true
		}
		h.note(name, value)
	}
	return h, true
}

// note keeps a header that the rest depends on.
func (h *httpHead) note(name, value []byte) {
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		if n, err := strconv.Atoi(string(value)); err == nil && n >= 0 {
			h.length = n
		}
	case bytes.EqualFold(name, []byte("Content-Type")):
		h.contentType, _, _ = bytes.Cut(value, []byte(";"))
		h.contentType = bytes.TrimSpace(h.contentType)
		if bytes.EqualFold(h.contentType, []byte("application/octet-stream")) {
			h.contentType = nil // no type at all
		}
	case bytes.EqualFold(name, []byte("Host")):
		h.host = value
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.chunked = !bytes.EqualFold(value, []byte("identity"))
	}
}

// httpHeader splits a header line.
func httpHeader(line []byte) (name, value []byte, ok bool) {
	name, value, ok = bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 || name[0] == ' ' || name[0] == '\t' {
		return nil, nil, false
	}
	return name, bytes.TrimSpace(value), true
}

// httpStatus is the status code of a response's first line, 0 without one.
func httpStatus(line []byte) int {
	_, rest, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(code))
	if err != nil || n < 0 || n > 0xffff {
		return 0
	}
	return n
}

// bodiless says that a response has no body whatever its head says (RFC 9112 section 6.3).
func (h *httpHead) bodiless() bool {
	return h.kind == httpIsResponse && (h.code/100 == 1 || h.code == 204 || h.code == 304)
}

// body is the length of the message's body out of what follows its head, and
// whether all of it is there. ended says that nothing follows.
func (h *httpHead) body(rest int, ended bool) (size int, whole bool) {
	switch {
	case h.bodiless():
		return 0, true
	case h.length >= 0:
		return min(h.length, rest), h.length <= rest
	case h.chunked:
		return rest, false
	case h.kind == httpIsResponse:
		return rest, ended // up to the end of the connection
	}
	return 0, true
}

func decodeHTTP(b *builder, self *Protocol, p payload) {
	overUDP := b.ipProto == 17
	for first := true; p.captured() > 0; first = false {
		d := b.rest(p)
		h, ok := parseHTTP(d)
		if !ok {
			b.notHTTP(self, p, first)
			return
		}
		if first && b.writes() {
			b.col.protocol, b.col.info = self.Short, b.col.fence
		}
		x := b.httpExchangeOf(&h, d)
		rest := p.skip(h.size)
		size, whole := h.body(rest.captured(), b.source > 0)
		if x.Head && h.kind == httpIsResponse {
			size, whole = 0, true
		}
		if overUDP {
			whole = h.whole
		}
		b.httpMessage(self, p, &h, x, size, whole && h.whole)
		if !whole || !h.whole || overUDP {
			b.partial = b.partial || !whole || !h.whole
			return
		}
		p = rest.skip(size)
	}
}

// httpExchangeOf asks the conversation for a message's surroundings.
func (b *builder) httpExchangeOf(h *httpHead, d []byte) stream.Exchange {
	if b.in.Flows == nil || b.quoted > 0 || h.kind == httpIsNotification {
		return stream.Exchange{}
	}
	return b.in.Flows.HTTP(b.in.Number, stream.Message{Response: h.kind == httpIsResponse, Head: bytes.HasPrefix(d, []byte("HEAD "))})
}

// notHTTP shows what is no message. In a conversation of which more is known it is a
// continuation; else Wireshark does not show what does not begin with a character.
func (b *builder) notHTTP(self *Protocol, p payload, first bool) {
	b.partial = true
	if b.in.Flows == nil || b.quoted > 0 || b.ipProto == 17 {
		if first {
			b.path = b.path[:len(b.path)-1]
		}
		b.unknown(p)
		return
	}
	seen := b.in.Flows.HTTP(b.in.Number, stream.Message{None: true}).Total > 0
	if !seen && !httpPrints(b.rest(p)) {
		if first {
			b.path = b.path[:len(b.path)-1]
		}
		return
	}
	if seen && b.writes() {
		b.col.protocol, b.col.info = self.Short, b.col.fence+"Continuation"
	}
	size := p.captured()
	n := b.protocol(self, p, size, self.Long)
	if n == nil {
		return
	}
	b.httpFileData(n, p, size)
	b.nested(n, b.table.data, p)
}

// httpPrints says that bytes begin with a printable character. Wireshark looks for a
// message only then.
func httpPrints(d []byte) bool { return len(d) > 0 && d[0] >= ' ' && d[0] < 0x7f }

// httpFileData adds the first bytes of a payload as a message's body.
func (b *builder) httpFileData(n *node, p payload, size int) {
	if !n.wants(httpFileData) {
		return
	}
	f := add(n, httpFileData, p.off, size, "", "")
	if n.labelled() {
		f.Show = asciiText(untilNUL(b.rest(p)[:size]))
	}
	relabel(f, "File Data: %d byte%s", size, plural(size))
}

// httpMessage shows one message: its head, and the size of its body.
func (b *builder) httpMessage(self *Protocol, p payload, h *httpHead, x stream.Exchange, size int, whole bool) {
	if b.writes() {
		b.httpInfo(p, h, size)
	}
	n := b.protocol(self, p, h.size, self.Long)
	if n == nil {
		return
	}
	d := b.rest(p)
	line, next, _ := httpLine(d)
	start := addText(n, p.off, next, "")
	if start.labelled() {
		start.Label = formatted(d[:next])
		addExpert(start, httpChat, SeverityChat, "Sequence", start.Label, groupSequence)
		n.Severity = SeverityChat
	} else {
		addExpert(start, httpChat, SeverityChat, "Sequence", "", groupSequence)
	}
	var uri []byte
	if h.kind == httpIsResponse {
		httpStatusNodes(start, p.off, line, h.code)
	} else {
		uri = httpRequestNodes(start, p.off, line)
	}
	httpHeaderNodes(n, p.off+next, d[next:h.size], h.kind)
	b.httpComputed(n, p.off, h, uri)
	b.httpExchange(n, p.off, h.kind, x)
	if size == 0 {
		return
	}
	body := p.skip(h.size)
	if whole {
		b.httpFileData(n, body, size)
	}
	if whole && len(h.contentType) == 0 {
		b.nested(n, b.table.data, body.limit(size))
		return
	}
	b.partial = true // Wireshark dissects the body
}

// httpStartText is a message's first line as Info has it.
func httpStartText(d []byte) string {
	line, _, _ := httpLine(d)
	words := strings.FieldsFunc(formatted(bytes.TrimRight(line, "\r")), func(r rune) bool { return r == ' ' })
	return strings.Join(words, " ") + " "
}

// httpInfo adds a message to the Info column: its first line, and what its body
// is in Wireshark's words.
func (b *builder) httpInfo(p payload, h *httpHead, size int) {
	info := httpStartText(b.rest(p))
	if size > 0 && len(h.contentType) > 0 {
		switch typ := strings.ToLower(string(h.contentType)); typ {
		case "image/png":
			info += " (PNG)"
		case "image/gif":
			info += " (GIF89a)"
		case "image/jpeg":
			info += " (JPEG JFIF image)"
		case "application/json":
			b.setProtocol("HTTP/JSON")
			info += ", JavaScript Object Notation (application/json)"
		case "text/xml", "application/xml":
			b.setProtocol("HTTP/XML")
		default:
			info += " (" + escaped(typ) + ")"
		}
	}
	b.appendInfo(info)
}

// httpStatusNodes takes a response's first line apart.
func httpStatusNodes(start *node, at int, line []byte, code int) {
	version, rest, ok := bytes.Cut(line, []byte(" "))
	addASCII(start, httpRespVersion, at, version)
	if !ok {
		return
	}
	at += len(version) + 1
	text, phrase, ok := bytes.Cut(rest, []byte(" "))
	addUint(start, httpCode, at, uint64(code)).resize(len(text))
	computed(addString(start, httpCodeDesc, at, len(text), httpStatusName(code)))
	if ok && len(phrase) > 0 {
		addASCII(start, httpPhrase, at+len(text)+1, phrase)
	}
}

func httpStatusName(code int) string {
	if name, ok := httpStatusNames[uint64(code)]; ok {
		return name
	}
	return "Unknown (" + strconv.Itoa(code) + ")"
}

// httpRequestNodes takes a request's first line apart and returns the URI.
func httpRequestNodes(start *node, at int, line []byte) (uri []byte) {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	uri, version, _ := bytes.Cut(rest, []byte(" "))
	addASCII(start, httpMethod, at, method)
	at += len(method) + 1
	f := addASCII(start, httpURI, at, uri)
	if path, query, ok := bytes.Cut(uri, []byte("?")); ok {
		addASCII(f, httpURIPath, at, path)
		off := at + len(path) + 1
		q := addASCII(f, httpURIQuery, off, query)
		for len(query) > 0 && q != nil {
			parameter, left, _ := bytes.Cut(query, []byte("&"))
			addASCII(q, httpURIParameter, off, parameter)
			off += len(parameter) + 1
			query = left
		}
	}
	addASCII(start, httpReqVersion, at+len(uri)+1, version)
	return uri
}

// httpComputed adds what follows from the head.
func (b *builder) httpComputed(n *node, at int, h *httpHead, uri []byte) {
	switch h.kind {
	case httpIsResponse:
		hide(virtual(addUint(n, httpResponse, at, 1)))
	default:
		if len(h.host) > 0 && n.wants(httpFullURI) {
			virtual(addString(n, httpFullURI, at, 0, httpAbsolute(h.host, uri)))
		}
		kind := httpRequest
		if h.kind == httpIsNotification {
			kind = httpNotification
		}
		hide(virtual(addUint(n, kind, at, 1)))
	}
}

// httpExchange adds what the conversation knows of a message.
func (b *builder) httpExchange(n *node, at int, kind httpKind, x stream.Exchange) {
	if x.Number == 0 {
		return
	}
	response := kind == httpIsResponse
	number := httpRequestNumber
	if response {
		number = httpResponseNumber
	}
	f := virtual(addUint(n, number, at, uint64(x.Number)))
	if f.labelled() {
		f.Label = fmt.Sprintf("HTTP %s %d/%d", trueFalse(response, "response", "request"), x.Number, x.Total)
	}
	link := func(d *FieldDef, frame uint32) {
		if frame != 0 && n.wants(d) {
			frameLink(n, d, at, frame)
		}
	}
	if !response {
		link(httpPrevRequest, x.PrevRequest)
		link(httpResponseIn, x.Response)
		link(httpNextRequest, x.NextRequest)
		return
	}
	if x.Request != 0 && b.in.TimeOf != nil {
		virtual(addSeconds(n, httpTime, at, b.in.Time-b.in.TimeOf(x.Request)))
	}
	link(httpPrevRequest, x.PrevRequest)
	link(httpPrevResponse, x.PrevResponse)
	link(httpRequestIn, x.Request)
	link(httpNextRequest, x.NextRequest)
	link(httpNextResponse, x.NextResponse)
	b.partial = b.partial || x.Request != 0 // Wireshark repeats the request's URI
}

// httpAbsolute joins a host and a URI, which may be absolute by itself.
func httpAbsolute(host, uri []byte) string {
	for _, scheme := range []string{"http://", "https://"} {
		if bytes.HasPrefix(uri, []byte(scheme)) {
			return asciiText(uri)
		}
	}
	return fmt.Sprintf("http://%s%s", asciiText(host), asciiText(uri))
}
