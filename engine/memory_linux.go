package engine

import "golang.org/x/sys/unix"

// machineMemory is how many bytes of memory the machine has, 0 when it does not say
// (sysinfo(2)).
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit))
}
