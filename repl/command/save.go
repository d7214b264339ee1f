package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"pktsh/completion"
	"pktsh/engine/capfile"
	"pktsh/repl/result"
)

func saveCommands() []*Command {
	return []*Command{{
		Name: "save", Group: GroupCaptures,
		Args: []Arg{
			{Name: "FILE", Kinds: completion.ArgFile},
			{Name: "RANGE", Kinds: completion.ArgRange, Optional: true, Repeated: true},
		},
		Options: []Option{{Name: "force", Help: "replace the file if it exists"}},
		Summary: "write packets to a capture file",
		Help: `Writes the packets that the filter lets through, or just the frames named, with
their times, interfaces and comments. The name decides the format: .pcap or
.pcapng, with .gz, .zst or .lz4 behind it compressed; any other name keeps
the format of the capture.`,
		Examples: []Example{
			{"save dns.pcapng", "the packets that pass the filter"},
			{"save part.pcap.gz 1-1000", "frames 1 to 1000, compressed"},
		},
		Run: runSave,
	}}
}

func runSave(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	var frames []int
	if len(in.Words) > 1 {
		spans, err := parseSpans(ctx, v, in.Words[1:])
		if err != nil {
			return nil, err
		}
		for _, s := range spans {
			for f := s.lo; f <= s.hi; f++ {
				frames = append(frames, int(f)-1)
			}
		}
	} else {
		for f, err := range v.Frames(ctx) {
			if err != nil {
				return nil, err
			}
			frames = append(frames, int(f)-1)
		}
	}
	slices.Sort(frames)
	frames = slices.Compact(frames)
	if len(frames) == 0 {
		return nil, errors.New("save: no packet passes the filter, so nothing was written")
	}
	if err := v.Capture().Saveable(); err != nil {
		return nil, err
	}
	path := ExpandHome(in.Words[0])
	var out result.Many
	warn := func(line string) { out = append(out, &result.Status{Line: line, Role: result.RoleWarning}) }
	done, err := capfile.Save(ctx, path, v.Capture().File(), slices.Values(frames), capfile.SaveOptions{Force: in.Has("force"), Warn: warn})
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists; save --force replaces it", path)
	}
	if err != nil {
		return nil, err
	}
	return append(out, &result.Status{Line: fmt.Sprintf("%s written to %s", packets(done), path)}), nil
}
