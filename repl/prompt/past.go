package prompt

// ReadHistory returns the entries of a history file, oldest first, blocks with
// their line ends. What cannot be read is left out.
func ReadHistory(path string) []string {
	h, _ := loadHistory(path) // usable whatever the error is
	out := make([]string, len(h.entries))
	for i, e := range h.entries {
		out[i] = manyLines(e)
	}
	return out
}
