//go:build !linux

package wireshark

import (
	"os"
	"syscall"
)

// childAttributes is the default: parent-death signals are Linux's.
func childAttributes() *syscall.SysProcAttr { return nil }

// sameGroup is the default.
func sameGroup() *syscall.SysProcAttr { return nil }

// capturePosition cannot be told without /proc.
func capturePosition(int, os.FileInfo) (furthest, sum int64) { return -1, -1 }

// residentSize cannot be told without /proc.
func residentSize(int) int64 { return 0 }

// killGroup kills a child.
func killGroup(p *os.Process) error { return p.Kill() }
