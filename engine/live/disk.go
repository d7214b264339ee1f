package live

// This file watches the disk that a spool is on: dumpcap writes to what it takes for
// a pipe, and does not notice when that is full.

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// diskInterval is how often the disk is looked at.
const diskInterval = 100 * time.Millisecond

// WatchDisk waits until a source has ended. It ends it itself when there is no room
// for its packets any more, and returns that.
func WatchDisk(source Source, spool *Spool) error {
	ticker := time.NewTicker(diskInterval)
	defer ticker.Stop()
	for {
		select {
		case <-source.Done():
			return nil
		case <-ticker.C:
		}
		if !full(spool) {
			continue
		}
		err := diskFull(spool.file)
		_ = source.Stop() // that it is full is the reason
		return err
	}
}

func diskFull(file *os.File) error {
	var size int64
	if info, err := file.Stat(); err == nil {
		size = info.Size()
	}
	return fmt.Errorf("disk full: no room in %s after %d bytes; the capture has stopped, what came before is kept", filepath.Dir(file.Name()), size)
}

// full says that nothing can be written to the spool's file system. What is kept free
// for root is there for root only.
func full(spool *Spool) bool {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(spool.file.Fd()), &s); err != nil || s.Blocks == 0 {
		return false
	}
	if os.Geteuid() == 0 {
		return s.Bfree == 0
	}
	return s.Bavail == 0
}
