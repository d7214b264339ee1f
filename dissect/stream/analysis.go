package stream

// Analysis is what a segment's sequence numbers show about it.
type Analysis struct {
	Flags AnalysisFlags
}

// AnalysisFlags is a set of Wireshark's tcp.analysis.* notes.
type AnalysisFlags uint16

// The notes, each with the text Wireshark puts in Info.
const (
	PortsReused AnalysisFlags = 1 << iota // [TCP Port numbers reused]
)

// Text is what Wireshark puts before the ports in Info, with a space after it.
func (a Analysis) Text() string {
	if a.Flags&PortsReused != 0 {
		return "[TCP Port numbers reused] "
	}
	return ""
}
