package stream

// Version records what version of its protocol a conversation agreed on, 0 if
// the frame does not say, and returns the one that is known.
func (r *Recorder) Version(frame uint32, v uint16) uint16 {
	t := r.table
	if _, _, ok := t.lookup(frame); !ok {
		return 0
	}
	if id := t.conv[frame-1] &^ noted; v != 0 && t.versions[id] == 0 {
		t.versions[id] = v
	}
	return t.Version(frame, v)
}

// Version returns the version that the conversation of a recorded frame agreed
// on, anywhere in the capture; 0 for none.
func (t *Table) Version(frame uint32, _ uint16) uint16 {
	if _, _, ok := t.lookup(frame); !ok {
		return 0
	}
	return t.versions[t.conv[frame-1]&^noted]
}
