// Package wireshark answers questions about packets with Wireshark's own
// dissectors: the deep tier.
//
//   - [Tools] are the Wireshark programs that are installed.
//   - [Config] is everything that can change an answer: name resolution,
//     preferences, decode-as rules, disabled protocols, keys.
//   - [Dissector] is one sharkd process that has loaded one capture file under
//     one Config. It gives summary rows, trees, filter results and columns.
//   - [LoadCatalogue] lists every field and protocol that the installed
//     Wireshark knows.
//
// One process serves one (file, configuration) pair for its whole life: sharkd
// 4.0 keys its filter cache by text alone and does not clear it on load or
// setconf, so a second file in the same process would get the first one's
// answers.
//
// # The profile
//
// A process is started with a private WIRESHARK_CONFIG_DIR that holds only what
// Config says; the user's own Wireshark profile is neither read nor written.
// sharkd reads it before it answers its first request, so it is removed again
// as soon as the first reply arrived. The rest of the environment, TZ included,
// is passed on unchanged.
//
// # Faults
//
// sharkd may crash, hang or lose its capture; the Dissector lives on. A
// question during which the process died or stalled is asked once more in a
// fresh process. When that dies too, the question is answered with a
// [CrashError], now and when it is asked again, and the process is started
// anew for the next question. A stall is a span of time in which the process
// neither sent a byte nor moved its read position in the capture (see
// [Deadlines]).
package wireshark
