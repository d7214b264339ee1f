//go:build !linux

package engine

// machineMemory is 0: nobody says how much memory a process has, so that no limit
// could be held.
func machineMemory() int64 { return 0 }
