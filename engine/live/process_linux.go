package live

import (
	"os"
	"syscall"
)

// attributes puts a child into its own process group, so that the terminal's Ctrl-C
// does not reach it, and has the kernel end it when pktsh dies. The kernel forgets
// that for programs with file capabilities (prctl(2)), as dumpcap often is; such a
// dumpcap ends by SIGPIPE when it next tells its count of packets, and until then
// writes nothing.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// killGroup kills a child and what it has started. After the child's end it does
// nothing: its number may be somebody else's by then.
func killGroup(p *os.Process) error {
	if err := p.Signal(syscall.Signal(0)); err != nil {
		return err
	}
	return syscall.Kill(-p.Pid, syscall.SIGKILL)
}
