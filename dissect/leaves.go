package dissect

import "strings"

// This file lists the dissectors of Wireshark that carry no packets: nothing
// that they make of a payload has the fields of a link, network or transport
// protocol. A payload for one of them leaves a packet's headers sure.
//
// The lists hold what was looked at: the dissector's source does not hand
// anything on to a dissector for packets, and the differential suite found no
// counter-example in the captures that have it.

// leaves are names of dissectors.
type leaves map[string]bool

func (l leaves) has(name string) bool { return l[name] }

func leafNames(text string) leaves {
	out := leaves{}
	for _, name := range strings.Fields(text) {
		out[name] = true
	}
	return out
}

var (
	udpLeaves = leafNames(`
		dhcp dhcpv6 dhcpfo ntp nbns nbdgm snmp syslog ssdp radius rip ripng tftp stun-udp stun isakmp kerberos cldap sip hsrp hsrpv2 glbp
		ptp bfd bfdcontrol bfd_echo openvpn.udp openvpn coap dtls memcache bvlc enip raknet quake3 quake quake2 quakeworld
		wg rx db-lsp-disc mgcp megaco h225.ras h225 iax2 xdmcp icq cflow who ldss rtcp rtp msproxy auto_rp aodv olsr babel srvloc
		steam_ihs_discovery tplink-smarthome bjnp daytime time echo chargen discard slimp3 edonkey quic hcrt`)

	tcpLeaves = leafNames(`
		http tls ssl smtp imap pop ftp ftp-data ssh telnet nbss ldap mysql pgsql tds irc xmpp mqtt amqp rtsp sip kerberos x11
		bittorrent bittorrent.tcp msnms bgp rsync nntp whois finger memcache resp kafka tns rtmpt git mbtcp modbus iec60870_104 104apci dnp3 dnp3.tcp
		enip opcua tpkt diameter stun-tcp stun tacplus tacacs gnutella edonkey aol aim gadu-gadu ipsictl mrcpv2 wow skinny rlogin rsh
		exec lpd msmms synergy ajp13 cql epmd jdwp dicom hl7 smpp cmpp nvme-tcp db-lsp s101 couchbase elasticsearch beep spdy
		slsk tibia gift kismet hzlcst artemis ndmp ymsg isns gearman omapi s7comm pptp ancp msdp cops ldp ldp.tcp pcep h501 mgcp
		megaco laplink`)

	etherTypeLeaves = leafNames(`lldp loop eapol slow wol aoe`)

	ipLeaves = leafNames(`igmp ospf eigrp vrrp rsvp esp egp igrp hip`)

	llcLeaves = leafNames(`stp ipx netbios`)

	greLeaves = leafNames(`cdp ipx grebonding`)

	// Control protocols of PPP are told apart further by their code, which may say
	// that a packet is quoted (ppp.go).
	pppLeaves = leafNames(`lcp ipcp ipv6cp ccp pap chap cbcp bap bacp eap mplscp cdpcp osinlcp comp_data pppmuxcp cdp ipx`)

	chdlcLeaves = leafNames(`slarp cdp udld stp ipx`)

	ciscoLeaves = leafNames(`cdp vtp dtp pagp udld stp mcp cgmp`)
)
