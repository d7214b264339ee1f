package dissect

import "fmt"

// This file is the extensions of TLS's hellos (RFC 8446 section 4.2, RFC 6066,
// RFC 7301, RFC 8422 and others).

var (
	tlsExtType      = uint16Field("tls.handshake.extension.type", "Type", baseDec).named(tlsExtensionNames)
	tlsExtLen       = uint16Field("tls.handshake.extension.len", "Length", baseDec)
	tlsExtData      = field("tls.handshake.extension.data", "Data", "BYTES")
	tlsSNIListLen   = uint16Field("tls.handshake.extensions_server_name_list_len", "Server Name list length", baseDec)
	tlsSNIType      = uint8Field("tls.handshake.extensions_server_name_type", "Server Name Type", baseDec).named(Values{0: "host_name"})
	tlsSNILen       = uint16Field("tls.handshake.extensions_server_name_len", "Server Name length", baseDec)
	tlsSNI          = field("tls.handshake.extensions_server_name", "Server Name", "STRING")
	tlsGroupsLen    = uint16Field("tls.handshake.extensions_supported_groups_length", "Supported Groups List Length", baseDec)
	tlsGroups       = field("tls.handshake.extensions_supported_groups", "Supported Groups List", "NONE")
	tlsGroup        = uint16Field("tls.handshake.extensions_supported_group", "Supported Group", baseHex).named(tlsGroupNames)
	tlsPointsLen    = uint8Field("tls.handshake.extensions_ec_point_formats_length", "EC point formats Length", baseDec)
	tlsPoints       = field("tls.handshake.extensions_ec_point_formats", "EC point formats", "NONE")
	tlsPoint        = uint8Field("tls.handshake.extensions_ec_point_format", "EC point format", baseDec).named(tlsPointNames)
	tlsSigAlgsLen   = uint16Field("tls.handshake.sig_hash_alg_len", "Signature Hash Algorithms Length", baseDec)
	tlsSigAlgs      = field("tls.handshake.sig_hash_algs", "Signature Algorithms", "NONE")
	tlsSigAlg       = uint16Field("tls.handshake.sig_hash_alg", "Signature Algorithm", baseHex).named(tlsSignatureNames)
	tlsSigHash      = uint8Field("tls.handshake.sig_hash_hash", "Signature Hash Algorithm Hash", baseDec).named(tlsHashNames)
	tlsSigSigner    = uint8Field("tls.handshake.sig_hash_sig", "Signature Hash Algorithm Signature", baseDec).named(tlsSignerNames)
	tlsALPNLen      = uint16Field("tls.handshake.extensions_alpn_len", "ALPN Extension Length", baseDec)
	tlsALPNList     = field("tls.handshake.extensions_alpn_list", "ALPN Protocol", "NONE")
	tlsALPNStrLen   = uint8Field("tls.handshake.extensions_alpn_str_len", "ALPN string length", baseDec)
	tlsALPN         = field("tls.handshake.extensions_alpn_str", "ALPN Next Protocol", "STRING")
	tlsALPSLen      = uint16Field("tls.handshake.extensions_alps_len", "ALPS Extension Length", baseDec)
	tlsALPSList     = field("tls.handshake.extensions_alps_alpn_list", "Supported ALPN List", "NONE")
	tlsALPSStrLen   = uint8Field("tls.handshake.extensions_alps_alpn_str_len", "Supported ALPN Length", baseDec)
	tlsALPS         = field("tls.handshake.extensions_alps_alpn_str", "Supported ALPN", "STRING")
	tlsVersionsLen  = uint8Field("tls.handshake.extensions.supported_versions_len", "Supported Versions length", baseDec)
	tlsVersionOffer = uint16Field("tls.handshake.extensions.supported_version", "Supported Version", baseHex).named(tlsVersionNames)
	tlsSharesLen    = uint16Field("tls.handshake.extensions_key_share_client_length", "Client Key Share Length", baseDec)
	tlsShareGroup   = uint16Field("tls.handshake.extensions_key_share_group", "Group", baseDec).named(tlsGroupNames)
	tlsShareLen     = uint16Field("tls.handshake.extensions_key_share_key_exchange_length", "Key Exchange Length", baseDec)
	tlsShareKey     = field("tls.handshake.extensions_key_share_key_exchange", "Key Exchange", "BYTES")
	tlsShareChosen  = uint16Field("tls.handshake.extensions_key_share_selected_group", "Selected Group", baseDec).named(tlsGroupNames)
	tlsPSKModesLen  = uint8Field("tls.extension.psk_ke_modes_length", "PSK Key Exchange Modes Length", baseDec)
	tlsPSKMode      = uint8Field("tls.extension.psk_ke_mode", "PSK Key Exchange Mode", baseDec).named(tlsPSKModeNames)
	tlsRenegLen     = uint8Field("tls.handshake.extensions_reneg_info_len", "Renegotiation info extension length", baseDec)
	tlsStatusType   = uint8Field("tls.handshake.extensions_status_request_type", "Certificate Status Type", baseDec).named(Values{1: "OCSP", 2: "OCSP Multi"})
	tlsStatusIDs    = uint16Field("tls.handshake.extensions_status_request_responder_ids_len", "Responder ID list Length", baseDec)
	tlsStatusExts   = uint16Field("tls.handshake.extensions_status_request_exts_len", "Request Extensions Length", baseDec)
	tlsCompressLen  = uint8Field("tls.compress_certificate.algorithms_length", "Algorithms Length", baseDec)
	tlsCompress     = uint16Field("tls.compress_certificate.algorithm", "Algorithm", baseDec).named(Values{1: "zlib", 2: "brotli", 3: "zstd"})
	tlsSizeLimit    = uint16Field("tls.record_size_limit", "Record Size Limit", baseDec)
	tlsPadding      = field("tls.handshake.extensions_padding_data", "Padding Data", "BYTES")

	tlsExtensionFields = []*FieldDef{
		tlsExtType, tlsExtLen, tlsExtData, tlsSNIListLen, tlsSNIType, tlsSNILen, tlsSNI, tlsGroupsLen, tlsGroups, tlsGroup, tlsPointsLen,
		tlsPoints, tlsPoint, tlsSigAlgsLen, tlsSigAlgs, tlsSigAlg, tlsSigHash, tlsSigSigner, tlsALPNLen, tlsALPNList, tlsALPNStrLen,
		tlsALPN, tlsALPSLen, tlsALPSList, tlsALPSStrLen, tlsALPS, tlsVersionsLen, tlsVersionOffer, tlsSharesLen, tlsShareGroup,
		tlsShareLen, tlsShareKey, tlsShareChosen, tlsPSKModesLen, tlsPSKMode, tlsRenegLen, tlsStatusType, tlsStatusIDs, tlsStatusExts,
		tlsCompressLen, tlsCompress, tlsSizeLimit, tlsPadding,
	}
)

