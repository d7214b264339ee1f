package dissect

// This file is the header walk: where each header of a packet is, found without
// an allocation, and what the walk cannot know about the packet.
//
// A walk never says more than Wireshark would: a layer is listed only when its
// header is surely what Wireshark's dissector makes of these bytes, and whatever
// may be in the packet besides is named in Headers.Unsure. So a value that is found
// is true, and one that is not found is surely absent if its protocol is not in
// Unsure. The rules are those of docs/truth.md; each is held by the differential
// suite (engine/native).

// ID numbers the protocols that a walk can tell apart, for use in a [Set].
type ID uint8

// The protocols of a walk. Their order means nothing; there may be 64.
const (
	idUnlisted ID = iota // protocols that have no place in a walk: never found, never excluded
	idFrame
	idEth
	idLLC
	idVLAN
	idProviderVLAN
	idSLL
	idNull
	idRaw
	idARP
	idIP
	idIPv6
	idICMP
	idICMPv6
	idTCP
	idUDP
	idSCTP
	idDNS
	idMDNS
	idLLMNR
	idData
	idMPLS
	idPPPoE
	idPPP
	idGRE
	idVXLAN
	idGeneve
	idGTP
	idL2TP
	idTeredo
	idESP
	idAH
	idIGMP
	idWLAN
	idDHCP
	idNTP
	idHTTP
	idTLS
	idSSH
	idSNMP
	idSSDP
	idQUIC
	idNBNS
	idPPPoED
	idCHDLC
	idERSPAN
	idUDPEncap
	idRadiotap
	idPrism
	idAVS
	idPPI
)

// Set is a set of protocols, by their IDs.
type Set uint64

func setOf(ids ...ID) (s Set) {
	for _, id := range ids {
		s |= 1 << id
	}
	return s
}

// Has reports whether the two sets share a protocol.
func (s Set) Has(other Set) bool { return s&other != 0 }

const (
	// hidesAll is what may be in bytes of which nothing is known: everything.
	hidesAll = ^Set(1 << idFrame)
	// hidesApplications is what may be in the payload of a transport protocol
	// whose dissector carries no packets.
	hidesApplications Set = 1<<idHTTP | 1<<idTLS | 1<<idSSH | 1<<idSNMP | 1<<idSSDP | 1<<idQUIC | 1<<idNBNS |
		1<<idDHCP | 1<<idNTP | 1<<idData | 1<<idUnlisted
	hidesDNS Set = 1<<idDNS | 1<<idMDNS | 1<<idLLMNR
)

// Everything is every protocol but the frame itself, NameServices are DNS and its
// kin: what [Rules.Distrust] may be.
const (
	Everything   = hidesAll
	NameServices = hidesDNS
)

// LowerLayers is the set of the link, network and transport protocols: a packet
// whose Unsure has none of them is sure on the fields that most filters ask for.
const LowerLayers Set = 1<<idEth | 1<<idVLAN | 1<<idProviderVLAN | 1<<idSLL | 1<<idNull | 1<<idRaw | 1<<idARP | 1<<idIP |
	1<<idIPv6 | 1<<idICMP | 1<<idICMPv6 | 1<<idTCP | 1<<idUDP | 1<<idSCTP

// Class is the first reason for which a walk is not sure of a packet's headers.
type Class uint8

// The classes of packets.
const (
	ClassSure       Class = iota
	ClassLinkType         // a link type that is not walked
	ClassEtherType        // an EtherType whose dissector may carry packets
	ClassLLC              // a service access point or SNAP organization likewise
	ClassCut              // a header that is not wholly captured
	ClassHeader           // a header that contradicts itself, or the rest of the packet
	ClassIPOption         // IPv4 options that change what addresses mean
	ClassExtension        // IPv6 extension headers likewise
	ClassFragment         // a part of an IP packet
	ClassIPProtocol       // an IP protocol whose dissector may carry packets
	ClassPort             // a port whose dissector may carry packets
	ClassHeuristic        // payload that looks like a protocol which carries packets
	ClassQuote            // a packet that an ICMP error quotes
	ClassTunnel           // a tunnel's header with something unusual
	ClassDepth            // more headers than a walk lists
	ClassSettings         // Wireshark is configured to dissect differently
	numClasses
)

