// This file is the constructors FileCapture and PipeCapture.

package script

import (
	"fmt"
	"os"
	"slices"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// fileCapture is FileCapture(input_file, …).
func (it *Interp) fileCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"input_file", "keep_packets"}, commonOptions,
		[]string{"output_file", "include_raw", "eventloop", "custom_parameters", "debug"})
	c, err := it.construct("FileCapture", params, 1, args, kwargs)
	if err != nil {
		return nil, err
	}
	if !c.given("input_file") {
		return nil, fmt.Errorf("FileCapture: input_file: want a path, a pattern or a list of them; InMemCapture() begins without packets")
	}
	if c.open.Paths, err = c.texts("input_file"); err != nil {
		return nil, err
	}
	out, err := c.capture(it.context())
	if err != nil {
		return nil, err
	}
	return out, nil
}

// pipeCapture is PipeCapture(pipe, …): the path of a FIFO, or the number of a file
// descriptor, read to its end.
func (it *Interp) pipeCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"pipe"}, commonOptions,
		[]string{"include_raw", "eventloop", "custom_parameters", "debug", "output_file", "keep_packets"})
	c, err := it.construct("PipeCapture", params, 1, args, kwargs)
	if err != nil {
		return nil, err
	}
	switch pipe := c.args["pipe"].(type) {
	case starlark.String:
		c.open.Paths = []string{string(pipe)}
	case starlark.Int:
		file, err := descriptor(pipe)
		if err != nil {
			return nil, fmt.Errorf("PipeCapture: pipe: %w", err)
		}
		defer file.Close()
		c.open.Reader, c.open.Name = file, file.Name()
	default:
		return nil, fmt.Errorf("PipeCapture: pipe: want the path of a FIFO or the number of a file descriptor (0 is standard input)")
	}
	out, err := c.capture(it.context())
	if err != nil {
		return nil, err
	}
	return out, nil
}

// descriptor opens a file descriptor of this process by its number. What is
// returned is a duplicate: closing it leaves the descriptor open.
func descriptor(number starlark.Int) (*os.File, error) {
	n, ok := number.Int64()
	if !ok || n < 0 || n > 1<<20 {
		return nil, fmt.Errorf("got %s, want the number of a file descriptor", number)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(n), &stat); err != nil {
		return nil, fmt.Errorf("file descriptor %d: %w", n, err)
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFIFO, unix.S_IFREG, unix.S_IFSOCK:
	default:
		return nil, fmt.Errorf("file descriptor %d is no pipe, socket or file that a capture could come from", n)
	}
	fd, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("file descriptor %d: %w", n, err)
	}
	name := fmt.Sprintf("file descriptor %d", n)
	if n == 0 {
		name = "standard input"
	}
	return os.NewFile(uintptr(fd), name), nil
}
