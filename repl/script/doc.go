// Package script is pktsh's language: a Starlark interpreter whose values are
// captures, packets, layers and fields under PyShark's names.
//
// Nothing else in the project imports go.starlark.net.
//
// The parts:
//
//   - [Interp] runs complete chunks of source and keeps the globals; a
//     [Splitter] cuts lines into such chunks, for a prompt and for a pipe.
//   - Capture, Packet, Layer, Prefix and Field are the values. They are handles:
//     nothing is dissected before an attribute that needs it is asked for.
//   - rewrite.go and ops.go make a Field behave as text where Starlark has no
//     hook for it (comparisons, `in`, dictionary keys, arguments of methods).
//   - [Interp.Resolve] answers what a receiver such as `cap[3].dns` holds
//     without running the user's code, for completion.
//
// The wording of errors follows the project's rule: what was got, what was
// wanted, and a name that may have been meant.
package script
