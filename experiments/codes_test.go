package experiments

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/code"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
)

// signalled is a log that closes done when it is told a line that begins so.
type signalled struct {
	writes
	line string
	done chan struct{}
}

func (w *signalled) Write(p []byte) (int, error) {
	n, err := w.writes.Write(p)
	if strings.HasPrefix(string(p), w.line) {
		close(w.done)
	}
	return n, err
}

// codedTable is a gallery of one layer and so many rows.
func codedTable(t *testing.T, rows int) string {
	rng := rand.New(rand.NewPCG(3, uint64(rows)))
	tab := &testgallery.Table{Labels: []string{"category"}, Cells: map[string][]string{}, Layers: map[string][][]float32{}}
	for r := range rows {
		tab.IDs = append(tab.IDs, fmt.Sprint("i", r))
		tab.Cells["category"] = append(tab.Cells["category"], fmt.Sprint("k", r%7))
		row := make([]float32, 40)
		for i := range row {
			row[i] = 1 + float32(rng.NormFloat64())
		}
		tab.Layers["A"] = append(tab.Layers["A"], row)
	}
	dir := t.TempDir()
	tab.Write(t, dir)
	return dir
}

// TestCodesBehind builds codes behind a session: the log says that, and then how
// many rows a search has scored; the lines that count are those of a session without.
func TestCodesBehind(t *testing.T) {
	dir := codedTable(t, 600)
	const sc = "query i5\nschemes A\nsearch 10\n"
	plain := NewSession(Options{Open: openFolder})
	defer plain.Close()
	want, err := plain.Do(t.Context(), append([]script.Step{script.Gallery{Name: dir}}, steps(t, sc)...)...)
	if err != nil {
		t.Fatal(err)
	}

	log := &signalled{line: "# codes: built those of A, 600 rows", done: make(chan struct{})}
	s := NewSession(Options{Open: openFolder, Log: log, SkipContent: true, Codes: BuildCodes, AllCodes: true})
	defer s.Close()
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	<-log.done

	again := &writes{}
	s = NewSession(Options{Open: openFolder, Log: again, SkipContent: true, Codes: UseCodes, AllCodes: true})
	defer s.Close()
	got, err := s.Do(t.Context(), append([]script.Step{script.Gallery{Name: dir}}, steps(t, sc)...)...)
	if err != nil {
		t.Fatal(err)
	}
	last := len(want) - 1
	if a, b := strings.Join(got[last].Lines, "\n"), strings.Join(want[last].Lines, "\n"); a != b {
		t.Errorf("with codes\n%s\nwithout\n%s", a, b)
	}
	if !strings.Contains(again.text(), "# rescored of 599 rows: A ") {
		t.Errorf("the log does not say how many rows were rescored:\n%s", again.text())
	}
}

// TestCloseEndsBuilding closes a session at once: the building of codes ends, and
// nothing half made is used.
func TestCloseEndsBuilding(t *testing.T) {
	dir := codedTable(t, 20_000)
	s := NewSession(Options{Open: openFolder, Codes: BuildCodes, AllCodes: true})
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedCodes are noted where they are not used, and the search is right.
func TestDamagedCodes(t *testing.T) {
	dir := codedTable(t, 300)
	if err := os.MkdirAll(filepath.Join(dir, ".strata"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".strata", "A.codes"), []byte("no codes"), 0o666); err != nil {
		t.Fatal(err)
	}
	log := &writes{}
	s := NewSession(Options{Open: openFolder, Log: log, SkipContent: true, Codes: UseCodes, AllCodes: true})
	defer s.Close()
	if _, err := s.Do(t.Context(), append([]script.Step{script.Gallery{Name: dir}}, steps(t, "query i5\nschemes A\nsearch 10\n")...)...); err != nil {
		t.Fatal(err)
	}
	if text := log.text(); strings.Count(text, "A.codes is cut short: not used") != 1 || strings.Contains(text, "rescored") {
		t.Errorf("the log is\n%s", text)
	}
}

// TestDamageFoundBySearch: codes that a search finds damaged are noted once, and the search is right.
func TestDamageFoundBySearch(t *testing.T) {
	dir := codedTable(t, 600)
	steps := append([]script.Step{script.Gallery{Name: dir}}, steps(t, "query i5\nschemes A\nsearch 10\nschemes A\nsearch 9\n")...)
	do := func(policy CodesPolicy, log io.Writer) string {
		s := NewSession(Options{Open: openFolder, Log: log, SkipContent: true, Codes: policy, AllCodes: true})
		defer s.Close()
		results, err := s.Do(t.Context(), steps...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(results[len(results)-1].Lines, "\n")
	}
	want := do(NoCodes, nil)
	log := &signalled{line: "# codes: built those of A, 600 rows", done: make(chan struct{})}
	s := NewSession(Options{Open: openFolder, Log: log, SkipContent: true, Codes: BuildCodes, AllCodes: true})
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	<-log.done
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, ".strata", "A.codes")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-600*code.Stride(40)-1] ^= 1 // of the 4-bit codes
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	again := &writes{}
	if got := do(UseCodes, again); got != want {
		t.Errorf("with damaged codes\n%s\nwithout\n%s", got, want)
	}
	if text := again.text(); strings.Count(text, "A.codes is damaged in chunk 1 of 1: not used") != 1 || strings.Contains(text, "rescored") {
		t.Errorf("the log is\n%s", text)
	}
}
