package native_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

// This file measures messages over several TCP segments against tshark's two-pass
// answer: which frames complete them, of which segments, and what is then in them.

// reassembled are captures with such messages: HTTP heads and bodies, hellos,
// certificates and records; gaps, retransmissions and reordering among them.
var reassembled = []string{
	"http-lines-split", "http_ua_splitted", "tls_2_reasms", "tls_with_huge_ch", "tls_missing_ch_frag", "tls_long_cert", "1kxun",
	"WebattackSQLinj", "6in4tunnel", "quickplay", "windowsupdate_over_http", "tls_verylong_certificate", "http_ipv6",
	"starcraft_battle", "tls_port_80", "http_starting_with_reply", "EAQ", "viber", "tls_unidirectional",
}

// reassembledFields are compared in every frame, and the Protocol column.
var reassembledFields = []string{
	"tcp.segment", "tcp.segment.count", "tcp.reassembled.length", "tcp.reassembled_in", "http.host", "http.request.method",
	"http.response.code", "http.content_length", "tls.handshake.type", "tls.handshake.extensions_server_name", "tls.record.length",
}

// TestReassemblyAgainstTshark compares those fields in the frames in which either
// side has one.
func TestReassemblyAgainstTshark(t *testing.T) {
	rates, examples := map[string]*rate{}, map[string][]string{}
	for _, path := range corpusOf(t, reassembled) {
		d := open(t, path)
		if d == nil {
			continue
		}
		args := []string{"-r", path, "-T", "fields", "-e", "frame.number"}
		for _, name := range reassembledFields {
			args = append(args, "-e", name)
		}
		sc := bufio.NewScanner(bytes.NewReader(tshark(t, append(args, "-e", "_ws.col.Protocol", "-Y", "tcp")...)))
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			c := strings.Split(sc.Text(), "\t")
			var frame uint32
			if _, err := fmt.Sscan(c[0], &frame); err != nil {
				t.Fatal(err)
			}
			tree, err := d.Tree(context.Background(), frame)
			if err != nil {
				continue // records that only Wireshark counts
			}
			got := []string{c[0]}
			for _, name := range reassembledFields {
				var values []string
				for _, f := range tree.Values(name) {
					values = append(values, f.Show)
				}
				got = append(got, strings.Join(values, ","))
			}
			_ = d.Rows(context.Background(), []uint32{frame}, func(s dissect.Summary) error {
				got = append(got, s.Protocol)
				return nil
			})
			if strings.Join(c[1:len(c)-1], "") == "" && strings.Join(got[1:len(got)-1], "") == "" {
				continue
			}
			for i, name := range append(slices.Clone(reassembledFields), "Protocol") {
				if c[i+1] == "" && got[i+1] == "" {
					continue
				}
				if rates[name] == nil {
					rates[name] = &rate{}
				}
				rates[name].add(c[i+1] == got[i+1])
				if c[i+1] != got[i+1] {
					examples[name] = append(examples[name], fmt.Sprintf("%s:%d\n      want %s\n      got  %s", filepath.Base(path), frame, c[i+1], got[i+1]))
				}
			}
		}
	}
	report(t, rates, examples)
	for _, name := range append(slices.Clone(reassembledFields), "Protocol") {
		if r := rates[name]; r == nil || r.percent() < 99 {
			t.Errorf("%s: got %v equal, want at least 99 %%", name, r)
		}
	}
}
