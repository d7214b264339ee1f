package dissect

import "bytes"

// This file is SSH's identification line (RFC 4253 section 4.2). Packets are left
// as data: whether they are encrypted depends on those before.

var (
	sshVersion   = field("ssh.protocol", "Protocol", "STRING")
	sshDirection = boolField("ssh.direction", "Direction", 0, 0, "server-to-client", "client-to-server")
)

var sshProtocol = Protocol{
	ID: idSSH, Name: "ssh", Long: "SSH Protocol", Short: "SSH",
	Fields:  []*FieldDef{sshVersion, sshDirection},
	carries: (*Table).undissected,
	decode:  decodeSSH,
}

func decodeSSH(b *builder, self *Protocol, p payload) {
	d := b.rest(p)
	line, next, whole := httpLine(d)
	if !bytes.HasPrefix(d, []byte("SSH-")) || !whole {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	server := b.table.tcpPorts[b.srcPort] == self
	if b.writes() {
		b.col.protocol = "SSHv2"
		if !bytes.HasPrefix(line, []byte("SSH-2.")) && !bytes.HasPrefix(line, []byte("SSH-1.99-")) {
			b.col.protocol = "SSHv1"
		}
		b.col.info = trueFalse(server, "Server", "Client") + ": Protocol (" + escaped(asciiText(line)) + ")"
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	addASCII(n, sshVersion, p.off, line)
	if next < len(d) {
		b.partial = true
	}
	direction := uint64(0)
	if server {
		direction = 1
	}
	virtual(addUint(n, sshDirection, p.off, direction))
}
