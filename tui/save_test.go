package tui

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"strata/tui/picture"
	"strata/tui/prompt"
)

var stillPicture = regexp.MustCompile(`<img alt="([^"]*)" style="[^"]*" src="data:image/jpeg;base64,([^"]*)">`)

// TestSaveScreen writes the screen as a page, with its pictures, and asks before it writes over one.
func TestSaveScreen(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("n")
	if err := d.m.thumbs.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, placements := d.m.compose()
	log := d.log.String()
	d.press(": text:export_my-screen.html enter")
	d.wantStatus("wrote this screen to my-screen.html")
	path, err := d.m.session.ExportPath("my-screen.html")
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pictures := stillPicture.FindAllSubmatch(first, -1)
	if len(pictures) != len(placements) || len(pictures) < 21 || string(pictures[0][1]) != d.m.gallery.ID(d.m.Shown.Query) {
		t.Errorf("%d pictures of %d, the first is of %s", len(pictures), len(placements), pictures[0][1])
	}
	for _, p := range pictures {
		b, err := base64.StdEncoding.DecodeString(string(p[2]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(b)); err != nil {
			t.Errorf("%s: %v", p[1], err)
		}
	}
	if text := string(first); !strings.Contains(text, "category  ") || strings.Contains(text, "export") {
		t.Errorf("the page is\n%.4000s", text)
	}
	if d.log.String() != log {
		t.Errorf("the log has %q", d.log.String()[len(log):])
	}
	d.press("n : text:export_my-screen.html enter")
	d.wantScreen("my-screen.html is there: enter once more writes over it")
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, first) {
		t.Errorf("not asked, the file is another: %v", err)
	}
	d.press("enter")
	d.wantStatus("wrote this screen to my-screen.html")
	if again, err := os.ReadFile(path); err != nil || bytes.Equal(again, first) {
		t.Errorf("the file is the same: %v", err)
	}
	d.replays()
}

// TestSaveScreenOutside writes a page nowhere but below the working folder.
func TestSaveScreenOutside(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsNone)
	outside := filepath.Join(t.TempDir(), "screen.html")
	for _, file := range []string{outside, "../screen.html"} {
		d.press(": text:export_" + file + " enter")
		d.wantScreen("the screen is saved below the working folder")
		d.press("esc")
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a page lies outside")
	}
	d.press(": text:export_no/such/screen.html enter")
	if d.m.prompt.Kind != prompt.Command || len(d.m.status.Problems) == 0 {
		t.Error("a folder that is not there is no fault")
	}
}

// TestSavePopup has what lies over the pictures in the page, not them, and the landscape as text.
func TestSavePopup(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	page, _ := d.m.still()
	all := len(page.Pictures)
	d.press("?")
	if page, _ = d.m.still(); len(page.Pictures) >= all || len(page.Pictures) == 0 {
		t.Errorf("%d pictures of %d are beside the help", len(page.Pictures), all)
	}
	live := openLiveOn(t, 120, 40, 64<<20, picture.GraphicsSixel)
	live.press("down down down w")
	live.survey()
	page, _ = live.m.still()
	if text := strings.Join(page.Lines, "\n"); !live.m.relief.Open || len(page.Pictures) != 0 || !strings.ContainsAny(text, "▀@#*+") {
		t.Errorf("%d pictures are over a landscape of\n%s", len(page.Pictures), text)
	}
}
