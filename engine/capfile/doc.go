// Package capfile maps capture files into memory, indexes their packets and
// writes them back.
//
// It is the native tier's view of a file and has to agree with Wireshark's
// (wiretap's) about what the packets are: how many, where each begins and ends,
// when it was captured and on which interface. Where Wireshark shows an odd
// packet, so does capfile; where Wireshark stops reading, capfile stops at the
// same packet and says why in a [Warning].
//
//   - [File] is an open capture: [Open], [OpenReader] and [Merge] make one.
//   - [Record] locates one packet of it, [Interface] says what it was captured on.
//   - [Options].Indexed hears of packets while the rest is still being read, and is
//     given them in a [Window]: bytes that were just read into memory, which is faster
//     than to fault the mapping in.
//   - [File.SaveIndex] keeps the index on disk, so that the next Open is instant,
//     and with it what others know of the capture ([File.CacheSection]).
//   - [File.Release] takes the pages of a large capture out of memory.
//   - [Save] writes chosen packets of a File to another file.
//   - [Growing] is a capture of packets that a program has in memory.
//   - [BlockWriter] appends pcapng blocks to any writer; Save, Merge and the
//     live tier's spool use it.
//
// Formats read: pcap with its variants (draft-ietf-opsawg-pcap, and those that
// only wiretap documents) and pcapng (draft-ietf-opsawg-pcapng), each plain or
// in gzip, Zstandard or LZ4. Anything else that Wireshark can read goes through
// its editcap. The index holds 10 to 24 bytes a packet; the packets stay in the file.
package capfile
