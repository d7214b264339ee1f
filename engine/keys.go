package engine

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// WLANKey makes a record of Wireshark's 80211_keys table of a key and PyShark's
// name of its kind, in any case: wep (hex digits), wpa-pwd ("passphrase" or
// "passphrase:ssid"), wpa-psk (64 hex digits). wpa-pwk, PyShark's default, and "" are
// wpa-psk for 64 hex digits and wpa-pwd for anything else. The error says what is
// wrong with the key, of which Wireshark itself would only say that the table is.
func WLANKey(kind, key string) (record string, err error) {
	if err := CheckWLANKeyType(kind); err != nil {
		return "", err
	}
	switch kind = strings.ToLower(kind); kind {
	case "wpa-pwk", "":
		kind = "wpa-pwd"
		if isHex(key, 32) {
			kind = "wpa-psk"
		}
	}
	if err := checkWLANKey(kind, key); err != nil {
		return "", err
	}
	return fmt.Sprintf(`"%s","%s"`, kind, keyText(key)), nil
}

// WLANKeyTypes are the kinds of keys for 802.11, PyShark's alias wpa-pwk left out.
func WLANKeyTypes() []string { return []string{"wep", "wpa-pwd", "wpa-psk"} }

// CheckWLANKeyType refuses what is no kind of a key, in any case; "" is wpa-pwk.
func CheckWLANKeyType(kind string) error {
	low := strings.ToLower(kind)
	if low == "" || low == "wpa-pwk" || slices.Contains(WLANKeyTypes(), low) {
		return nil
	}
	return fmt.Errorf("got the encryption type %q, want wep, wpa-pwd (a passphrase) or wpa-psk (64 hex digits)", kind)
}

// isHex says whether a key is that many bytes in hex digits, with or without colons
// between them.
func isHex(key string, size int) bool {
	raw, err := hex.DecodeString(strings.ReplaceAll(key, ":", ""))
	return err == nil && len(raw) == size
}

// keyText writes a key as the table wants it: bytes that are not printable ASCII, and
// what has a meaning in the table's file, percent-encoded (parse_key_string,
// epan/crypt/dot11decrypt_user.c). Percent signs are the key's own.
func keyText(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "%%%02x", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// checkWLANKey holds a key to the lengths of epan/crypt/dot11decrypt_system.h and
// dot11decrypt_user.h.
func checkWLANKey(kind, key string) error {
	raw, hexErr := hex.DecodeString(strings.ReplaceAll(key, ":", ""))
	switch kind {
	case "wep":
		if hexErr != nil || len(raw) < 1 || len(raw) > 32 {
			hint := ""
			if len(key) >= 8 && hexErr != nil {
				hint = "; a passphrase is of the type wpa-pwd"
			}
			return fmt.Errorf("got %q, want a WEP key in hex digits, as 0102030405%s", key, hint)
		}
	case "wpa-psk":
		if hexErr != nil || len(raw) != 32 {
			hint := ""
			if len(key) >= 8 && len(key) < 64 {
				hint = "; a passphrase is of the type wpa-pwd"
			}
			return fmt.Errorf("got %q, want 64 hex digits for wpa-psk%s", key, hint)
		}
	default:
		phrase, ssid, _ := strings.Cut(key, ":")
		var errs [2]error // both are written with %HH for what does not go as it is
		phrase, errs[0] = url.PathUnescape(phrase)
		ssid, errs[1] = url.PathUnescape(ssid)
		switch {
		case errs[0] != nil || errs[1] != nil:
			return fmt.Errorf("got %q, want %%25 for a percent sign and %%3a for a colon that is no separator", key)
		case (len(phrase) < 8 || len(phrase) > 63) && hexErr == nil && slices.Contains([]int{5, 13, 16}, len(raw)):
			return fmt.Errorf("got %q, which looks like a WEP key: that is of the type wep; a passphrase has 8 to 63 characters", key)
		case len(phrase) < 8 || len(phrase) > 63:
			return fmt.Errorf("got a passphrase of length %d, want 8 to 63, alone or as 'passphrase:ssid'", len(phrase))
		case len(ssid) > 32:
			return fmt.Errorf("got a network name of length %d, want at most 32", len(ssid))
		}
	}
	return nil
}
