package wireshark

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// KeyLog is what a TLS key log file (SSLKEYLOGFILE) holds.
type KeyLog struct {
	// Keys is how many lines hold a key.
	Keys int
	// Randoms are the Client Randoms of the sessions that have keys, 32 bytes each
	// as a string.
	Randoms map[string]bool
	// ByOther says that there are keys for sessions that the log names otherwise:
	// by Session ID or by an encrypted premaster secret.
	ByOther bool
}

// keyLogLabels are the first words of lines whose second is a Client Random (NSS
// key log format; epan/dissectors/packet-tls-utils.c, ssl_compile_keyfile_regex).
var keyLogLabels = map[string]bool{
	"CLIENT_RANDOM": true, "PMS_CLIENT_RANDOM": true,
	"CLIENT_EARLY_TRAFFIC_SECRET": true, "CLIENT_HANDSHAKE_TRAFFIC_SECRET": true, "SERVER_HANDSHAKE_TRAFFIC_SECRET": true,
	"CLIENT_TRAFFIC_SECRET_0": true, "SERVER_TRAFFIC_SECRET_0": true, "EARLY_EXPORTER_SECRET": true, "EXPORTER_SECRET": true,
	"QUIC_CLIENT_EARLY_TRAFFIC_SECRET": true, "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET": true,
	"QUIC_SERVER_HANDSHAKE_TRAFFIC_SECRET": true, "QUIC_CLIENT_TRAFFIC_SECRET_0": true, "QUIC_SERVER_TRAFFIC_SECRET_0": true,
}

// ReadKeyLog reads a key log file. Lines that Wireshark would skip are skipped; a
// file that has lines and none with a key is an error. An empty one is not: whoever
// writes it may not have begun.
func ReadKeyLog(path string) (*KeyLog, error) {
	f, err := os.Open(path)
	if err != nil {
		var fault *fs.PathError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return nil, fmt.Errorf("key log %s: %w", path, err)
	}
	defer f.Close()
	log := &KeyLog{Randoms: map[string]bool{}}
	lines := 0
	for r := bufio.NewReaderSize(f, 64<<10); ; {
		line, err := r.ReadSlice('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' {
			lines++
			log.line(string(text))
		}
		if err == io.EOF {
			break
		}
		if err != nil && err != bufio.ErrBufferFull { // no key is that long
			return nil, fmt.Errorf("key log %s: %w", path, err)
		}
	}
	if lines > 0 && log.Keys == 0 {
		return nil, fmt.Errorf("key log %s: got no line with a key, want some like \"CLIENT_RANDOM 52340c… 7f6a…\" (what browsers and curl write where SSLKEYLOGFILE says)", path)
	}
	return log, nil
}

func (log *KeyLog) line(text string) {
	words := strings.Fields(text)
	switch {
	case len(words) != 3:
	case words[0] == "RSA" && strings.HasPrefix(words[1], "Session-ID:") && strings.HasPrefix(words[2], "Master-Key:"):
		log.Keys++
		log.ByOther = true
	case words[0] == "RSA" && isHexOf(words[1], 8) && isHexOf(words[2], 48):
		log.Keys++
		log.ByOther = true
	case keyLogLabels[words[0]] && isHexOf(words[1], 32):
		if _, err := hex.DecodeString(words[2]); err != nil {
			return
		}
		random, _ := hex.DecodeString(words[1]) // isHexOf has looked
		log.Keys++
		log.Randoms[string(random)] = true
	}
}

func isHexOf(s string, size int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == size
}

// KeyLogs are the paths of the key log files that the configuration names, in its
// own field or as a preference.
func (c Config) KeyLogs() []string {
	var paths []string
	if c.KeyLog != "" {
		paths = append(paths, c.KeyLog)
	}
	for _, p := range c.Preferences {
		name, value, ok := splitPreference(p)
		if ok && value != "" && (name == "tls.keylog_file" || name == "ssl.keylog_file") {
			paths = append(paths, value)
		}
	}
	return paths
}
