// Package plan decides which tier answers a question. It is pure: it looks at
// what the engine knows and does no I/O, so every decision can be tested.
package plan

// Mode is who may answer, as --engine sets it.
type Mode uint8

// The modes of --engine.
const (
	// Auto prefers Wireshark's answer and uses native where Wireshark is absent.
	Auto Mode = iota
	// Native never asks Wireshark.
	Native
	// Wireshark never answers natively, not even as a preview.
	Wireshark
)

// String returns the mode as --engine takes it.
func (m Mode) String() string { return [...]string{"auto", "native", "wireshark"}[m] }

// Tier is one of the two ways to an answer.
type Tier uint8

// Deep is Wireshark's dissectors, Own is pktsh's.
const (
	Deep Tier = iota
	Own
)

// DeepState says how far the deep tier of a capture is.
type DeepState uint8

// The states of a capture's deep tier.
const (
	Absent  DeepState = iota // not installed, or not allowed
	Loading                  // started, or to be started; it will answer
	Ready
	Failed // it died or cannot read the file
)

// Question is what is asked, as far as the choice depends on it.
type Question struct {
	// PreviewAllowed says that the asker marks answers that are not surely
	// Wireshark's, and would rather have those now than the sure ones later.
	PreviewAllowed bool
}

// Choice is the plan's answer.
type Choice struct {
	Tier Tier
	// Preview says that the answer must be marked as not surely Wireshark's.
	Preview bool
}

// Choose says who answers q.
func Choose(m Mode, deep DeepState, q Question) Choice {
	switch {
	case m == Native, deep == Absent:
		return Choice{Own, false}
	case deep == Ready:
		return Choice{Deep, false}
	case deep == Loading && q.PreviewAllowed && m == Auto:
		return Choice{Own, true}
	case deep == Failed && m == Auto:
		return Choice{Own, true}
	}
	return Choice{Deep, false}
}
