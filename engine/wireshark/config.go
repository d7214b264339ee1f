package wireshark

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Config is everything besides the capture that can change an answer. The zero
// Config is Wireshark's defaults with name resolution off (tshark -n).
type Config struct {
	// Names says which names are resolved: "" none, else tshark's -N letters:
	// m MAC, n network, N external resolvers, t transport ports, d captured
	// DNS answers, v VLAN identifiers.
	Names string
	// Preferences are "name:value" as tshark -o takes them, "uat:file:record"
	// included. A later one overrides an earlier one.
	Preferences []string
	// DecodeAs are "layertype==selector,protocol" as tshark -d takes them.
	DecodeAs []string
	// DisabledProtocols and EnabledProtocols are filter names: "http".
	DisabledProtocols, EnabledProtocols []string
	// KeyLog is the path of a TLS key log file (SSLKEYLOGFILE).
	KeyLog string
	// DecryptionKeys are records of Wireshark's 80211_keys table, each
	// `"wpa-pwd","passphrase:ssid"`; keys switch decryption on.
	DecryptionKeys []string
}

// Clone returns a copy that shares no slice with c.
func (c Config) Clone() Config {
	for _, list := range []*[]string{&c.Preferences, &c.DecodeAs, &c.DisabledProtocols, &c.EnabledProtocols, &c.DecryptionKeys} {
		*list = slices.Clone(*list)
	}
	return c
}

// Key identifies the configuration: equal keys give equal answers.
func (c Config) Key() string {
	return fmt.Sprintf("%q %q %q %q %q %q %q", c.Names, c.Preferences, c.DecodeAs,
		c.DisabledProtocols, c.EnabledProtocols, c.KeyLog, c.DecryptionKeys)
}

// namePreferences maps tshark's -N letters to Wireshark's preferences
// (epan/addr_resolv.c, addr_resolve_pref_init).
var namePreferences = []struct {
	letter     byte
	preference string
}{
	{'m', "nameres.mac_name"},
	{'n', "nameres.network_name"},
	{'N', "nameres.use_external_name_resolver"},
	{'t', "nameres.transport_name"},
	{'d', "nameres.dns_pkt_addr_resolution"},
	{'v', "nameres.vlan_name"},
	{'s', "nameres.ss7_pc_name"},
}

// The profile's column list decides how sharkd 4.0 prints a column that a
// request asks for at the same position (get_column_resolved in
// epan/column-utils.c): the first textColumns positions give a built-in
// column's text, the others a field's raw value ("17", not "UDP").
const (
	maxColumns  = 32 // of one request: sharkd reads column0 to column31
	textColumns = 4
	rawColumns  = maxColumns - textColumns
)

// columnPreference is the value of gui.column.format that does it.
func columnPreference() string {
	columns := []string{`"Source", "%s"`, `"Destination", "%d"`, `"Protocol", "%p"`, `"Info", "%i"`}
	for range rawColumns {
		columns = append(columns, `"Raw", "%Cus:frame.number:0:U"`)
	}
	return strings.Join(columns, ", ")
}

// files returns the profile: file names and their contents. columns is the value
// of gui.column.format, "" for Wireshark's own. shortName maps a protocol's filter
// name to its short name ("dns" to "DNS"); it is only called for decode-as rules.
func (c Config) files(columns string, shortName func(string) (string, error)) (map[string]string, error) {
	var prefs strings.Builder
	tables := map[string][]string{}
	if columns != "" {
		fmt.Fprintf(&prefs, "gui.column.format: %s\n", columns)
	}
	for _, n := range namePreferences {
		on := "FALSE"
		if strings.IndexByte(c.Names, n.letter) >= 0 {
			on = "TRUE"
		}
		fmt.Fprintf(&prefs, "%s: %s\n", n.preference, on)
	}
	if c.KeyLog != "" {
		keyLog, err := filepath.Abs(c.KeyLog)
		if err != nil {
			return nil, fmt.Errorf("key log %s: %w", c.KeyLog, err)
		}
		if strings.ContainsAny(keyLog, "\r\n") {
			return nil, fmt.Errorf("key log %q: a line break in the name: rename the file", keyLog)
		}
		fmt.Fprintf(&prefs, "tls.keylog_file: %s\n", keyLog)
	}
	if len(c.DecryptionKeys) > 0 {
		prefs.WriteString("wlan.enable_decryption: TRUE\n")
	}
	for _, list := range [][]string{c.DisabledProtocols, c.EnabledProtocols, c.DecryptionKeys} {
		for _, line := range list {
			if strings.ContainsAny(line, "\r\n") {
				return nil, fmt.Errorf("configuration: got a line break in %q, want one entry", line)
			}
		}
	}
	for _, p := range c.Preferences {
		name, value, ok := splitPreference(p)
		if !ok {
			return nil, badPreference(p)
		}
		if name == "uat" {
			table, record, _ := strings.Cut(value, ":")
			if table == "" || strings.ContainsAny(table, "/\\.") || record == "" {
				return nil, fmt.Errorf("preference: got %q, want \"uat:TABLE:RECORD\"", p)
			}
			tables[table] = append(tables[table], record)
			continue
		}
		fmt.Fprintf(&prefs, "%s: %s\n", name, value)
	}
	tables["80211_keys"] = append(tables["80211_keys"], c.DecryptionKeys...)
	var decodeAs strings.Builder
	for _, d := range c.DecodeAs {
		entry, err := decodeAsEntries(d, shortName)
		if err != nil {
			return nil, err
		}
		decodeAs.WriteString(entry)
	}
	files := map[string]string{
		"preferences":       prefs.String(),
		"colorfilters":      "", // colouring costs time and nobody asks for it
		"decode_as_entries": decodeAs.String(),
		"disabled_protos":   lines(c.DisabledProtocols),
		"enabled_protos":    lines(c.EnabledProtocols),
	}
	for table, records := range tables {
		files[table] = lines(records)
	}
	for name, text := range files {
		if strings.ContainsRune(text, 0) {
			return nil, fmt.Errorf("configuration (%s): a NUL byte in a value", name)
		}
	}
	return files, nil
}

// splitPreference splits "name:value" and refuses what would break the
// preferences file, which has a record a line.
func splitPreference(p string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(p, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	return name, value, ok && name != "" && !strings.ContainsAny(p, "\r\n")
}

func lines(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, "\n") + "\n"
}

// writeProfile writes a new private profile directory below tempDir ("" means
// the system's) and returns its path; columns and shortName are as in files.
func (c Config) writeProfile(tempDir, columns string, shortName func(string) (string, error)) (string, error) {
	files, err := c.files(columns, shortName)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(tempDir, "pktsh-wireshark-*")
	if err != nil {
		return "", fmt.Errorf("making a profile for Wireshark: %w", err)
	}
	for name, text := range files {
		// 0600: the profile may hold decryption keys.
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			_ = os.RemoveAll(dir)
			return "", fmt.Errorf("making a profile for Wireshark: %w", err)
		}
	}
	return dir, nil
}
