package command

import (
	"os"
	"path/filepath"
	"strings"
)

// ExpandHome replaces a leading ~/ by the user's home directory.
func ExpandHome(path string) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, path[1:])
}
