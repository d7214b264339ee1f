package dissect

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
)

// This file is HTTP's header fields (RFC 9110).

var (
	httpContentLength = &FieldDef{Name: "http.content_length", Label: "Content length", Type: "UINT64", Base: baseDec}
	httpCookiePair    = field("http.cookie_pair", "Cookie pair", "STRING")
	httpCredentials   = field("http.authbasic", "Credentials", "STRING")

	// httpHeaders are the headers that have a field, by their name in lower case.
	httpHeaders = map[string]*FieldDef{
		"authorization":            field("http.authorization", "Authorization", "STRING"),
		"proxy-authorization":      field("http.proxy_authorization", "Proxy-Authorization", "STRING"),
		"proxy-authenticate":       field("http.proxy_authenticate", "Proxy-Authenticate", "STRING"),
		"www-authenticate":         field("http.www_authenticate", "WWW-Authenticate", "STRING"),
		"content-type":             field("http.content_type", "Content-Type", "STRING"),
		"content-length":           field("http.content_length_header", "Content-Length", "STRING"),
		"content-encoding":         field("http.content_encoding", "Content-Encoding", "STRING"),
		"transfer-encoding":        field("http.transfer_encoding", "Transfer-Encoding", "STRING"),
		"upgrade":                  field("http.upgrade", "Upgrade", "STRING"),
		"user-agent":               field("http.user_agent", "User-Agent", "STRING"),
		"host":                     field("http.host", "Host", "STRING"),
		"connection":               field("http.connection", "Connection", "STRING"),
		"cookie":                   field("http.cookie", "Cookie", "STRING"),
		"accept":                   field("http.accept", "Accept", "STRING"),
		"referer":                  field("http.referer", "Referer", "STRING"),
		"accept-language":          field("http.accept_language", "Accept-Language", "STRING"),
		"accept-encoding":          field("http.accept_encoding", "Accept Encoding", "STRING"),
		"date":                     field("http.date", "Date", "STRING"),
		"cache-control":            field("http.cache_control", "Cache-Control", "STRING"),
		"server":                   field("http.server", "Server", "STRING"),
		"location":                 field("http.location", "Location", "STRING"),
		"sec-websocket-accept":     field("http.sec_websocket_accept", "Sec-WebSocket-Accept", "STRING"),
		"sec-websocket-extensions": field("http.sec_websocket_extensions", "Sec-WebSocket-Extensions", "STRING"),
		"sec-websocket-key":        field("http.sec_websocket_key", "Sec-WebSocket-Key", "STRING"),
		"sec-websocket-protocol":   field("http.sec_websocket_protocol", "Sec-WebSocket-Protocol", "STRING"),
		"sec-websocket-version":    field("http.sec_websocket_version", "Sec-WebSocket-Version", "STRING"),
		"set-cookie":               field("http.set_cookie", "Set-Cookie", "STRING"),
		"last-modified":            field("http.last_modified", "Last-Modified", "STRING"),
		"x-forwarded-for":          field("http.x_forwarded_for", "X-Forwarded-For", "STRING"),
		"http2-settings":           field("http.http2_settings", "HTTP2-Settings", "STRING"),
	}
)

// httpHeaderFields lists the fields of headers.
func httpHeaderFields() []*FieldDef {
	out := []*FieldDef{httpCredentials}
	for _, d := range httpHeaders {
		out = append(out, d)
	}
	return out
}

// httpHeaderField is the field of a header, nil for one that has none.
func httpHeaderField(name []byte) *FieldDef {
	var lower [32]byte
	if len(name) > len(lower) {
		return nil
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return httpHeaders[string(lower[:len(name)])]
}

// httpHeaderNodes adds the header lines of a head, and the empty one behind them.
func httpHeaderNodes(n *node, at int, d []byte, kind httpKind) {
	for len(d) > 0 {
		line, next, ok := httpLine(d)
		if !ok {
			return
		}
		if len(line) == 0 {
			if f := addText(n, at, next, ""); f.labelled() {
				f.Label = formatted(d[:next])
			}
			return
		}
		name, value, ok := httpHeader(line)
		if !ok {
			return
		}
		httpHeaderNode(n, at, d[:next], name, value, kind)
		d, at = d[next:], at+next
	}
}

// httpHeaderNode adds one header. A request's and a response's headers also
// count as lines; those are hidden where the header has a field of its own.
func httpHeaderNode(n *node, at int, line, name, value []byte, kind httpKind) {
	d := httpHeaderField(name)
	if d != nil {
		f := addASCII(n, d, at, value)
		f.resize(len(line))
		if f.labelled() {
			f.Label = clip(escaped(string(line)), len(name))
		}
		httpHeaderParts(f, at, d, line, value)
	}
	whole := httpOtherHeader
	switch kind {
	case httpIsRequest:
		whole = httpRequestLine
	case httpIsResponse:
		whole = httpResponseLine
	default:
		if d != nil {
			return
		}
	}
	if !n.wants(whole) {
		return
	}
	f := addString(n, whole, at, len(line), asciiText(line))
	if f.labelled() {
		f.Label = clip(escaped(string(line)), len(name))
	}
	if d != nil {
		hide(f)
	}
}

// httpHeaderParts takes the values of some headers apart.
func httpHeaderParts(f *node, at int, d *FieldDef, line, value []byte) {
	switch d.Name {
	case "http.content_length_header":
		if v, err := strconv.ParseUint(string(value), 10, 64); err == nil {
			computed(addUint(f, httpContentLength, at, v)).resize(len(line))
		}
	case "http.cookie":
		off := at + bytes.Index(line, value)
		for len(value) > 0 {
			pair, rest, _ := bytes.Cut(value, []byte(";"))
			trimmed := bytes.TrimLeft(pair, " ")
			addASCII(f, httpCookiePair, off+len(pair)-len(trimmed), trimmed)
			off += len(pair) + 1
			value = rest
		}
	case "http.authorization", "http.proxy_authorization":
		code, ok := strings.CutPrefix(string(value), "Basic ")
		if !ok {
			return
		}
		if text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code)); err == nil {
			addString(f, httpCredentials, at, len(line), asciiText(untilNUL(text)))
		}
	}
}
