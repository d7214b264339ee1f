// This file says at which packet of a loop something failed.

package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

// left is a loop over a capture's packets that ended before its last one.
type left struct {
	nth   int    // which of the loops that began
	frame uint32 // the packet it was at
	steps uint64 // the thread's steps then
}

// leftKey is where a thread keeps the loop that was left last.
const leftKey = "left"

// leftLoop notes that a loop was left. An error leaves the loops it is in with no
// step of the program between them: the innermost of these, which began last, stays
// noted.
func leftLoop(thread *starlark.Thread, nth int, frame uint32) {
	now := thread.ExecutionSteps()
	if before, ok := thread.Local(leftKey).(left); ok && before.steps == now && before.nth > nth {
		return
	}
	thread.SetLocal(leftKey, left{nth, frame, now})
}

// callBack calls a function of the script. Loops that a function left by returning
// are no longer of interest, although what fails next may do so at the same step.
func callBack(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Call(thread, fn, args, nil)
	if err == nil {
		thread.SetLocal(leftKey, nil)
	}
	return v, err
}

// inPacket adds to an error the packet of the innermost loop that it left: no step
// was made since.
func (it *Interp) inPacket(thread *starlark.Thread, err error) error {
	loop, ok := thread.Local(leftKey).(left)
	if !ok || loop.steps != thread.ExecutionSteps() || it.context().Err() != nil {
		return err
	}
	var out *Error
	var evalErr *starlark.EvalError
	switch {
	case errors.As(err, &out):
	case errors.As(err, &evalErr):
		out = it.translateEval(evalErr)
	default:
		return err
	}
	named := *out
	named.Msg = inPacketText(loop.frame, out.Msg)
	return &named
}

// inPacketText puts the packet before a message that does not name it.
func inPacketText(frame uint32, msg string) string {
	packet := fmt.Sprintf("packet %d", frame)
	if rest, ok := strings.CutPrefix(msg, packet); ok && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, ":")) {
		return msg
	}
	return packet + ": " + msg
}
