package wireshark

import (
	"strings"
	"testing"

	"pktsh/dissect"
)

// entries makes a list of fields as fields.lua writes it, of lines
// "name offset length state".
func entries(lines string) []byte {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		parts := strings.Fields(line)
		if len(parts) == 0 {
			continue
		}
		state := ""
		if len(parts) > 3 {
			state = parts[3]
		}
		value := "v"
		if strings.ContainsAny(state, "pn") {
			value = ""
		}
		b.WriteString(strings.Join(append(parts[:3:3], state, value, ""), "\x00"))
		b.WriteString("\x00")
	}
	return []byte(b.String())
}

// outline writes a tree's names, a line each, two spaces a level; hidden ones with "-".
func outline(nodes []*dissect.Field) string {
	var b strings.Builder
	dissect.Walk(nodes, func(f *dissect.Field, depth int) bool {
		b.WriteString(strings.Repeat("  ", depth))
		if f.Hidden {
			b.WriteString("-")
		}
		b.WriteString(f.Name + "\n")
		return true
	})
	return b.String()
}

func TestHiddenFieldsFindTheirPlaces(t *testing.T) {
	for _, test := range []struct{ name, reply, list, want string }{
		{
			name: "beside the field that they repeat",
			reply: `{"tree":[{"l":"IP","h":[0,20],"t":"proto","f":"ip","n":[
				{"l":"Source","h":[12,4],"f":"ip.src == 1.2.3.4"},{"l":"Destination","h":[16,4],"f":"ip.dst == 1.2.3.4"}]},
				{"l":"TCP","h":[20,20],"t":"proto","f":"tcp"}]}`,
			list: "ip 0 20 p\nip.src 12 4\nip.addr 12 4 h\nip.dst 16 4\nip.addr 16 4 h\ntcp 20 20 p\ntcp.port 20 2 h\n",
			want: "ip\n  ip.src\n  -ip.addr\n  ip.dst\n  -ip.addr\ntcp\n  -tcp.port\n",
		},
		{
			name: "not below a node that begins behind them",
			reply: `{"tree":[{"l":"AFS","h":[70,16],"t":"proto","f":"afs","n":[
				{"l":"Operation","h":[72,4],"f":"afs.fs.opcode == 1","n":[{"l":"FileID","h":[74,12],"f":"frame[74:12] == 00","n":[
				{"l":"Uniqifier","h":[82,4],"f":"afs.fs.fid.uniq == 1"}]}]}]}]}`,
			list: "afs 70 16 p\nafs.fs.opcode 72 4\ntext 74 12 n\nafs.fs.fid.uniq 82 4\nafs.fs 70 0 h\n",
			want: "afs\n  afs.fs.opcode\n    \n      afs.fs.fid.uniq\n  -afs.fs\n",
		},
		{
			name: "before the protocol that they are of",
			reply: `{"tree":[{"l":"TCP","h":[0,20],"t":"proto","f":"tcp","n":[{"l":"Payload","h":[20,9],"f":"tcp.payload == 00"}]},
				{"l":"HL7","h":[20,9],"t":"proto","f":"hl7"}]}`,
			list: "tcp 0 20 p\ntcp.payload 20 9\nhl7.event.type 22 3 h\nhl7 20 9 p\n",
			want: "tcp\n  tcp.payload\n-hl7.event.type\nhl7\n",
		},
		{
			name: "behind an expert item, in the field that it marks",
			reply: `{"tree":[{"l":"Ethernet","h":[0,14],"t":"proto","f":"eth","n":[{"l":"Source","h":[6,6],"f":"eth.src == 01","n":[
				{"l":"Expert","t":"proto","f":"_ws.expert","n":[{"l":"Group","f":"_ws.expert.group == \"Protocol\""}]},
				{"l":"Address","h":[6,6],"f":"eth.addr == 01"}]}]}]}`,
			list: "eth 0 14 p\neth.src 6 6\n_ws.expert 0 0 p\n_ws.expert.group 0 0\neth.src_resolved 6 6 h\neth.addr 6 6\n",
			want: "eth\n  eth.src\n    _ws.expert\n      _ws.expert.group\n    -eth.src_resolved\n    eth.addr\n",
		},
		{
			name: "behind a field that has nothing below it but marks",
			reply: `{"tree":[{"l":"IPv6","h":[0,40],"t":"proto","f":"ipv6","n":[{"l":"Version","h":[0,1],"f":"ipv6.version == 3","n":[
				{"l":"Expert","t":"proto","f":"_ws.expert","n":[{"l":"Group","f":"_ws.expert.group == \"Malformed\""}]}]}]}]}`,
			list: "ipv6 0 40 p\nipv6.version 0 1\n_ws.expert 0 0 p\n_ws.expert.group 0 0\n_ws.malformed 0 0 ph\nip.version 0 1 h\n",
			want: "ipv6\n  ipv6.version\n    _ws.expert\n      _ws.expert.group\n    -_ws.malformed\n  -ip.version\n",
		},
		{
			// xml.tag and xmpp.iq have the same place, and the reply does not name the latter.
			name: "a hidden protocol with what is below it",
			reply: `{"tree":[{"l":"XMPP","h":[68,89],"t":"proto","f":"xmpp","n":[
				{"l":"IQ","h":[68,87],"f":"frame[68:87] == 3c","n":[{"l":"id","h":[88,6],"f":"xmpp.id == \"0\""}]}]}]}`,
			list: "xmpp 68 89 p\nxml 68 89 ph\nxml.tag 68 87\nxml.attribute 72 15\nxml.attribute 88 6\ntext 150 5 n\nxmpp.out 68 0 h\nxmpp.iq 68 87 n\nxmpp.id 88 6\n",
			want: "xmpp\n  -xml\n    xml.tag\n      xml.attribute\n      xml.attribute\n      \n  -xmpp.out\n  xmpp.iq\n    xmpp.id\n",
		},
		{
			name: "an expert item of a hidden line of text",
			reply: `{"tree":[{"l":"DNS","h":[0,40],"t":"proto","f":"dns","n":[{"l":"Extraneous","h":[20,9],"f":"frame[20:9] == 00","n":[
				{"l":"Length","f":"dns.extraneous.length == 9"}]}]}]}`,
			list: "dns 0 40 p\ntext 20 9 n\ndns.extraneous.length 0 0\ntext 20 9 nh\n_ws.expert 0 0 p\ndns.extraneous 0 0 n\n_ws.expert.message 0 0 h\n_ws.expert.severity 0 0\n_ws.expert.group 0 0\n",
			want: "dns\n  \n    dns.extraneous.length\n    -\n      _ws.expert\n        dns.extraneous\n        -_ws.expert.message\n        _ws.expert.severity\n        _ws.expert.group\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := reply{result: []byte(test.reply), fields: entries(test.list)}
			tree, err := wholeTree(answer, nil, func() { t.Error("the list is not of the tree") })
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(tree.Nodes); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestListOfAnotherTree is a list that does not fit: the tree is what the reply says.
func TestListOfAnotherTree(t *testing.T) {
	answer := reply{result: []byte(`{"tree":[{"l":"IP","h":[0,20],"t":"proto","f":"ip"}]}`), fields: entries("ip 0 20 p\nip.src 12 4\n")}
	told := false
	tree, err := wholeTree(answer, nil, func() { told = true })
	if err != nil || !told || outline(tree.Nodes) != "ip\n" {
		t.Errorf("got %v, told %v, the tree %q, want the reply's", err, told, outline(tree.Nodes))
	}
}

func TestLabelsOfHiddenFields(t *testing.T) {
	v := &vocabulary{catalogue: dissect.NewCatalogue([]dissect.FieldInfo{
		{Name: "_ws.expert.message", Label: "Message", Type: "STRING"},
		{Name: "http.request.line", Label: "Request line", Type: "STRING"},
		{Name: "ip.version", Label: "Version", Type: "UINT8", Mask: 0xf0, Unmasked: true},
	})}
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		f    listed
		want string
	}{
		{listed{name: "_ws.expert.message", value: "a: b", display: "a: b"}, "Message: a: b"},
		{listed{name: "_ws.expert.message", value: long, display: long[:239-len("Message [truncated]: ")]},
			"Message [truncated]: " + long[:239-len("Message [truncated]: ")]},
		{listed{name: "http.request.line", value: "Host: a\r\n", display: `a\r\n`}, `Host: a\r\n`},
		{listed{name: "http.request.line", value: "Host:a\r\n", display: `Host:a\r\n`}, `Host:a\r\n`},
		{listed{name: "http.request.line", value: "A: " + long, display: long[:239-len(" [truncated]A: ")]},
			" [truncated]A: " + long[:239-len(" [truncated]A: ")]},
		{listed{name: "http.request.line", value: "A: b", display: `b\000c`}, `A: b\000c`},
		{listed{name: "ip.version", value: "6", display: "6"}, "0110 .... = Version: 6"},
	} {
		if got := v.label(test.f); got != test.want {
			t.Errorf("%s %.20q: got %q, want %q", test.f.name, test.f.value, got, test.want)
		}
	}
}