// String returns the class as `explain` and the reports name it.
func (c Class) String() string {
	return [numClasses]string{
		"sure", "link type", "EtherType", "LLC", "cut header", "odd header", "IPv4 option", "IPv6 extension", "fragment",
		"IP protocol", "payload port", "payload", "ICMP quote", "tunnel", "depth", "settings",
	}[c]
}

// Layer is one header of a packet.
type Layer struct {
	ID ID
	// Quoted says that the header is in the packet that an ICMP error quotes.
	Quoted bool
	// Off is where the header begins in the packet, End where the captured bytes
	// of the header and what it carries end.
	Off, End uint32
	// Size is the length of both on the wire; it is more than End-Off where the
	// capture was cut.
	Size uint32
}

// maxLayers is how many headers a walk lists, the frame's own among them.
const maxLayers = 20

// Headers is one packet as a [Walker] goes through it. It is for one goroutine, and
// is used again for the next packet.
type Headers struct {
	// Data is what was captured.
	Data []byte
	// Number, Original, Time and its companions are those of [Input].
	Number, Original      uint32
	Time, First, Previous int64
	HasTime               bool
	// OddTime says that the file's time is one that Wireshark may read in another way.
	OddTime bool

	// Unsure are the protocols that may occur besides those listed.
	Unsure Set
	// Class is the first reason for Unsure that concerns [LowerLayers].
	Class Class
	// Detour says that the packet asks a proxy for something that may carry packets, or
	// speaks of DNS over HTTP: the walks of those after it in the same capture are not
	// to be relied on.
	Detour bool

	layers [maxLayers]Layer
	n      int
	quoted bool
	rules  *Walker
}

// Layers are the headers in order; the first is the frame itself.
func (w *Headers) Layers() []Layer { return w.layers[:w.n] }

// add lists a header.
func (w *Headers) add(id ID, p payload) {
	w.layers[w.n] = Layer{ID: id, Quoted: w.quoted, Off: uint32(p.off), End: uint32(p.end), Size: uint32(p.reported)}
	w.n++
}

// full says that no further header fits; the rest of the packet is doubted then.
// A walk function asks it before it lists its header.
func (w *Headers) full() bool {
	if w.n < maxLayers {
		return false
	}
	w.doubt(ClassDepth, hidesAll)
	return true
}

// doubt notes that protocols of a set may occur besides what is listed, and why.
func (w *Headers) doubt(c Class, hidden Set) {
	if w.Class == ClassSure && hidden.Has(LowerLayers) {
		w.Class = c
	}
	w.Unsure |= hidden
}

// hide notes protocols that may occur besides, where the headers stay sure.
func (w *Headers) hide(hidden Set) { w.Unsure |= hidden }

// short doubts a header of which n bytes are wanted; false means it is all there.
func (w *Headers) short(p payload, n int) bool {
	if p.captured() >= n && p.reported >= n {
		return w.full()
	}
	w.doubt(ClassCut, hidesAll)
	return true
}

// Walk goes through the packet that w.Data and its companions describe. link is
// how it begins.
func (k *Walker) Walk(w *Headers, link Link) {
	w.Detour = false
	w.n, w.Class, w.quoted, w.rules = 0, ClassSure, false, k
	w.Unsure = k.distrust
	if k.distrust.Has(LowerLayers) {
		w.Class = ClassSettings
	}
	if w.OddTime {
		w.hide(setOf(idFrame))
	}
	p := payload{end: len(w.Data), reported: max(onWire(w.Original), len(w.Data))}
	w.add(idFrame, p)
	if link == nil {
		w.doubt(ClassLinkType, hidesAll)
		return
	}
	link(w, p)
}

// Frame makes w the frame alone, of size captured bytes, for what asks only for
// the packet's number, time and lengths: the packet is not read.
func (w *Headers) Frame(size int) {
	w.n, w.Unsure = 0, 0
	if w.OddTime {
		w.hide(setOf(idFrame))
	}
	w.add(idFrame, payload{end: size, reported: max(onWire(w.Original), size)})
}
