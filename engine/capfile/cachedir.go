package capfile

// This file is the directory of cache files: who may read and write there, and
// what goes when it is full.

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// cacheLimit is how large the directory may become: when there is more, what
	// was not used for longest goes.
	cacheLimit = 1 << 30
	// cacheDirName is its name below Options.CacheDir.
	cacheDirName = "index"
	cacheSuffix  = ".idx"
	// unfinishedSuffix marks a file that is being written; one left by a program
	// that died goes after unfinishedAge.
	unfinishedSuffix = ".tmp"
	unfinishedAge    = time.Hour
)

// openCacheDir opens the directory below dir if it is one that nobody else can
// write to: it could hold files that are not ours.
func openCacheDir(dir string) (*os.Root, error) {
	path := filepath.Join(dir, cacheDirName)
	stat, err := os.Lstat(path) // not what a symbolic link leads to
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	opened, err := root.Stat(".")
	if err == nil && (!os.SameFile(stat, opened) || !private(opened)) {
		err = fmt.Errorf("%s is not a directory of this user's alone", path)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// private reports whether only this user can write to a file.
func private(stat fs.FileInfo) bool {
	sys, ok := stat.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Geteuid() && stat.Mode().Perm()&0o022 == 0
}

// mapInCache maps a cache file and notes that it was used; nil when there is none
// to be trusted. Mapped, a large index is there at once, and what is not looked
// at takes no memory. Such a file never shrinks by our doing: a new one replaces
// it, and one that was removed stays until it is unmapped.
func mapInCache(dir, name string) []byte {
	root, err := openCacheDir(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	// O_NONBLOCK, or a FIFO of that name would wait for a writer.
	file, err := root.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil || !stat.Mode().IsRegular() || !private(stat) || stat.Size() == 0 || stat.Size() > cacheLimit {
		return nil
	}
	data, err := unix.Mmap(int(file.Fd()), 0, int(stat.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	now := time.Now()
	_ = root.Chtimes(name, now, now) // at worst it goes early
	return data
}

// writeInCache makes a file in the directory, which it makes too, and then room.
// The file appears when it is complete.
func writeInCache(dir, name string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Join(dir, cacheDirName), 0o700); err != nil {
		return err
	}
	root, err := openCacheDir(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	temporary := fmt.Sprintf("%s.%08x%s", name, rand.Uint32(), unfinishedSuffix)
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = write(file)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return evict(root, name, cacheLimit)
}

// evict removes what was used longest ago until at most limit bytes are left,
// but not the file named keep. It leaves alone what is not a cache file.
func evict(root *os.Root, keep string, limit int64) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	var total int64
	var errs []error
	for _, e := range entries {
		stat, err := e.Info()
		switch {
		case err != nil: // somebody else removed it
		case !stat.Mode().IsRegular():
		case strings.HasSuffix(e.Name(), unfinishedSuffix):
			if time.Since(stat.ModTime()) > unfinishedAge {
				errs = append(errs, root.Remove(e.Name()))
			}
		case strings.HasSuffix(e.Name(), cacheSuffix):
			files, total = append(files, stat), total+stat.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano())
	})
	for _, stat := range files {
		if total <= limit {
			break
		}
		if stat.Name() == keep {
			continue
		}
		errs = append(errs, root.Remove(stat.Name()))
		total -= stat.Size()
	}
	return errors.Join(errs...)
}
