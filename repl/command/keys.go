package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func keysCommand() *Command {
	return &Command{
		Name: "keys", Group: GroupSettings, Rows: true,
		Args: []Arg{{Name: "KEY", Kinds: completion.ArgText, Optional: true}},
		Options: []Option{
			{Name: "type", Value: "TYPE", Kinds: completion.ArgChoice, Choices: engine.WLANKeyTypes(), Help: "what KEY is: wep (hex digits), wpa-pwd (passphrase:network), wpa-psk (64 hex digits)"},
			{Name: "keylog", Value: "FILE", Kinds: completion.ArgFile, Help: "TLS keys, as browsers write them where SSLKEYLOGFILE says"},
			{Name: "unset", Value: "KEY", Kinds: completion.ArgText, Help: "take a key back; keylog for the key log, * for everything"},
		},
		Summary: "decryption keys for 802.11 and TLS: list, set, unset",
		Help: `Lists the keys that are set and whether they fit the capture: a key that fits
nothing is told with the first answer, too. With a key, adds it for 802.11; the
type is wpa-pwd, or wpa-psk for 64 hex digits, when none is given. A passphrase
alone is tried with every network's name in the capture.` + settingsHelp,
		Examples: []Example{
			{"keys --keylog tls.keys", "TLS keys"},
			{"keys dictionary:linksys", "a WPA passphrase and its network"},
			{"keys --type wep 1f:1f:1f:1f:1f", "a WEP key"},
			{"keys --unset keylog", "take the key log back"},
			{"keys", "what is set, and does it fit?"},
		},
		Run: runKeys,
	}
}

func runKeys(ctx context.Context, st *State, in Input) (result.Result, error) {
	if len(in.Options) > 1 || len(in.Options)+len(in.Words) > 1 && !in.Has("type") {
		return nil, errors.New("keys: one thing at a time: KEY with or without --type, --keylog FILE, or --unset KEY")
	}
	switch {
	case in.Has("unset"):
		return st.unsetKey(ctx, in.Options["unset"])
	case in.Has("keylog"):
		file := ExpandHome(in.Options["keylog"])
		return st.reconfigure(ctx, "TLS keys from "+file, func(cfg *engine.Dissection) { cfg.KeyLog = file })
	case len(in.Words) == 0 && in.Has("type"):
		return nil, errors.New("keys: --type says what a key is; the key comes behind it: keys --type wep 1f:1f:1f:1f:1f")
	case len(in.Words) == 0:
		return st.listKeys(ctx)
	}
	record, err := engine.WLANKey(in.Options["type"], in.Words[0])
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	kind, _ := splitKey(record)
	return st.reconfigure(ctx, "802.11 key of the type "+kind+" added", func(cfg *engine.Dissection) {
		if !slices.Contains(cfg.DecryptionKeys, record) {
			cfg.DecryptionKeys = append(cfg.DecryptionKeys, record)
		}
	})
}

// splitKey takes a record `"type","key"` of Wireshark's table apart.
func splitKey(record string) (kind, key string) {
	kind, key, _ = strings.Cut(strings.Trim(record, `"`), `","`)
	return kind, key
}

func (st *State) unsetKey(ctx context.Context, key string) (result.Result, error) {
	is := func(record string) bool {
		_, k := splitKey(record)
		return key == "*" || k == key || record == key
	}
	log := key == "*" || key == "keylog"
	now := st.dissection()
	if !slices.ContainsFunc(now.DecryptionKeys, is) && !(log && now.KeyLog != "") {
		return nil, fmt.Errorf("keys: %s is not set; `keys` lists what is", key)
	}
	return st.reconfigure(ctx, unsetText(key), func(cfg *engine.Dissection) {
		cfg.DecryptionKeys = slices.DeleteFunc(cfg.DecryptionKeys, is)
		if log {
			cfg.KeyLog = ""
		}
	})
}

// listKeys lists what is set and whether it fits.
func (st *State) listKeys(ctx context.Context) (result.Result, error) {
	cfg := st.dissection()
	var rows []result.Row
	for _, record := range cfg.DecryptionKeys {
		kind, key := splitKey(record)
		rows = append(rows, result.Row{Cells: []string{kind, key}})
	}
	for _, path := range cfg.KeyLogs() {
		rows = append(rows, result.Row{Cells: []string{"TLS key log", path}})
	}
	const none = "no key is set; `keys --keylog FILE` has TLS decrypted, `keys PASSPHRASE:NETWORK` 802.11"
	out := result.Many{listingOr(none, []result.Column{{Title: "Type", Role: result.RoleName}, {Title: "Key", Flexible: true}}, rows)}
	if st.View == nil || len(rows) == 0 {
		return out, nil
	}
	fit, err := st.View.Capture().Decryption(ctx)
	if err != nil || fit == nil {
		return out, err
	}
	return append(out, &result.Status{Line: fit.Summary()}), nil
}
