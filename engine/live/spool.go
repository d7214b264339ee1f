package live

// This file keeps the files that captures are written to, so that what was captured
// outlives the session that captured it.

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pktsh/engine/capfile"
)

// Spool is a file that packets are captured into. It is locked while the session
// that made it lives.
type Spool struct {
	Path  string
	Began time.Time
	// Bytes and Interfaces are what Recoverable found.
	Bytes      int64
	Interfaces []string

	file *os.File // holds the lock; nil for what Recoverable found
}

const (
	spoolSuffix = ".pcapng"
	spoolTime   = "20060102-150405"
	spoolTries  = 100
)

// NewSpool makes an empty spool in dir, which it makes when it is not there.
func NewSpool(dir string, now time.Time) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep captured packets: %w", err)
	}
	for n := range spoolTries {
		path := filepath.Join(dir, fmt.Sprintf("%s-%d-%d%s", now.Format(spoolTime), os.Getpid(), n, spoolSuffix))
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot keep captured packets: %w", err)
		}
		return lockNew(file, path, now)
	}
	return nil, fmt.Errorf("cannot keep captured packets: %s has %d spools of this second", dir, spoolTries)
}

// OutputSpool makes or empties a file of the user's and captures into that.
func OutputSpool(path string, now time.Time) (*Spool, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot write captured packets: %w", err)
	}
	s, err := lockNew(file, path, now)
	if err != nil {
		return nil, err
	}
	if err := file.Truncate(0); err != nil && !errors.Is(err, unix.EINVAL) {
		return nil, errors.Join(fmt.Errorf("cannot empty %s: %w", path, err), s.Close())
	}
	return s, nil
}

func lockNew(file *os.File, path string, now time.Time) (*Spool, error) {
	if err := lock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another pktsh captures into it", path), file.Close())
	}
	return &Spool{Path: path, Began: now, file: file}, nil
}

// lock locks a file for this open file, or fails at once.
func lock(file *os.File) error { return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// File is the file; it stays the spool's.
func (s *Spool) File() *os.File { return s.file }

// Writer opens the spool for a program that appends to it. The lock does not go
// with it.
func (s *Spool) Writer() (*os.File, error) { return os.OpenFile(s.Path, os.O_WRONLY|os.O_APPEND, 0) }

// Reader opens the spool for who follows it.
func (s *Spool) Reader() (*os.File, error) { return os.Open(s.Path) }

// Close gives up the lock.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// Remove removes the file.
func (s *Spool) Remove() error {
	if err := os.Remove(s.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Recoverable lists the spools in dir whose session is gone, the newest first. Those
// without a packet are removed.
func Recoverable(dir string) ([]Spool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Spool
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), spoolSuffix) || !e.Type().IsRegular() {
			continue
		}
		s := Spool{Path: filepath.Join(dir, e.Name())}
		if err := s.Claim(); err != nil {
			continue // somebody is at it, or it is not ours to read
		}
		head, err := capfile.ReadHead(s.file)
		switch {
		case err == nil && head.Packets:
			for _, i := range head.Interfaces {
				s.Interfaces = append(s.Interfaces, i.Name)
			}
			if err := s.Close(); err == nil {
				out = append(out, s)
			}
		case time.Since(s.Began) > time.Minute: // nobody is about to begin
			_ = s.Remove()
			fallthrough
		default:
			_ = s.Close()
		}
	}
	slices.SortFunc(out, func(a, b Spool) int {
		return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.Path, b.Path))
	})
	return out, nil
}

// Claim locks a spool that Recoverable found.
func (s *Spool) Claim() error {
	file, err := os.OpenFile(s.Path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if err := lock(file); err != nil {
		return errors.Join(fmt.Errorf("%s: another pktsh has it", s.Path), file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, s.Bytes, s.Began = file, info.Size(), began(s.Path, info.ModTime())
	return nil
}

// began is when a spool was made, by its name.
func began(path string, otherwise time.Time) time.Time {
	parts := strings.Split(filepath.Base(path), "-")
	if len(parts) < 3 {
		return otherwise
	}
	if _, err := strconv.Atoi(parts[2]); err != nil {
		return otherwise
	}
	t, err := time.ParseInLocation(spoolTime, parts[0]+"-"+parts[1], time.Local)
	if err != nil {
		return otherwise
	}
	return t
}
