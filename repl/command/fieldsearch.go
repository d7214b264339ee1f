package command

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"pktsh/dissect"
)

// fieldSearch looks for fields whose names and descriptions have some words.
type fieldSearch struct {
	words []searchWord
	// held says that the capture is known to have a field; nil where nothing is known.
	held func(name string) bool
}

// searchWord is one word, and what Wireshark calls it.
type searchWord struct{ spellings []string }

// fieldSynonyms is what people call things that Wireshark calls otherwise, as the
// beginning of words.
func fieldSynonyms() map[string][]string {
	return map[string][]string{
		"bandwidth":  {"throughput", "bytes in flight"},
		"cert":       {"certificate"},
		"cookies":    {"cookie"},
		"domain":     {"qry name", "server name", "host"},
		"hostname":   {"host", "server name", "qry name"},
		"latency":    {"rtt", "time since request", "response time"},
		"mac":        {"hardware address", "eth src", "eth dst", "eth addr"},
		"nxdomain":   {"rcode", "reply code"},
		"password":   {"passwd", "pass"},
		"ping":       {"icmp"},
		"reset":      {"rst"},
		"rst":        {"reset"},
		"rtt":        {"round trip", "ack rtt"},
		"sni":        {"server name"},
		"ssl":        {"tls"},
		"ttl":        {"time to live", "hop limit"},
		"url":        {"uri"},
		"user-agent": {"user agent"},
		"useragent":  {"user agent"},
		"wifi":       {"wlan"},
	}
}

func newFieldSearch(words []string, held func(string) bool) *fieldSearch {
	s := &fieldSearch{held: held}
	synonyms := fieldSynonyms()
	for _, w := range words {
		w = strings.ToLower(w)
		s.words = append(s.words, searchWord{append([]string{spaced(w)}, synonyms[w]...)})
	}
	return s
}

// spaced writes a name as words: "http.request_method" as "http request method".
func spaced(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '.' || r == '_' || r == '-' || r == '/':
			return ' '
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, name))
}

// run returns the fields that have every word, the best first.
func (s *fieldSearch) run(c *dissect.Catalogue) []dissect.FieldInfo {
	type scored struct {
		dissect.FieldInfo
		score int
	}
	var found []scored
	for _, f := range c.All() {
		score, ok := s.score(f)
		if !ok {
			continue
		}
		if s.held != nil && s.held(f.Name) {
			score -= heldBonus
		} else if s.held != nil && s.held(f.Protocol) {
			score -= heldBonus / 2
		}
		found = append(found, scored{f, score})
	}
	slices.SortFunc(found, func(a, b scored) int {
		return cmp.Or(a.score-b.score, len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name))
	})
	out := make([]dissect.FieldInfo, len(found))
	for i, f := range found {
		out[i] = f.FieldInfo
	}
	return out
}

// heldBonus puts what the capture has before what it has not; a field that it has not
// of a protocol that it has gets half of it.
const heldBonus = 100

// score says how well a field matches, less being better, and whether every word
// is there.
func (s *fieldSearch) score(f dissect.FieldInfo) (total int, ok bool) {
	name, label, description := spaced(f.Name), "", ""
	for _, w := range s.words {
		best := -1
		consider := func(score int) {
			if best < 0 || score < best {
				best = score
			}
		}
		for _, spelling := range w.spellings {
			if spelling == f.Protocol {
				consider(0)
				continue
			}
			if at := matchAt(name, spelling); at >= 0 {
				consider(1 + at)
			}
			if label == "" {
				label = spaced(f.Label)
			}
			if label == spelling { // that is what it is called
				consider(0)
			}
			if at := matchAt(label, spelling); at >= 0 {
				consider(2 + at)
			}
			if best >= 0 || f.Description == "" {
				continue
			}
			if description == "" {
				description = spaced(f.Description)
			}
			if at := matchAt(description, spelling); at >= 0 {
				consider(6 + at)
			}
		}
		if best < 0 {
			return 0, false
		}
		total += best
	}
	return total, true
}

// matchAt says how well a word stands in a text: 0 as a whole word, 2 as the
// beginning of one, 4 inside one, -1 not at all.
func matchAt(text, word string) int {
	best := -1
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 || word == "" {
			return best
		}
		i += from
		end := i + len(word)
		at := 4
		if i == 0 || !isWordByte(text[i-1]) {
			at = 2
			if end == len(text) || !isWordByte(text[end]) {
				return 0
			}
		}
		if best < 0 || at < best {
			best = at
		}
		from = i + 1
	}
}

func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

// protocolNames are the filter names of a catalogue's protocols.
func protocolNames(c *dissect.Catalogue) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range c.All() {
			if f.Type == dissect.TypeProtocol && !yield(f.Name) {
				return
			}
		}
	}
}

// namePartsOf are the different words in the names of a catalogue.
func namePartsOf(c *dissect.Catalogue) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, f := range c.All() {
			for part := range strings.FieldsSeq(spaced(f.Name)) {
				if !seen[part] {
					if seen[part] = true; !yield(part) {
						return
					}
				}
			}
		}
	}
}
