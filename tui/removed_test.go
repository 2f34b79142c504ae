package tui

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/tui/picture"
)

// TestRemovedPictures: pictures that vanish while they are looked at leave frames that say so.
func TestRemovedPictures(t *testing.T) {
	for _, graphics := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsHalfBlock} {
		dir := t.TempDir()
		var items strings.Builder
		items.WriteString("id,image\n")
		rows := [][]float32{}
		if err := os.Mkdir(filepath.Join(dir, "images"), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			fmt.Fprintf(&items, "i%02d,images/%d.png\n", i, i)
			rows = append(rows, []float32{1, float32(i)})
			if err := os.WriteFile(filepath.Join(dir, "images", fmt.Sprintf("%d.png", i)), flatPicture(t, 40, 40, color.Gray{uint8(6 * i)}), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for name, b := range map[string][]byte{"items.csv": []byte(items.String()), "A.npy": matrixFile(rows)} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		d := openGallery(t, os.DirFS(dir), nil, 120, 40, graphics)
		if strings.Contains(d.m.View(), "no such file") {
			t.Fatalf("%v: pictures are missing before they are removed", graphics)
		}
		if err := os.RemoveAll(filepath.Join(dir, "images")); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			d.press("n")
		}
		d.wantScreen("no such file")
		d.press("enter")
		d.press("esc")
	}
}
