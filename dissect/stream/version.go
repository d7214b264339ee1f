package stream

// version is what is known of the version of its protocol that a conversation uses.
type version struct {
	number uint16
	chosen bool // by the server; else it is only what messages have been seen to use
}

// Version records what version of its protocol a conversation uses, 0 if the frame does
// not say, and returns the one that is known. One that a server chose counts before
// others, and then the first.
func (r *Recorder) Version(frame uint32, v uint16, chosen bool) uint16 {
	t := r.table
	if _, _, ok := t.lookup(frame); !ok {
		return 0
	}
	if v != 0 {
		id := t.conv[frame-1] &^ noted
		if known := t.versions[id]; known.number == 0 || chosen && !known.chosen {
			t.versions[id] = version{v, chosen}
		}
	}
	return t.Version(frame, v, chosen)
}

// Version returns the version that the conversation of a recorded frame uses; 0 for
// none that is known.
func (t *Table) Version(frame uint32, _ uint16, _ bool) uint16 {
	if _, _, ok := t.lookup(frame); !ok {
		return 0
	}
	return t.versions[t.conv[frame-1]&^noted].number
}
