package batch

import (
	"bufio"
	"io"
	"os"
)

// spoolMemory is how much a spool keeps in memory.
const spoolMemory = 64 << 20

// spool keeps output that has to wait: in memory, and what is too much for that in
// a temporary file without a name. It is filled first and read then.
type spool struct {
	tempDir string
	limit   int64    // of bytes in memory
	memory  [][]byte // as they came
	file    *os.File
	tail    *bufio.Writer // to file
	size    int64
}

// keep adds b. kept says that b is the spool's own now.
func (s *spool) keep(b []byte) (kept bool, err error) {
	s.size += int64(len(b))
	if s.size <= s.limit {
		s.memory = append(s.memory, b)
		return true, nil
	}
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.tempDir, "pktsh-rows-*"); err != nil {
			return false, err
		}
		if err := os.Remove(s.file.Name()); err != nil {
			return false, err
		}
		s.tail = bufio.NewWriterSize(s.file, 1<<20)
	}
	_, err = s.tail.Write(b)
	return false, err
}

// reader reads all from the beginning.
func (s *spool) reader() (*spoolReader, error) {
	r := &spoolReader{memory: s.memory}
	if s.file != nil {
		if err := s.tail.Flush(); err != nil {
			return nil, err
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		r.file = s.file
	}
	return r, nil
}

// close gives the file back.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // it is gone with that
	}
}

// spoolReader reads a spool.
type spoolReader struct {
	memory [][]byte
	file   *os.File
}

// copy writes the next n bytes to w.
func (r *spoolReader) copy(w io.Writer, n int64) error {
	for n > 0 && len(r.memory) > 0 {
		part := r.memory[0]
		if int64(len(part)) <= n {
			r.memory = r.memory[1:]
		} else {
			part, r.memory[0] = part[:n], part[n:]
		}
		n -= int64(len(part))
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if n == 0 {
		return nil
	}
	_, err := io.CopyN(w, r.file, n)
	return err
}
