package repl

// This file decides how much of a list is a page: a page that is longer than the
// screen would end in the pager.

const (
	// leastPage is how many rows a page has on the smallest screen.
	leastPage = 3
	// roomForAll is the width at which Wireshark's own columns all find room.
	roomForAll = 100
)

// The longest lines that ls has below its rows: that they are previews, which columns
// there was no room for, and what part of the packets they are.
const (
	previewLine = len("~ preview by pktsh; Wireshark's rows come when the capture is stopped")
	missingLine = len("no room for: Time, Protocol, Length, Source")
	partLine    = len("1,000,001-1,000,020 of 9,000,000 packets that pass the filter; ls goes on")
)

// pageRows is how many rows of a list fit on a screen, together with its titles, the
// lines below them and the next prompt.
func pageRows(width, height int) int {
	lines := func(n int) int { return (n + width - 1) / max(width, 1) }
	around := 2 + lines(previewLine) + lines(partLine)
	if width < roomForAll {
		around += lines(missingLine)
	}
	return max(height-around, leastPage)
}
