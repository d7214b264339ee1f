package engine

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// WLANKey makes a record of Wireshark's 80211_keys table of a key and PyShark's
// name of its kind, in any case: wep (hex digits), wpa-pwd ("passphrase" or
// "passphrase:ssid"), wpa-psk (64 hex digits). wpa-pwk, PyShark's default, is
// wpa-psk for 64 hex digits and wpa-pwd for anything else. The error says what is
// wrong with the key, of which Wireshark itself would only say that the table is.
func WLANKey(kind, key string) (record string, err error) {
	switch kind = strings.ToLower(kind); kind {
	case "wpa-pwk":
		kind = "wpa-pwd"
		if _, err := hex.DecodeString(key); err == nil && len(key) == 64 {
			kind = "wpa-psk"
		}
	case "wep", "wpa-pwd", "wpa-psk":
	default:
		return "", fmt.Errorf("got the encryption type %q, want wep, wpa-pwd or wpa-psk", kind)
	}
	if err := checkWLANKey(kind, key); err != nil {
		return "", err
	}
	return fmt.Sprintf("%q,%q", kind, key), nil
}

// checkWLANKey holds a key to the lengths of epan/crypt/dot11decrypt_system.h and
// dot11decrypt_user.h.
func checkWLANKey(kind, key string) error {
	raw, hexErr := hex.DecodeString(strings.ReplaceAll(key, ":", ""))
	switch kind {
	case "wep":
		if hexErr != nil || len(raw) < 1 || len(raw) > 32 {
			return fmt.Errorf("got %q, want a WEP key in hex digits, as 0102030405", key)
		}
	case "wpa-psk":
		if hexErr != nil || len(raw) != 32 {
			return fmt.Errorf("got %q, want 64 hex digits for wpa-psk", key)
		}
	default:
		phrase, ssid, _ := strings.Cut(key, ":")
		if len(phrase) < 8 || len(phrase) > 63 {
			return fmt.Errorf("got a passphrase of length %d, want 8 to 63, alone or as 'passphrase:ssid'", len(phrase))
		}
		if len(ssid) > 32 {
			return fmt.Errorf("got a network name of length %d, want at most 32", len(ssid))
		}
	}
	return nil
}
