package engine

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine/flags"
	"strata/engine/scheme"
)

// stateHome lets the user's state be a new folder.
func stateHome(t *testing.T) {
	t.Helper()
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	xdg.Reload()
}

// wrong are conditions on flags.
func onFlag(words ...string) (all []scheme.Condition) {
	for _, w := range words {
		all = append(all, scheme.Condition{Label: FlagColumn, Value: w})
	}
	return all
}

func TestFlagsOfAGallery(t *testing.T) {
	stateHome(t)
	g := setsGallery(t, "queries: {odd: {where: {flag: [wrong, duplicate]}}}")
	if _, err := g.Rows(onFlag("wrong")); !errors.Is(err, ErrNoFlags) {
		t.Errorf("no flags: %v", err)
	}
	if err := g.Flagging().Write([]flags.Change{{ID: "a", Word: "wrong"}, {ID: "12", Word: "wrong"}, {ID: "d", Word: "duplicate"}, {ID: "gone", Word: "wrong"}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(g.Path, DerivedFolder, flags.File)
	if got := g.Flagging().Path(); got != path {
		t.Errorf("they lie in %s, not %s", got, path)
	}
	again, err := Open(t.Context(), g.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !reflect.DeepEqual(again.Flags(), g.Flags()) || !strings.Contains(strings.Join(again.Notes, "\n"), `flags.csv: 1 of 4 flagged ids are of no item, and kept: "gone"`) {
		t.Errorf("%+v\n%q", again.Flags(), again.Notes)
	}
	for want, where := range map[string][]scheme.Condition{
		"10001": onFlag("wrong"), "10011": onFlag("wrong", "duplicate"), "10000": append(onFlag("wrong"), scheme.Condition{Label: "category", Value: "cap"}),
	} {
		in, err := again.Rows(where)
		got := ""
		for _, is := range in {
			got += map[bool]string{true: "1", false: "0"}[is]
		}
		if err != nil || got != want {
			t.Errorf("%v: %s, %v", where, got, err)
		}
	}
	if set, err := again.Queries().Set("odd"); err != nil || !reflect.DeepEqual(set.Rows, []int{0, 4}) || !again.Queries().OnFlags("odd") {
		t.Errorf("the set %v: %v", set, err)
	}
	if _, err := again.Rows(onFlag("wrnog")); err == nil || !strings.Contains(err.Error(), `no flag "wrnog" (there is `) {
		t.Errorf("a flag that nobody gave: %v", err)
	}
}

func TestFlagsOfAReadOnlyGallery(t *testing.T) {
	stateHome(t)
	g := setsGallery(t, "")
	if err := g.Flagging().Write([]flags.Change{{ID: "a", Word: "wrong"}}); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(g.Path, DerivedFolder)
	if err := os.Rename(own, own+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(own+"-away", own); err != nil { // nothing is written into what is a link
		t.Fatal(err)
	}
	if err := g.Flagging().Write([]flags.Change{{ID: "b", Word: "own word"}}); err != nil {
		t.Fatal(err)
	}
	if path := g.Flagging().Path(); !strings.HasPrefix(path, xdg.StateHome) {
		t.Errorf("they lie in %s", path)
	}
	if err := errors.Join(os.Remove(own), os.Rename(own+"-away", own)); err != nil {
		t.Fatal(err)
	}
	if err := g.Flagging().Write([]flags.Change{{ID: "c", Word: "wrong"}}); err != nil {
		t.Fatal(err)
	}
	if path := g.Flagging().Path(); path != filepath.Join(own, flags.File) || g.Flags().Len() != 3 {
		t.Errorf("%d flags in %s", g.Flags().Len(), path)
	}
}

func TestOddFlags(t *testing.T) {
	stateHome(t)
	g := setsGallery(t, "")
	path := filepath.Join(g.Path, DerivedFolder, flags.File)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("a,b\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), g.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if notes := strings.Join(again.Notes, "\n"); !strings.Contains(notes, `flags.csv: the flags are not read: the columns are "a,b"`) {
		t.Errorf("%q", notes)
	}
	if err := again.Flagging().Write([]flags.Change{{ID: "a", Word: "wrong"}}); err == nil || !strings.Contains(err.Error(), "are not replaced") {
		t.Errorf("they are replaced: %v", err)
	}
}
