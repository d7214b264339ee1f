package prompt

import "golang.org/x/sys/unix"

// The requests of ioctl_tty(2).
const (
	ioctlGetTermios = unix.TCGETS
	ioctlSetTermios = unix.TCSETS
)
