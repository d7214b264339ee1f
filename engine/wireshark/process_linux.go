package wireshark

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// childAttributes puts a child into its own process group, so that the
// terminal's Ctrl-C does not reach it, and has the kernel kill it when pktsh
// dies, however it dies.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sameGroup leaves a child in pktsh's process group and has the kernel kill it
// when pktsh dies.
func sameGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// capturePosition returns where the process stands in the capture, in bytes
// (proc(5), /proc/pid/fdinfo): the furthest of its descriptors, and the sum of
// them, which changes when any moves. The first is -1 while the capture is not
// open, both are -1 when nothing can be told.
func capturePosition(pid int, capture os.FileInfo) (furthest, sum int64) {
	if capture == nil {
		return -1, -1
	}
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return -1, -1
	}
	furthest, sum = -1, 0
	for _, e := range entries {
		// Stat follows the link to the file itself, unlinked or not.
		if info, err := os.Stat(dir + "/" + e.Name()); err != nil || !os.SameFile(info, capture) {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, e.Name()))
		if err != nil {
			continue
		}
		text, _, _ = bytes.Cut(bytes.TrimSpace(bytes.TrimPrefix(text, []byte("pos:"))), []byte("\n"))
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			furthest, sum = max(furthest, n), sum+n
		}
	}
	return furthest, sum
}

// residentSize returns how many bytes of memory a process has resident (proc(5),
// /proc/pid/statm), 0 when that cannot be told.
func residentSize(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	parts := bytes.Fields(text)
	if len(parts) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(parts[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// killGroup kills a child and what it has started in its process group. After the
// child's end it does nothing: its number may be somebody else's by then.
func killGroup(p *os.Process) error {
	if err := p.Signal(syscall.Signal(0)); err != nil {
		return err // os.ErrProcessDone
	}
	return syscall.Kill(-p.Pid, syscall.SIGKILL)
}
