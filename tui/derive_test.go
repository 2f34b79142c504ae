package tui

import (
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine"
	"strata/tui/picture"
)

// TestDerivedLayer types a scheme with a transform: it is computed on enter, not while it is typed; the status says how
// far it is; and then it is a layer like others.
func TestDerivedLayer(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	computed := map[string]int{}
	var during []string
	d.m.gallery.WatchDeriving(func(now engine.Derivation) {
		if now.Layer == "" {
			return
		}
		computed[now.Layer]++
		next, again := d.m.Update(waited{d.m.searching.seq}) // what comes when a search takes long
		m := next.(Model)
		lines, _ := m.compose()
		during = append(during, strings.TrimSpace(lines[m.layout.Status]))
		_ = again
	})
	d.press("e ctrl+u text:A|pca4")
	d.wantScreen("enter computes A|pca4, if it is not kept")
	if len(computed) > 0 {
		t.Errorf("typing computes %v", computed)
	}
	d.press("enter")
	d.wantSchemes("A|pca4 B C A+B+C")
	if len(during) == 0 || !strings.HasPrefix(during[0], "computing A|pca4  0 %") {
		t.Errorf("meanwhile the status says %q", during)
	}
	if strings.Contains(d.status(), "computing") {
		t.Errorf("the status still says %q", d.status())
	}
	if !strings.Contains(d.log.String(), "# derived A|pca4 float32 1248x4 sha256:") {
		t.Errorf("the log does not say which layer it was:\n%s", d.log)
	}
	if len(*d.due) == 0 {
		t.Error("nobody looks again how far it is")
	}
	d.press("right enter")
	d.wantScreen("A|pca4")
	if cosines := d.m.Parts.Cosines; len(cosines) != 6 || cosines[5].Layer != "A|pca4" {
		t.Errorf("the panel has the cosines %v", cosines)
	}
	d.press("esc esc down L")
	d.wantScreen("A|pca4")
	before := len(computed)
	d.press("down down down down down space")
	d.wantSchemes("A|pca4 B+A|pca4 C A+B+C")
	if len(computed) != before || before != 1 {
		t.Errorf("computed were %v", computed)
	}
}
