package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/engine"
	"pktsh/repl/result"
)

func interfaceCommands() []*Command {
	return []*Command{
		{
			Name: "interfaces", Group: GroupLive, Rows: true,
			Summary: "the interfaces that packets can be captured on",
			Help: `Lists the interfaces with their addresses and link state, and why they cannot
be captured on where that is so.`,
			Examples: []Example{{"interfaces", "all of them"}},
			Run:      runInterfaces,
		},
		{
			Name: "recover", Group: GroupLive,
			Args:    []Arg{{Name: "NUMBER", Optional: true}},
			Options: []Option{{Name: "discard", Help: "delete it instead"}},
			Summary: "open what a pktsh that was killed had captured",
			Help: `A pktsh that ends on its own removes what it captured and nobody saved. One
that is killed leaves it: recover lists such captures, recover NUMBER opens one.`,
			Examples: []Example{{"recover", "which there are"}, {"recover 1", "open the first"}, {"recover 1 --discard", "delete it"}},
			Run:      runRecover,
		},
	}
}

func runInterfaces(ctx context.Context, st *State, _ Input) (result.Result, error) {
	all, err := st.Session.Interfaces(ctx)
	if err != nil {
		return nil, err
	}
	return &result.Table{
		Columns: []result.Column{
			{Title: "Interface", Role: result.RoleName},
			{Title: "State"},
			{Title: "Addresses", Role: result.RoleAddress, Shrinks: true, Yields: 1},
			{Title: "Description", Flexible: true},
		},
		Rows: func(yield func(result.Row, error) bool) {
			for _, i := range all {
				row := result.Row{Cells: []string{i.Name, LinkState(i), strings.Join(i.Addresses, " "), i.Description}}
				if i.MayCapture != nil {
					row.Role = result.RoleDim
					row.Cells[3] = strings.TrimPrefix(i.Description+"; "+i.MayCapture.Error(), "; ")
				}
				if !yield(row, nil) {
					return
				}
			}
		},
	}, nil
}

// LinkState says in a word or two how an interface is: "up", "up, no link", "down",
// and what it is, where it is no ordinary one.
func LinkState(i engine.NetworkInterface) string {
	words := []string{"down"}
	switch {
	case i.Extcap:
		words = []string{"extcap"}
	case i.Up && i.Running:
		words[0] = "up"
	case i.Up:
		words[0] = "up, no link"
	}
	if i.Loopback {
		words = append(words, "loopback")
	}
	if i.Wireless {
		words = append(words, "wireless")
	}
	return strings.Join(words, ", ")
}

func runRecover(ctx context.Context, st *State, in Input) (result.Result, error) {
	all, err := st.Session.Recoverable()
	if err != nil {
		return nil, err
	}
	if len(in.Words) == 0 {
		if in.Has("discard") {
			return nil, errors.New("recover --discard wants the number of a capture that recover lists")
		}
		return recoverable(all), nil
	}
	n, err := strconv.Atoi(in.Words[0])
	switch {
	case len(all) == 0:
		return nil, errors.New("there is nothing to recover")
	case err != nil || n < 1 || n > len(all):
		return nil, fmt.Errorf("recover %s: a number from 1 to %d was wanted; recover lists them", in.Words[0], len(all))
	case in.Has("discard"):
		return &result.Status{Line: all[n-1].Path + " deleted"}, st.Session.Discard(all[n-1])
	}
	c, err := st.Session.Recover(ctx, all[n-1])
	if err != nil {
		return nil, err
	}
	if err := st.Use(ctx, c.All()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &result.Status{Line: Banner(ctx, c)}, nil
}

// recoverable lists what can be recovered.
func recoverable(all []engine.Spool) result.Result {
	if len(all) == 0 {
		return &result.Status{Line: "there is nothing to recover"}
	}
	return &result.Table{
		Columns: []result.Column{
			{Title: "#", Align: result.Right, Role: result.RoleNumber},
			{Title: "Began", Role: result.RoleDim},
			{Title: "Interfaces", Role: result.RoleName},
			{Title: "Size", Align: result.Right, Role: result.RoleNumber},
			{Title: "File", Flexible: true},
		},
		Rows: func(yield func(result.Row, error) bool) {
			for i, s := range all {
				row := result.Row{Cells: []string{strconv.Itoa(i + 1), s.Began.Format(time.DateTime), strings.Join(s.Interfaces, ", "),
					humanize.Bytes(uint64(s.Bytes)), s.Path}}
				if !yield(row, nil) {
					return
				}
			}
		},
	}
}
