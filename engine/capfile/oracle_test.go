package capfile

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sampleStep takes every so many captures: a run of tshark takes a sixth of a second.
const sampleStep = 40

// TestAgainstTshark compares count, times and lengths on captures that no one
// here wrote.
func TestAgainstTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("a run of tshark for each capture is not short")
	}
	editcap, _ := exec.LookPath("editcap")
	var files []string
	err := filepath.WalkDir(captures(t), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += sampleStep {
		t.Run(filepath.Base(files[i]), func(t *testing.T) {
			t.Parallel()
			f := open(t, files[i], Options{Editcap: editcap})
			if len(f.LinkTypes()) == 1 && tsharkLacks(f.LinkTypes()[0]) {
				t.Skipf("Wireshark 4.0 does not open pcap files of link type %d; capfile does", f.LinkTypes()[0])
			}
			compareWithTshark(t, f, files[i])
		})
	}
}

// tsharkLacks lists link types of the captures that Wireshark 4.0 does not know.
func tsharkLacks(linkType int) bool {
	switch linkType {
	case 132, 164, 182, 281, 282, 284, 285:
		return true
	}
	return false
}
