package capfile

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Guard runs fn and turns a fault in the mapped memory into an error that names
// the file: reading a page that the file no longer has raises SIGBUS, and that
// ends a Go program unless it asked for a panic. Other panics go on.
//
// The setting is the goroutine's: a goroutine that fn starts needs a Guard of
// its own.
func (f *File) Guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		fault, ok := r.(interface {
			runtime.Error
			Addr() uintptr
		})
		if !ok || !f.maps(fault.Addr()) {
			panic(r)
		}
		err = f.pageGone()
	}()
	return fn()
}

func (f *File) pageGone() error {
	return fmt.Errorf("%s: it shrank or its disk failed while it was read: a mapped page is gone; open it again", f.name)
}

// maps reports whether address lies in the mapped file or its mapped index.
func (f *File) maps(address uintptr) bool {
	if contains(f.data, address) || f.growth != nil && f.growth.has(address) {
		return true
	}
	return f.cache != nil && contains(f.cache.data, address)
}

func contains(b []byte, address uintptr) bool {
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return address >= begin && address-begin < uintptr(len(b))
}