// The extensions that are taken apart (IANA tls-extensiontype-values).
const (
	tlsExtSNI         = 0
	tlsExtStatus      = 5
	tlsExtGroups      = 10
	tlsExtPoints      = 11
	tlsExtSignatures  = 13
	tlsExtALPN        = 16
	tlsExtSCT         = 18
	tlsExtPadding     = 21
	tlsExtThenMAC     = 22
	tlsExtMaster      = 23
	tlsExtCompress    = 27
	tlsExtSizeLimit   = 28
	tlsExtTicket      = 35
	tlsExtVersions    = 43
	tlsExtPSKModes    = 45
	tlsExtPostAuth    = 49
	tlsExtKeyShare    = 51
	tlsExtNextProto   = 13172
	tlsExtALPS        = 17513
	tlsExtRenegotiate = 65281
)

// tlsExtensions adds the extensions of a hello; short says that some were cut.
func (b *builder) tlsExtensions(n *node, c *cursor, client bool, ja3 *tlsFingerprint) (short bool) {
	for !c.empty() {
		at := c.pos
		f := addText(n, at, 0, "")
		typ := c.add(f, tlsExtType, 2)
		size := int(c.add(f, tlsExtLen, 2))
		value := c.sub(size)
		f.resize(c.pos - at)
		if f.labelled() {
			f.Label = fmt.Sprintf("Extension: %s (len=%d)", tlsExtensionNames.name(typ, fmt.Sprintf("Unknown type %d", typ)), size)
		}
		if c.short {
			return true
		}
		ja3.note(&ja3.extensions, typ)
		if !tlsExtension(f, typ, value, client, ja3) {
			b.partial = true
		}
	}
	return c.short
}

