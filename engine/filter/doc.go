// Package filter is Wireshark's display-filter language, as version 4.0 speaks
// it: "tcp.port == 443 && !ip.addr == 10.0.0.0/8".
//
// An expression goes through four stages, each of which can be called, and can
// show what it made, on its own:
//
//   - [Tokens] cuts it into words, operators and literals. It never fails: what
//     it cannot read is a token of kind [TokenError] in its place.
//   - [Parse] makes an [Expr], the syntax tree, without knowing any field.
//   - [Check] looks every name up in a catalogue of fields and gives every
//     operand a type; literals take the type of what they are compared with.
//   - [Compile] turns a checked expression into closures: a [Program], whose
//     Match asks a [Packet] for values and answers yes or no.
//
// The rules are those of wireshark-filter(4) and, where the page is silent, what
// tshark 4.0.17 does: the case table in testdata was recorded from it. What
// cannot be decided with a catalogue alone (the names of values, references to
// the selected frame, Perl's regular expressions beyond RE2) is an [Error] with
// NeedsWireshark set, so that a caller can ask Wireshark instead.
//
// "xor" and "^^" are accepted although they came with Wireshark 4.2.
package filter
