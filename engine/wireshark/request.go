package wireshark

import (
	"fmt"
	"strconv"
)

// maxRequest is the longest request line that sharkd 4.0 takes, its line feed
// included: a longer one is cut in two and puts requests and replies out of step
// (sharkd_daemon.c reads lines into a buffer of 2 KiB).
const maxRequest = 2046

// request builds the parameters of one request. Parameters of value 0 or ""
// are to be left out by the caller: sharkd takes `skip:0` for an error.
type request struct {
	method string
	params []byte
}

func newRequest(method string) *request { return &request{method: method} }

func (r *request) key(name string) {
	if len(r.params) > 0 {
		r.params = append(r.params, ',')
	}
	r.params = appendString(r.params, name)
	r.params = append(r.params, ':')
}

func (r *request) str(name, value string) *request {
	r.key(name)
	r.params = appendString(r.params, value)
	return r
}

func (r *request) num(name string, value uint64) *request {
	r.key(name)
	r.params = strconv.AppendUint(r.params, value, 10)
	return r
}

// flag sets a boolean. sharkd takes a flag that is present for true whatever it
// says, so there is no way to send false.
func (r *request) flag(name string) *request {
	r.key(name)
	r.params = append(r.params, "true"...)
	return r
}

// line returns the request as one line. `method` stands before `params`, as
// sharkd 4.0 requires.
func (r *request) line(id uint32) ([]byte, error) {
	b := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":`, id)
	b = appendString(b, r.method)
	if len(r.params) > 0 {
		b = append(b, `,"params":{`...)
		b = append(b, r.params...)
		b = append(b, '}')
	}
	b = append(b, '}', '\n')
	if len(b) > maxRequest {
		return nil, errTooLong
	}
	return b, nil
}

// fits says whether the request can be sent under any id.
func (r *request) fits() bool {
	_, err := r.line(1<<32 - 1)
	return err == nil
}

var errTooLong = fmt.Errorf("the question is longer than sharkd takes (%d bytes)", maxRequest)

// reply is a parsed envelope: either a result, still unparsed, or an error.
type reply struct {
	id     uint32
	result []byte
	fields []byte // what fields.lua wrote before it; nil for nothing
	code   int
	msg    string
}

// parseReply reads the envelope of a reply line.
func parseReply(line []byte) (reply, error) {
	var r reply
	s := scanner{buf: line}
	s.object(func(key string) {
		switch key {
		case "id":
			r.id = uint32(s.number())
		case "result":
			s.peek()
			start := s.pos
			s.skip()
			if s.err == nil {
				r.result = line[start:s.pos]
			}
		case "error":
			r.code = -1
			s.object(func(key string) {
				switch key {
				case "code":
					r.code = s.number()
				case "message":
					r.msg = s.text()
				default:
					s.skip()
				}
			})
		default:
			s.skip()
		}
	})
	return r, s.err
}
