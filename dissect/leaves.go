package dissect

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// This file lists the dissectors of Wireshark that carry no packets: nothing
// that they make of a payload has the fields of a link, network or transport
// protocol. A payload for one of them leaves a packet's headers sure.
//
// The lists hold what was looked at: a dissector is listed when none that it may
// hand bytes on to, by its source (4.0.17) and theirs, is a link, network or transport
// protocol's. Passed over are links of the chain that take a peculiar message to exist: HTTP and
// other carriers of media types could hold a DNS message, an MPEG stream with IP in it, or a 5G
// NAS message with a user's packet in it; whatever speaks SIP or TLS could hold what they
// do.

// leaf is what is known of a dissector that carries no packets.
type leaf struct {
	// hides are the protocols whose fields it may show, besides applications.
	hides Set
	// carries tells the payloads in which it does carry packets; nil for none.
	carries func(d []byte) bool
}

func (l *leaf) plain() bool { return l.hides == 0 && l.carries == nil }

// leaves are dissectors by their names.
type leaves map[string]*leaf

func leafNames(text string) leaves {
	out := leaves{}
	for _, name := range strings.Fields(text) {
		out[name] = &leaf{}
	}
	return out
}

// except replaces what is known of one dissector.
func (l leaves) except(name string, known leaf) leaves {
	l[name] = &known
	return l
}

// carriesMSU tells syslog messages of Cisco's IP Transfer Point, which show SS7
// signalling in hexadecimal: "msu=".
func carriesMSU(d []byte) bool { return bytes.Contains(d, []byte("msu=")) }

// carriesSections tells NetFlow from version 9 on and IPFIX, whose templates may ask
// for parts of frames (RFC 7270, information element 315).
func carriesSections(d []byte) bool { return len(d) < 2 || be16(d) > 8 }

// carriesPIM tells IGMP messages that hold PIM version 1, and carriesRegister PIM's
// Register messages, which hold a multicast packet (RFC 7761 section 4.9.3).
func carriesPIM(d []byte) bool      { return len(d) > 0 && d[0] == 0x14 }
func carriesRegister(d []byte) bool { return len(d) == 0 || d[0]&0x0f == 1 || d[0]>>4 != 2 }

// carriesNetwork tells OSI network protocols (ISO/IEC TR 9577) from those that the
// same first byte names IP, PPP and others by: ES-IS, IS-IS.
func carriesNetwork(d []byte) bool { return len(d) == 0 || d[0] != 0x82 && d[0] != 0x83 }

// carriesMobile tells Mobile IPv4's registration messages (RFC 5944) from those with a
// packet in them.
func carriesMobile(d []byte) bool { return len(d) == 0 || d[0] != 1 && d[0] != 3 }

// carriesEoE tells EtherCAT frames that may hold a part of an Ethernet frame: a
// mailbox, by itself or as the data of a datagram, of type 2 (ETG.1000.4 section 5).
func carriesEoE(d []byte) bool {
	const eoe = 2
	if len(d) < 2 {
		return false
	}
	mailbox := func(d []byte) bool { return len(d) >= 6 && d[5]&0x0f == eoe }
	switch kind := d[1] >> 4; kind {
	case 5:
		return mailbox(d[2:])
	case 1:
		for d = d[2:]; len(d) >= 12; {
			word := binary.LittleEndian.Uint16(d[6:])
			size := int(word & 0x07ff)
			if 10+size+2 > len(d) {
				return false
			}
			if mailbox(d[10 : 10+size]) {
				return true
			}
			if word&0x8000 == 0 {
				return false
			}
			d = d[10+size+2:]
		}
	}
	return false
}

// carriesCIP tells the commands of EtherNet/IP (ODVA volume 2 section 2-3); what has
// none is refused.
func carriesCIP(d []byte) bool {
	if len(d) < 24 {
		return len(d) > 0 && d[0] <= 0x73
	}
	switch binary.LittleEndian.Uint16(d) {
	case 0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73, 0xc8:
		return true
	}
	return false
}

