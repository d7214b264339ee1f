package prompt

import (
	"testing"
)

func TestRunsALine(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("ls 1-5\r")
	x.see(`ran "ls 1-5"`)
	x.seeLast("pkt>")
	x.send("\r\r")
	x.seeLast("pkt>\npkt>\npkt>")
	x.send("quit\r")
	x.exit(7)
}