// tlsExtension adds an extension's value and reports whether it is as Wireshark
// has it.
func tlsExtension(f *node, typ uint64, c cursor, client bool, ja3 *tlsFingerprint) bool {
	switch typ {
	case tlsExtSNI:
		return tlsSNINodes(f, &c)
	case tlsExtGroups:
		size := int(c.add(f, tlsGroupsLen, 2))
		list := add(f, tlsGroups, c.pos, min(size, len(c.d)), "", "")
		relabel(list, "Supported Groups (%d group%s)", size/2, plural(size/2))
		for len(c.d) >= 2 {
			ja3.note(&ja3.groups, c.add(list, tlsGroup, 2))
		}
	case tlsExtPoints:
		size := int(c.add(f, tlsPointsLen, 1))
		list := add(f, tlsPoints, c.pos, min(size, len(c.d)), "", "")
		relabel(list, "Elliptic curves point formats (%d)", size)
		for !c.empty() {
			ja3.note(&ja3.points, c.add(list, tlsPoint, 1))
		}
	case tlsExtSignatures:
		tlsSignatureNodes(f, &c)
	case tlsExtALPN:
		tlsStringList(f, &c, tlsALPNLen, tlsALPNList, tlsALPNStrLen, tlsALPN)
	case tlsExtALPS:
		tlsStringList(f, &c, tlsALPSLen, tlsALPSList, tlsALPSStrLen, tlsALPS)
	case tlsExtVersions:
		if client {
			c.add(f, tlsVersionsLen, 1)
		}
		for len(c.d) >= 2 {
			c.add(f, tlsVersionOffer, 2)
		}
	case tlsExtKeyShare:
		tlsKeyShares(f, &c, client)
	case tlsExtPSKModes:
		for c.add(f, tlsPSKModesLen, 1); !c.empty(); {
			c.add(f, tlsPSKMode, 1)
		}
	case tlsExtRenegotiate:
		c.add(addText(f, c.pos, len(c.d), "Renegotiation Info extension"), tlsRenegLen, 1)
	case tlsExtStatus:
		if client {
			c.add(f, tlsStatusType, 1)
			c.add(f, tlsStatusIDs, 2)
			c.add(f, tlsStatusExts, 2)
		}
	case tlsExtCompress:
		for c.add(f, tlsCompressLen, 1); len(c.d) >= 2; {
			c.add(f, tlsCompress, 2)
		}
	case tlsExtSizeLimit:
		c.add(f, tlsSizeLimit, 2)
	case tlsExtPadding:
		addBytes(f, tlsPadding, c.pos, c.take(len(c.d)))
	case tlsExtTicket:
		size := len(c.d)
		data := addBytes(f, tlsExtData, c.pos, c.take(size))
		relabel(data, "Data (%d byte%s)", size, plural(size))
	case tlsExtSCT, tlsExtThenMAC, tlsExtMaster, tlsExtPostAuth, tlsExtNextProto:
	default:
		addBytes(f, tlsExtData, c.pos, c.take(len(c.d)))
		return isGrease(typ) || tlsExtensionNames[typ] == ""
	}
	return c.empty() && !c.short
}

// tlsSNINodes is server_name (RFC 6066 section 3).
func tlsSNINodes(f *node, c *cursor) bool {
	if c.empty() {
		return true
	}
	f = addText(f, c.pos, len(c.d), "Server Name Indication extension")
	for c.add(f, tlsSNIListLen, 2); len(c.d) >= 3; {
		c.add(f, tlsSNIType, 1)
		size := int(c.add(f, tlsSNILen, 2))
		at := c.pos
		addASCII(f, tlsSNI, at, c.take(size))
	}
	return c.empty() && !c.short
}

// tlsSignatureNodes is signature_algorithms, whose schemes are also shown as the
// pair of hash and signature that they were before TLS 1.3.
func tlsSignatureNodes(f *node, c *cursor) {
	size := int(c.add(f, tlsSigAlgsLen, 2))
	f = add(f, tlsSigAlgs, c.pos, min(size, len(c.d)), "", "")
	relabel(f, "Signature Hash Algorithms (%d algorithm%s)", size/2, plural(size/2))
	for len(c.d) >= 2 {
		at, pair := c.pos, c.sub(2)
		v := uint64(be16(pair.d))
		scheme := addUint(f, tlsSigAlg, at, v)
		if _, known := tlsSignatureNames[v]; !known && scheme.labelled() {
			scheme.Label = fmt.Sprintf("Signature Algorithm: %s %s (0x%04x)", tlsHashNames.name(v>>8, ""), tlsSignerNames.name(v&0xff, ""), v)
		}
		pair.add(scheme, tlsSigHash, 1)
		pair.add(scheme, tlsSigSigner, 1)
	}
}

// tlsStringList is a list of strings, each behind its length in one byte.
func tlsStringList(f *node, c *cursor, length, list, strLen, str *FieldDef) {
	size := int(c.add(f, length, 2))
	f = add(f, list, c.pos, min(size, len(c.d)), "", list.Label)
	for !c.empty() {
		n := int(c.add(f, strLen, 1))
		at := c.pos
		addASCII(f, str, at, c.take(n))
	}
}

// tlsKeyShares is key_share (RFC 8446 section 4.2.8): a client's list, a server's
// choice, or the group that it asks for.
func tlsKeyShares(f *node, c *cursor, client bool) {
	f = addText(f, c.pos, len(c.d), "Key Share extension")
	switch {
	case client:
		c.add(f, tlsSharesLen, 2)
	case len(c.d) == 2:
		c.add(f, tlsShareChosen, 2)
		return
	}
	for len(c.d) >= 4 {
		at := c.pos
		entry := addText(f, at, 0, "")
		group := c.add(entry, tlsShareGroup, 2)
		size := int(c.add(entry, tlsShareLen, 2))
		key := c.pos
		addBytes(entry, tlsShareKey, key, c.take(size))
		entry.resize(c.pos - at)
		if entry.labelled() {
			entry.Label = fmt.Sprintf("Key Share Entry: Group: %s, Key Exchange length: %d", tlsGroupName(group), size)
		}
	}
}