var (
	udpLeaves = leafNames(`
		5co_legacy a11 a21 adp adwin ajns aodv ardp armagetronad asap asterix ath auto_rp ax4000 babel bfd bfd_echo bjnp bundle bvlc c1222
		caneth chargen cldap cnip coap collectd componentstatusprotocol corosync_totemnet cpha cups daytime db-lsp-disc ddtp dhcp
		dhcpv6 dis dlep dlsw dmp dnp3 dof doip dpnet dtls dvb_ipdc echo ecmp edonkey egd elasticsearch enrp enttec eobi
		epl esio ff find glbp gvcp h225 h248 h501 hart_ip hcrt hicp hip hiqnet hsrp iapp iax2 icp icq idn ipvs ipx isakmp isns kdp
		kerberos kf kink kip knet kpasswd krb4 laplink ldp ldss lmp ltp lwres mactelnet manolito mbudp megaco memcache
		mgcp mih mikey mndp mpls-echo msmms nano nbdgm nbns ncp njack ntp oicq olsr omron opensafety opensafety_udp
		openvpn packetbb papi pathport pfcp pktc pktc.mtafqdn pnrp portcontrol ptp pulse quake quake2 quake3 quakeworld raknet
		rdpudp rdt reload-framing rip ripng rmcp roon_disco rpc rsip rsp rsvp rtpproxy rx sabp sap sbus sebek sigcomp sip
		slimp3 snmp srvloc ssdp ssyncp steam_ihs_discovery stun synphasor tacacs tapa tetra tftp time tivoconnect tpcp
		tplink-smarthome tpncp ts2 tsp uaudp uftp ulp vines_frp vrt vuze-dht wccp wg who wlccp wsp wtls wtp xdmcp xyplex`).
		except("syslog", leaf{carries: carriesMSU}).
		except("cflow", leaf{carries: carriesSections}).
		except("mip", leaf{carries: carriesMobile}).
		except("radius", leaf{hides: 1 << idGTP}).
		except("ecatf", leaf{carries: carriesEoE}).
		except("enip", leaf{carries: carriesCIP}).
		except("udpencap", leaf{hides: 1<<idESP | 1<<idAH})

	tcpLeaves = leafNames(`
		5co_legacy 9p acap agentx ajns ajp13 ams amqp ancp aol ardp artemis asap atmtcp ax4000 beep bgp bittorrent bzr c1222 cast cbsp
		chargen cmp cmpp coap cops couchbase cql cvspserver daytime db-lsp dhcpfo dhcpv6.bulk_leasequery dicom distcc djiuav
		dlep dlm3 dlsw dnp3 dof doip dpp dsi dtps dtpt echo ecmp edonkey elasticsearch elcom enttec epmd eti exec ff
		finger ftp ftp-data gadu-gadu gdsdb gearman gift git gnutella gopher gryphon h248 h501 hart_ip hiqnet hislip hl7 http hzlcst icap
		idmp iec60870_104 ilp imap ipdc ipdr ipsictl irc isakmp isns jdwp kafka kerberos kf kip kismet knet kpasswd kt laplink
		ldap ldp lisp-tcp llrp lnet lpd mbtcp megaco memcache mgcp mih mikey mqtt mrcpv2 msmms msnms msrp mysql nano nbss ncp
		ndmp ndps netsync nntp ntp nvme-tcp omapi omron opcua openvpn opsi pcep pcomtcp pcp pgsql pmproxy pop pptp ptpip pvfs r3
		reload-framing resp rlogin rmi rpc rpkirtr rsh rsip rsync rtmpt rtpproxy rtsp s101 s5066sis sabp sametime sasp sigcomp sip sir
		skinny slsk smrse smtp smux snmp spdy srvloc ssh stun synergy synphasor tacplus tcpcl tds telnet tfp tibia time tivoconnect
		tls tns tpkt tplink-smarthome tpm tpncp tsdns twamp.control ulp vicp vnc whois winsrepl wow woww x11 xmcp xmpp xti
		z3950 zebra`).
		except("syslog", leaf{carries: carriesMSU}).
		except("diameter", leaf{hides: 1 << idGTP}).
		except("ecatf", leaf{carries: carriesEoE}).
		except("enip", leaf{carries: carriesCIP})

	etherTypeLeaves = leafNames(`
		aarp ans aoe aruba_iap bluecom bofl brcm-tag cesoeth cfm cgmp cl3 csm_encaps dec_dna dec_stp dect ecp21 ecpri eero elmi epl
		epl_v1 flip goose hcrt homeplug homeplug-av hsr_prp_supervision hyperscsi idp ipx ismp lacp lat linx lldp llt lltd loop
		lwl4 macc mdp mih mrp-mmrp mrp-msrp mrp-mvrp msnlb ncsi nsrp nwp pn_mrp ptp realtek siii slow snmp stp sv tte_pcf
		vines_echo vines_ip wai wlccp wol wreth`).
		except("eapol", leaf{hides: 1 << idWLAN}).
		except("ecatf", leaf{carries: carriesEoE})

	ipLeaves = leafNames(`ax4000 cotp dccp eigrp hip igrp lwl4 ncs ospf pgm rsvp rsvp-e2ei shim6 vines_frp vrrp xtp`).
			except("esp", leaf{hides: 1 << idESP}).
			except("igmp", leaf{carries: carriesPIM}).
			except("pim", leaf{carries: carriesRegister}).
			except("osi", leaf{carries: carriesNetwork})

	llcLeaves = leafNames(`bacnet hpext ipx netbios rpl sna stp vines_llc`).
			except("osi", leaf{carries: carriesNetwork})

	greLeaves = leafNames(`cdp ipx grebonding`).except("osi", leaf{carries: carriesNetwork})

	// Control protocols of PPP are told apart further by their code, which may say
	// that a packet is quoted (ppp.go).
	pppLeaves = leafNames(`lcp ipcp ipv6cp ccp pap chap cbcp bap bacp eap mplscp cdpcp osinlcp comp_data pppmuxcp cdp ipx`).except("osi", leaf{carries: carriesNetwork})

	chdlcLeaves = leafNames(`slarp cdp udld stp ipx`).except("osi", leaf{carries: carriesNetwork})

	ciscoLeaves = leafNames(`cdp vtp dtp pagp udld stp mcp cgmp`)
)
