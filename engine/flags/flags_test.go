package flags

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"strata/engine/fence"
)

func TestFlags(t *testing.T) {
	var f *Flags
	if f.Len() != 0 || f.Of("a") != "" || f.Words() != nil || string(f.Bytes()) != "id,flag\n" {
		t.Errorf("no flags are %+v", f)
	}
	one := f.With("a", "wrong").With("b, \"c\"\nd", "own word").With("e", "wrong")
	two := one.With("a", "duplicate").With("e", "").With("nobody", "")
	if one.Of("a") != "wrong" || one.Len() != 3 {
		t.Error("With changed its flags")
	}
	if got := strings.Join(two.IDs(), "; "); got != "a; b, \"c\"\nd" || two.Of("a") != "duplicate" || two.Of("e") != "" {
		t.Errorf("%s: %+v", got, two)
	}
	again, err := Read(strings.NewReader(string(one.Bytes())))
	if err != nil || !reflect.DeepEqual(again, one) {
		t.Errorf("%v: %q", err, one.Bytes())
	}
	if got := strings.Join(one.Words(), "; "); got != "own word; wrong" {
		t.Errorf("words %s", got)
	}
}

func TestReadFaults(t *testing.T) {
	for text, want := range map[string]string{
		"id,word\na,b\n":            "the columns are \"id,word\", not id and flag",
		"id,flag\na\n":              "wrong number of fields",
		"id,flag\na,b\na,c\n":       `line 3: the id "a" stands twice`,
		"id,flag\n,b\n":             "line 2: the id is empty",
		"id,flag\na,\n":             `line 2: "" is no flag`,
		"id,flag\na,none\n":         `line 2: "none" is no flag: it takes a flag back`,
		"id,flag\na,\"b\x1b[2J\"\n": "line 2: \"b\\x1b[2J\" is no flag",
		"id,flag\na,\"b\n":          "extraneous or missing",
		"id,flag\na, b\n":           "without blanks around it",
		"id,flag\na," + strings.Repeat("x", 65) + "\n": "at most 64 characters",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if f, err := Read(strings.NewReader("")); f != nil || err != nil {
		t.Errorf("an empty file: %v, %v", f, err)
	}
}

// TestManyFlags changes many flags at once, in a time that grows as their number does.
func TestManyFlags(t *testing.T) {
	var set, back []Change
	for i := range 50_000 {
		id := strconv.Itoa(i)
		set, back = append(set, Change{id, "wrong"}), append(back, Change{id, ""})
	}
	f := (*Flags)(nil).With("7", "duplicate").Apply(set)
	if f.Len() != len(set) || f.IDs()[0] != "7" || f.Of("7") != "wrong" {
		t.Errorf("%d flags, the first %s", f.Len(), f.IDs()[0])
	}
	if f = f.Apply(back[:len(back)-1]); f.Len() != 1 || f.Of("49999") != "wrong" {
		t.Errorf("left are %v", f.IDs())
	}
}

// TestOrder: an id that is flagged anew stands behind the others.
func TestOrder(t *testing.T) {
	f := (*Flags)(nil).Apply([]Change{{"a", "x"}, {"b", "x"}, {"a", ""}, {"c", "x"}, {"a", "y"}, {"b", "y"}, {"d", "x"}, {"d", ""}})
	if got := string(f.Bytes()); got != "id,flag\nb,y\nc,x\na,y\n" {
		t.Errorf("%q", got)
	}
}

// TestTooLarge: no file is written that would not be read.
func TestTooLarge(t *testing.T) {
	dir := fence.In(t.TempDir(), ".strata")
	if _, err := Update(dir, nil, []Change{{"a", "wrong"}}); err != nil {
		t.Fatal(err)
	}
	var changes []Change
	for i := range 17 {
		changes = append(changes, Change{strconv.Itoa(i) + strings.Repeat("x", 1<<20-9), "wrong"})
	}
	if _, err := Update(dir, nil, changes); err == nil || !strings.Contains(err.Error(), "its 18 flags would take 17825") {
		t.Errorf("%v", err)
	}
	if f, _, err := Load(dir); err != nil || f.Len() != 1 {
		t.Errorf("%d flags are left, %v", f.Len(), err)
	}
}

// TestUpdate has many goroutines flag at a time: none of their flags is lost, and nothing else lies in the
// folder.
func TestUpdate(t *testing.T) {
	base := t.TempDir()
	dir := fence.In(base, ".strata")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := Update(dir, (*Flags)(nil).With("first", "wrong"), []Change{{string(rune('a' + i)), "wrong"}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, there, err := Load(dir)
	if err != nil || !there || f.Len() != 21 {
		t.Fatalf("%d flags of 21: %v", f.Len(), err)
	}
	entries, err := os.ReadDir(dir.Path())
	if err != nil || len(entries) != 1 {
		t.Errorf("%v: %v", entries, err)
	}
	odd := []byte("not,flags\n")
	path := filepath.Join(base, ".strata", File)
	if err := os.WriteFile(path, odd, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(dir, nil, []Change{{"a", "wrong"}}); err == nil || !strings.Contains(err.Error(), path+": the columns are") {
		t.Errorf("a file that is none: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != string(odd) {
		t.Errorf("it is replaced by %q", b)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("id,flag\na,wrong\n\"b,c\",own word\n")
	f.Fuzz(func(t *testing.T, text string) {
		flags, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := Read(strings.NewReader(string(flags.Bytes())))
		if err != nil || flags.Len() > 0 && again.Len() != flags.Len() {
			t.Errorf("%q: %v", text, err)
		}
	})
}
