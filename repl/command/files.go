package command

import (
	"os"
	"path/filepath"
	"strings"
)

// expandHome replaces a leading ~/ by the user's home directory.
func expandHome(path string) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, path[1:])
}
