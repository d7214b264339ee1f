package completion

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

// typeValues has a value of each type.
var typeValues = map[dissect.Type]string{
	"CHAR": "'a'", "UINT8": "1", "UINT16": "1", "UINT24": "1", "UINT32": "1", "UINT40": "1", "UINT48": "1", "UINT56": "1", "UINT64": "1",
	"INT8": "1", "INT16": "1", "INT24": "1", "INT32": "1", "INT40": "1", "INT48": "1", "INT56": "1", "INT64": "1",
	"FLOAT": "1.5", "DOUBLE": "1.5", "IEEE_11073_FLOAT": "1.5", "IEEE_11073_SFLOAT": "1.5",
	"BOOLEAN": "True", "FRAMENUM": "1", "IPXNET": "1", "EUI64": "1",
	"STRING": `"a"`, "STRINGZ": `"a"`, "UINT_STRING": `"a"`, "STRINGZPAD": `"a"`, "STRINGZTRUNC": `"a"`,
	"BYTES": "61:62", "UINT_BYTES": "61:62", "SYSTEM_ID": "61:62", "FCWWN": "00:11:22:33:44:55:66:77",
	"ETHER": "00:11:22:33:44:55", "AX25": "00:11:22:33:44:55:66", "VINES": "00:11:22:33:44:55",
	"IPv4": "10.0.0.1", "IPv6": "::1", "OID": "1.3.6", "REL_OID": "3.6", "GUID": "00000000-0000-0000-0000-000000000000",
	"ABSOLUTE_TIME": `"2020-01-01 00:00:00"`, "RELATIVE_TIME": "1.5", "NONE": "1", dissect.TypeProtocol: "61:62",
}

// fieldOf returns a field of a type; Wireshark has one of nearly every under
// _ws.ftypes, and a protocol stands for itself.
func fieldOf(t dissect.Type) string {
	switch t {
	case dissect.TypeProtocol:
		return "tcp"
	case "FCWWN":
		return "fc.nethdr.da"
	case "ABSOLUTE_TIME":
		return "_ws.ftypes.abs_time"
	case "RELATIVE_TIME":
		return "_ws.ftypes.rel_time"
	}
	return "_ws.ftypes." + strings.ToLower(string(t))
}

// TestOperatorsAgainstWireshark holds what is offered after a field of each
// type to what sharkd's "check" accepts: no more, and no less.
func TestOperatorsAgainstWireshark(t *testing.T) {
	if testing.Short() {
		t.Skip("starts sharkd")
	}
	sharkd, err := exec.LookPath("sharkd")
	if err != nil {
		t.Skip("sharkd is not installed: ", err)
	}
	type question struct {
		field, operator string
		offered         bool
	}
	var questions []question
	var input strings.Builder
	ask := func(q question, filter string) {
		questions = append(questions, q)
		fmt.Fprintf(&input, `{"jsonrpc":"2.0","id":%d,"method":"check","params":{"filter":%s}}`+"\n", len(questions), mustJSON(filter))
	}
	for _, typ := range slices.Sorted(maps.Keys(typeValues)) {
		field, value := fieldOf(typ), typeValues[typ]
		cat := dissect.NewCatalogue([]dissect.FieldInfo{{Name: field, Type: typ}})
		var offered []string
		for _, word := range []string{"", "e"} {
			for _, s := range operatorsAfter(cat, field, word) {
				offered = append(offered, s.Text)
			}
		}
		ask(question{field: field, operator: "exists"}, field)
		for _, operator := range []string{"==", "!=", ">", "<", ">=", "<=", "contains", "matches", "in", "not in", "eq", "ne", "gt", "lt", "ge", "le", "all_eq", "any_ne", "&&", "||", "and", "or"} {
			right := value
			switch operator {
			case "in", "not in":
				right = "{" + value + "}"
			case "contains":
				right = `61:62`
			case "matches":
				right = `"a"`
			case "&&", "||", "and", "or":
				right = "tcp"
			}
			ask(question{field, operator, slices.Contains(offered, operator)}, field+" "+operator+" "+right)
		}
	}
	cmd := exec.Command(sharkd, "-")
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.Output()
	if err != nil {
		t.Skip("sharkd does not run: ", err)
	}
	missing := map[string]bool{}
	answered := 0
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		var reply struct {
			ID     int `json:"id"`
			Result *struct {
				Status string `json:"status"`
			} `json:"result"`
		}
		if json.Unmarshal(lines.Bytes(), &reply) != nil || reply.ID < 1 || reply.ID > len(questions) {
			continue
		}
		answered++
		q, accepted := questions[reply.ID-1], reply.Result != nil && reply.Result.Status == "OK"
		switch {
		case q.operator == "exists":
			if missing[q.field] = !accepted; !accepted {
				t.Logf("this Wireshark has no field %s", q.field)
			}
		case missing[q.field] || q.offered == accepted:
		case q.field == fieldOf("BOOLEAN") && strings.ContainsAny(q.operator, "<>glt"):
			// Wireshark orders True after False, but nobody asks for it.
		default:
			t.Errorf("%s %s: offered is %v, but Wireshark's acceptance %v", q.field, q.operator, q.offered, accepted)
		}
	}
	if answered != len(questions) {
		t.Errorf("sharkd answered %d of %d questions", answered, len(questions))
	}
}

func mustJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return string(b)
}
