package main

import (
	"io"
	"strings"
	"testing"
)

// TestWithoutPyShark checks that the report says why PyShark has no figures.
func TestWithoutPyShark(t *testing.T) {
	t.Setenv(pysharkVariable, "/no/such/python")
	b, r := &bench{log: io.Discard, scratch: t.TempDir()}, &report{}
	b.measurePyShark(r, answers{})
	if len(r.parts) != 1 || len(r.parts[0].notes) != 1 || !strings.Contains(r.parts[0].notes[0], pysharkVariable) || len(r.parts[0].tables) != 0 {
		t.Errorf("got %+v", r.parts)
	}
}
