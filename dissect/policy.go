package dissect

// This file states the policy for input that is short, malformed or in pieces.
// It is Wireshark's, so that a packet reads the same in both tiers.
//
//   - A decoder parses its header once, out of the captured bytes only, into a
//     small struct (parseIP, parseTCP, …). Columns, nodes and values all come
//     from that struct and the field table; no decoder reads a byte twice in
//     two ways.
//   - A header that was cut by the snap length (it would have been long enough
//     on the wire) ends the dissection with the line "[Packet size limited
//     during capture: X truncated]", and Info ends in "[Packet size limited
//     during capture]".
//   - A header that does not fit what its own lengths say ends it with
//     "[Malformed Packet: X]" and "[Malformed Packet]". Headers whose version or
//     length cannot be (IPv4 header length below 20, UDP length below 8) say so
//     in Info in Wireshark's words instead.
//   - Layers that were read before stay: nothing is thrown away.
//   - A fragment is shown as a fragment and its payload as data. Nothing is
//     reassembled here yet; such a tree has Partial set.
//   - A payload that no native decoder takes is "Data", and Partial is set:
//     Wireshark may know more.
//   - A packet that an ICMP error quotes stands below the error's node, does not
//     touch the columns, and may be shorter than its lengths say without being
//     called malformed for it.
//   - Every loop over input ends by itself: names are capped at 255 bytes and as
//     many compression pointers, headers nest at most maxDepth deep, record
//     counts end with the bytes.
