package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
)

// This file makes what the generated conversations say to each other.

// clientHello is a TLS 1.3 ClientHello record (RFC 8446, section 4.1.2) for a
// server's name, padded to the 517 bytes that browsers send (RFC 7685).
func clientHello(rng *rand.Rand, server string) []byte {
	var ext []byte
	add := func(kind uint16, body []byte) {
		ext = binary.BigEndian.AppendUint16(ext, kind)
		ext = append(vector16(ext, len(body)), body...)
	}
	name := append(vector16([]byte{0}, len(server)), server...)
	add(0, append(vector16(nil, len(name)), name...))               // server_name
	add(23, nil)                                                    // extended_master_secret
	add(10, []byte{0, 6, 0, 29, 0, 23, 0, 24})                      // supported_groups: x25519, secp256r1, secp384r1
	add(16, append([]byte{0, 12, 2}, "h2\x08http/1.1"...))          // application_layer_protocol_negotiation
	add(13, []byte{0, 8, 4, 3, 8, 4, 4, 1, 5, 1})                   // signature_algorithms
	add(51, append([]byte{0, 36, 0, 29, 0, 32}, noise(rng, 32)...)) // key_share
	add(45, []byte{1, 1})                                           // psk_key_exchange_modes
	add(43, []byte{4, 3, 4, 3, 3})                                  // supported_versions
	body := append([]byte{3, 3}, noise(rng, 32)...)
	body = append(append(body, 32), noise(rng, 32)...)
	body = append(body, 0, 8, 0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 1, 0)
	if missing := 512 - 4 - len(body) - 2 - len(ext) - 4; missing > 0 {
		add(21, make([]byte, missing)) // padding
	}
	body = append(vector16(body, len(ext)), ext...)
	return record(22, append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...))
}

// serverFlight is what a TLS 1.3 server answers: a ServerHello, the compatible
// ChangeCipherSpec, and the encrypted rest with a certificate chain.
func serverFlight(rng *rand.Rand, certificates int) []byte {
	body := append([]byte{3, 3}, noise(rng, 32)...)
	body = append(append(body, 32), noise(rng, 32)...)
	ext := append([]byte{0, 51, 0, 36, 0, 29, 0, 32}, noise(rng, 32)...)
	ext = append(ext, 0, 43, 0, 2, 3, 4)
	body = append(body, 0x13, 1, 0)
	body = append(vector16(body, len(ext)), ext...)
	out := record(22, append([]byte{2, 0, byte(len(body) >> 8), byte(len(body))}, body...))
	out = append(out, record(20, []byte{1})...)
	return append(out, applicationData(rng, 64+certificates+280+69)...)
}

// clientFinished is the client's ChangeCipherSpec and encrypted Finished.
func clientFinished(rng *rand.Rand) []byte {
	return append(record(20, []byte{1}), applicationData(rng, 53)...)
}

// applicationData is n encrypted bytes in records of at most 16 KiB and the tag.
func applicationData(rng *rand.Rand, n int) []byte {
	const most = 1<<14 + 17
	var out []byte
	for ; n > most; n -= most {
		out = append(out, record(23, noise(rng, most))...)
	}
	return append(out, record(23, noise(rng, max(n, 18)))...)
}

// record is a TLS record (RFC 8446, section 5.1).
func record(kind byte, body []byte) []byte {
	return append(vector16([]byte{kind, 3, 3}, len(body)), body...)
}

func vector16(b []byte, n int) []byte { return binary.BigEndian.AppendUint16(b, uint16(n)) }

// noise is n bytes that look encrypted.
func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
	}
	return b[:n]
}

// httpRequest is a GET as a browser sends it.
func httpRequest(server, path string) ([]byte, error) {
	r := &http.Request{
		Method: http.MethodGet, Host: server, ProtoMajor: 1, ProtoMinor: 1,
		URL: &url.URL{Scheme: "http", Host: server, Path: path},
		Header: http.Header{
			"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
			"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
			"Accept-Language": {"en-US,en;q=0.5"},
			"Cookie":          {fmt.Sprintf("session=%x", len(path)*7919)},
		},
	}
	var out bytes.Buffer
	err := r.Write(&out)
	return out.Bytes(), err
}

// httpResponse is an answer with a body of n bytes of text.
func httpResponse(n int) ([]byte, error) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", n/45+1)[:n]
	r := &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(n),
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Server": {"nginx"}, "Cache-Control": {"max-age=600"}},
		Body:   io.NopCloser(strings.NewReader(text)),
	}
	var out bytes.Buffer
	err := r.Write(&out)
	return out.Bytes(), err
}
