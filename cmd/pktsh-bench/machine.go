package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine says on what was measured, and against which versions.
func (b *bench) machine() []string {
	kernel := "unknown"
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	return []string{
		fmt.Sprintf("%s, %s, %d cores, %s, %s", time.Now().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), kernel, runtime.GOARCH),
		strings.Join([]string{"Go " + strings.TrimPrefix(runtime.Version(), "go"), tsharkVersion(), firstLine("tcpdump", "--version"), firstLine(b.program, "--version")}, "; "),
		fmt.Sprintf("Medians of at most %d whole processes (of those that took more than %v in all, up to %d within %v), in turn, files in the page cache.", b.runs, b.budget, fewRuns, b.fewBudget),
	}
}

// describe says how many packets a capture has and how large it is, as capinfos
// counts them.
func describe(path string) string {
	size := "unknown size"
	if info, err := os.Stat(path); err == nil {
		size = megabytes(info.Size()) + " MB"
	}
	out, err := exec.Command("capinfos", "-T", "-r", "-M", "-c", path).Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) == 0 {
		return size
	}
	n, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		return size
	}
	return thousands(n) + " packets, " + size
}

// tsharkVersion is tshark's name and version without the rest of its line.
func tsharkVersion() string {
	fields := strings.Fields(strings.TrimPrefix(firstLine("tshark", "--version"), "TShark (Wireshark) "))
	return "tshark " + strings.TrimSuffix(strings.Join(fields[:min(1, len(fields))], ""), ".")
}

func firstLine(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return program + ": not here"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// cpuModel is the processor's name in proc_cpuinfo(5).
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
