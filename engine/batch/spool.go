package batch

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spoolMemory is how much a spool keeps in memory.
const spoolMemory = 64 << 20

// spool keeps output that has to wait: in memory, and what is too much for that in
// a temporary file without a name. It is written first and read then.
type spool struct {
	tempDir string
	limit   int // of bytes in memory
	memory  []byte
	file    *os.File
	size    int64
}

func (s *spool) Write(b []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(b) <= s.limit {
		s.memory = append(s.memory, b...)
		s.size += int64(len(b))
		return len(b), nil
	}
	if s.file == nil {
		file, err := os.CreateTemp(s.tempDir, "pktsh-rows-*")
		if err != nil {
			return 0, err
		}
		if err := os.Remove(file.Name()); err != nil {
			return 0, errors.Join(err, file.Close())
		}
		s.file = file
	}
	n, err := s.file.Write(b)
	s.size += int64(n)
	return n, err
}

// reader reads all from the beginning.
func (s *spool) reader() (io.Reader, error) {
	if s.file == nil {
		return bytes.NewReader(s.memory), nil
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return io.MultiReader(bytes.NewReader(s.memory), s.file), err
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // it is gone with that
	}
}
