//go:build !linux

package live

import (
	"os"
	"syscall"
)

// attributes puts a child into its own process group. Parent-death signals are
// Linux's: elsewhere dumpcap ends when it cannot tell its count of packets any more.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a child.
func killGroup(p *os.Process) error { return p.Kill() }
