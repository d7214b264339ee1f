// Package wireshark answers questions about packets with Wireshark's own
// dissectors: the deep tier.
//
//   - [Tools] are the Wireshark programs that are installed.
//   - [Config] is everything that can change an answer: name resolution,
//     preferences, decode-as rules, disabled protocols, keys.
//   - [Dissector] is one sharkd process that has loaded one capture file under
//     one Config. It gives summary rows, trees, filter results and columns.
//   - [RunFields] asks tshark itself for fields of frames, [RunRaw] hands a
//     whole question over to it: one process for one question.
//   - [LoadCatalogue] lists every field and protocol that the installed
//     Wireshark knows, [LoadRegistrations] its dissector tables.
//   - [Config.HeaderSafety] says which answers a configuration leaves as they
//     are by default.
//
// One process serves one (file, configuration) pair for its whole life: sharkd
// 4.0 keys its filter cache by text alone and does not clear it on load or
// setconf, so a second file in the same process would get the first one's
// answers.
//
// # Processes
//
// Every program is started in one way (child.go): in a process group of its own,
// killed by the kernel when pktsh dies and with its group when the question ends
// early, and always waited for. What is installed is told from files: tshark's
// own holds its version, and the registrations of verified versions are built in,
// so that a question that pktsh answers itself starts no process.
//
// # The profile
//
// A process is started with a private WIRESHARK_CONFIG_DIR that holds only what
// Config says; the user's own Wireshark profile is neither read nor written.
// sharkd reads it before it answers its first request, so it is removed again
// as soon as the first reply arrived; tshark's is removed when it has ended. The
// user's binary plugins and Lua files in ~/.local/lib/wireshark/plugins, and a
// system-wide profile, are read all the same: see [Registrations].Plugins. The rest
// of the environment, TZ included, is passed on unchanged.
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
