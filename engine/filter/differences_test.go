package filter_test

// difference is an answer of ours that is not Wireshark 4.0.17's, on purpose.
type difference struct{ want, reason string }

const (
	needsWireshark = "needs Wireshark"

	names     = "only Wireshark's tables know whether a value has this name; the error says so and the deep tier decides"
	patterns  = "RE2 has no such construct; the error says so and the deep tier decides"
	reference = "there is no selected packet without Wireshark's window; the deep tier decides"
)

// differences returns the accepted differences by expression.
func differences() map[string]difference {
	const xor = "3 4 5 6 7 8 9 10 11 14 16 17 19 20 21 22 23 26 27 28 29"
	return map[string]difference{
		"tcp ^^ udp":  {xor, "Wireshark 4.2 brought the exclusive or; it is accepted before"},
		"tcp xor udp": {xor, "Wireshark 4.2 brought the exclusive or; it is accepted before"},

		`tcp.port == '\n'`: {"", "4.0.17 refuses this character as too long, against wireshark-filter(4), which has it as an example"},

		`frame.time > "19-04-03 03:00:00"`: {needsWireshark, "4.0.17 reads the year 19, which no capture is from, and then matches nothing"},

		`tcp.flags.syn == true`:            {needsWireshark, names},
		`tcp.flags.syn == "True"`:          {needsWireshark, names},
		`tcp.flags.syn == "Set"`:           {needsWireshark, names},
		`tcp.flags.syn == Set`:             {needsWireshark, names},
		`tcp.flags.syn == "1"`:             {needsWireshark, names},
		`tcp.port == "80"`:                 {needsWireshark, names},
		`tcp.port in {"a"}`:                {needsWireshark, names},
		`tcp.port == True`:                 {needsWireshark, names},
		`tcp.port == tru`:                  {needsWireshark, names},
		`ip.ttl == "64"`:                   {needsWireshark, names},
		`ip.proto == "TCP"`:                {needsWireshark, names},
		`ip.proto == TCP`:                  {needsWireshark, names},
		`dns.qry.type == "A"`:              {needsWireshark, names},
		`dns.qry.type == A`:                {needsWireshark, names},
		`ip.checksum.status == "Good"`:     {needsWireshark, names},
		`ip.checksum.status == Unverified`: {needsWireshark, names},
		`_ws.expert.severity == "Warning"`: {needsWireshark, names},
		`arp.opcode == request`:            {needsWireshark, names},
		`arp.opcode == "request"`:          {needsWireshark, names},
		`dns.qry.name matches "(?<=a)b"`:   {needsWireshark, patterns},
		`udp.payload matches "end\\Z"`:     {needsWireshark, patterns},
		`udp.payload matches "a++f"`:       {needsWireshark, patterns},
		`udp.payload matches "(a)f\\1"`:    {needsWireshark, patterns},
		`udp.payload matches "c(?=a)"`:     {needsWireshark, patterns},
		`ip.src == ${ip.src}`:              {needsWireshark, reference},
	}
}
