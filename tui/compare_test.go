package tui

import (
	"testing"

	"strata/tui/page"
	"strata/tui/picture"
)

// TestComparePage shows what a compare step found, and makes a pair of it rows.
func TestComparePage(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press(": text:compare_A,_B,_B+pattern_over_200 enter")
	d.wantStatus("compared 3 schemes over 200 queries: t shows it")
	d.press("t")
	if d.m.findings.Page != page.Compare {
		t.Fatalf("t opens %s", d.m.findings.Page)
	}
	d.golden("120x40-compare")
	d.press("l")
	d.wantScreen("P@10 · brand")
	d.press("down down enter")
	if d.m.findings.Open {
		t.Error("enter leaves the pages open")
	}
	d.wantSchemes("A B B+pattern C A+B+C")
	d.wantSteps("schemes A, B, B+pattern, C, A+B+C", "search  10")
	d.press("t tab")
	if d.m.findings.Page != page.Classes {
		t.Errorf("after Compare comes %s, without a tuning", d.m.findings.Page)
	}
}

// TestTunePage shows what a tune step found, and makes a scheme of it a row that is chosen on these queries.
func TestTunePage(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press(": text:tune_B,_C_for_P@10_category_over_200_step_0.25 enter")
	d.wantStatus(": t shows it")
	d.press("t")
	if d.m.findings.Page != page.Tune {
		t.Fatalf("t opens %s", d.m.findings.Page)
	}
	d.golden("120x40-tune")
	d.press("enter")
	best := d.m.findings.Tuned.Trials[d.m.findings.Tuned.Best].Scheme
	if d.m.findings.Open || !d.m.Chosen.Has(best) || d.m.Focused().String() != best.String() {
		t.Errorf("enter focuses %s, of %s", d.m.Focused(), d.schemes())
	}
}
