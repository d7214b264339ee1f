package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tlsScene is three HTTPS requests between a client and a server of Go's crypto/tls,
// and the key log of the first two: TLS 1.3 and 1.2 that decrypt, and one that does
// not. Both ends make up their keys, so each run gives other bytes.
func tlsScene() (*scene, []byte, error) {
	s := newScene(3)
	certificate, err := selfSigned("tls.example")
	if err != nil {
		return nil, nil, err
	}
	var keys bytes.Buffer
	for i, session := range []struct {
		name    string
		version uint16
		log     io.Writer
	}{
		{"one.tls.example", tls.VersionTLS13, &keys},
		{"two.tls.example", tls.VersionTLS12, &keys},
		{"three.tls.example", tls.VersionTLS13, io.Discard},
	} {
		f := s.connect(time.Duration(i)*500*time.Millisecond, behind(fmt.Sprintf("198.51.100.%d", 201+i)), uint16(52001+i), 443)
		config := &tls.Config{
			ServerName: session.name, InsecureSkipVerify: true, Certificates: []tls.Certificate{certificate},
			MinVersion: session.version, MaxVersion: session.version, KeyLogWriter: session.log,
			CurvePreferences: []tls.CurveID{tls.X25519}, SessionTicketsDisabled: true, NextProtos: []string{"http/1.1"},
		}
		if err := f.request(config, "https://"+session.name+"/secret"); err != nil {
			return nil, nil, err
		}
		f.end()
	}
	return s, keys.Bytes(), nil
}

// request asks for a page over TLS; what both ends send becomes the flow's.
func (f *flow) request(config *tls.Config, url string) error {
	a, b := net.Pipe()
	var turn sync.Mutex // a flow's packets come one after the other
	served := make(chan error, 1)
	go func() {
		conn := tls.Server(&tap{Conn: b, turn: &turn, say: func(data []byte) { f.say(false, data) }}, config)
		served <- serve(conn)
	}()
	server := config.Clone()
	server.KeyLogWriter = nil // one end's log is enough
	client := tls.Client(&tap{Conn: a, turn: &turn, say: func(data []byte) { f.say(true, data) }}, server)
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "pktsh-testdata/1")
	if err := writeWhole(client, request.Write); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(client), request)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	return <-served
}

// serve answers one request.
func serve(conn *tls.Conn) error {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return err
	}
	body := "the secret of " + request.Host + "\n"
	response := http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"text/plain"}, "Server": {"example"}}, Body: io.NopCloser(strings.NewReader(body)),
	}
	return writeWhole(conn, response.Write)
}

// writeWhole has a message written in one record.
func writeWhole(w io.Writer, message func(io.Writer) error) error {
	buffer := bufio.NewWriter(w)
	if err := message(buffer); err != nil {
		return err
	}
	return buffer.Flush()
}

// tap passes on to say what is written to a connection.
type tap struct {
	net.Conn
	turn *sync.Mutex
	say  func([]byte)
}

func (t *tap) Write(data []byte) (int, error) {
	t.turn.Lock()
	t.say(data)
	t.turn.Unlock()
	return t.Conn.Write(data)
}

// selfSigned makes a certificate for a domain and its names.
func selfSigned(domain string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain, "*." + domain},
		NotBefore: start.AddDate(-1, 0, 0), NotAfter: start.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
