package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strata/engine/aside"
	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/rank"
)

// codedGallery writes a gallery of one layer, A, and returns its folder.
func codedGallery(t testing.TB, rows, dim int) (string, matrix) {
	rng := rand.New(rand.NewPCG(uint64(rows), uint64(dim)))
	m := matrix{}
	for range rows {
		row := make([]float32, dim)
		for i := range row {
			row[i] = 1 + float32(rng.NormFloat64())
		}
		m.rows = append(m.rows, row)
	}
	return writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), map[string]matrix{"A": m}), m
}

// build makes the codes of a gallery, and returns what progress said: the notes,
// and the rows that were there at first (-1: nothing was built).
func build(t testing.TB, g *Gallery) (notes []string, first int) {
	t.Helper()
	first = -1
	o := code.Options{Build: true, All: true, Progress: func(p code.Progress) {
		if p.Note != "" {
			notes = append(notes, p.Note)
		}
		if first < 0 {
			first = p.Rows
		}
	}}
	if err := g.PrepareCodes(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return notes, first
}

func codesFile(t testing.TB, g *Gallery) string {
	t.Helper()
	folder, err := g.Derived()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, code.CodesName(g.Layers[0]))
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCodesFileFaults damages a file of codes in every section: it is never used,
// said once, and built again, the same.
func TestCodesFileFaults(t *testing.T) {
	const rows, dim = 300, 70
	dir, _ := codedGallery(t, rows, dim)
	g := open(t, dir)
	build(t, g)
	path := codesFile(t, g)
	good := readFile(t, path)
	chunk := int(code.ChunkAt(0, dim))
	sections := []int{
		0, 4, 20, 24, 32, 40, 48, 56, 64, 72, 104, code.HeaderBytes - 1, code.HeaderBytes, chunk - 64, chunk, chunk + 4, chunk + 8,
		chunk + code.ChunkHead, chunk + code.ChunkHead + 8*rows, chunk + code.ChunkHead + 12*rows + 100, len(good) - rows*128, len(good) - 1,
	}
	type fault struct {
		name string
		file []byte
	}
	var faults []fault
	for _, at := range sections {
		for _, cut := range []int{at - 1, at, at + 1} {
			if cut >= 0 && cut < len(good) {
				faults = append(faults, fault{fmt.Sprint("cut at ", cut), good[:cut]})
			}
		}
		flipped := slices.Clone(good)
		flipped[at] ^= 1 << (at % 8)
		if at != chunk-64+63 { // the padding after μ
			faults = append(faults, fault{fmt.Sprint("flipped at ", at), flipped})
		}
	}
	longer := append(slices.Clone(good), 0)
	later := slices.Clone(good)
	binary.LittleEndian.PutUint32(later[20:], code.CodesVersion+1)
	binary.LittleEndian.PutUint32(later, crc32.Checksum(later[4:code.HeaderBytes], code.Castagnoli))
	faults = append(faults, fault{"longer", longer}, fault{"of a later version", later}, fault{"text", []byte(strings.Repeat("codes ", 9999))})
	for _, f := range faults {
		write(t, filepath.Dir(path), filepath.Base(path), f.file)
		g := open(t, dir)
		said := 0
		use := code.Options{All: true, Progress: func(p code.Progress) {
			if p.Note != "" {
				said++
			}
		}}
		if err := g.PrepareCodes(t.Context(), use); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		if g.CodesOf(g.Layers[0]) != nil || said != 1 {
			t.Fatalf("%s: it is used, or said %d times", f.name, said)
		}
		notes, _ := build(t, g)
		if len(notes) != 1 || !strings.Contains(notes[0], "A.codes") {
			t.Errorf("%s: notes %q", f.name, notes)
		}
		if !bytes.Equal(readFile(t, path), good) {
			t.Fatalf("%s: it is not what was built first", f.name)
		}
		g.Close()
	}
}

// TestCodesOfOtherMatrix puts codes beside a matrix of another shape, type or
// content, and of the same content at another time.
func TestCodesOfOtherMatrix(t *testing.T) {
	dir, m := codedGallery(t, 200, 30)
	g := open(t, dir)
	build(t, g)
	g.Close()
	other := matrix{rows: slices.Clone(m.rows)}
	other.rows[7] = make([]float32, 30)
	other.rows[7][3] = 2
	wider := matrix{}
	for range 200 {
		wider.rows = append(wider.rows, make([]float32, 31))
	}
	for name, m := range map[string]matrix{"content": other, "half": {half: true, rows: m.rows}, "width": wider} {
		write(t, dir, "A.npy", m.npy())
		g := open(t, dir)
		notes, first := build(t, g)
		if len(notes) != 1 || first != 0 {
			t.Errorf("%s: notes %q, built from row %d", name, notes, first)
		}
		g.Close()
	}
	write(t, dir, "A.npy", m.npy())
	g = open(t, dir)
	build(t, g)
	g.Close()
	if err := os.Chtimes(filepath.Join(dir, "A.npy"), time.Time{}, time.Unix(12345, 0)); err != nil {
		t.Fatal(err)
	}
	g = open(t, dir)
	if notes, first := build(t, g); len(notes) != 0 || first != -1 {
		t.Errorf("the same matrix at another time: notes %q, built from row %d", notes, first)
	}
}

// TestCodesOfChangedBlock changes a row of which the fingerprint sees nothing.
func TestCodesOfChangedBlock(t *testing.T) {
	const rows, dim = 3000, 1500
	dir, _ := codedGallery(t, rows, dim)
	g := open(t, dir)
	build(t, g)
	size := rows * dim * 4
	seen := layer.SampleBlocks(size)
	at := 0
	for slices.Contains(seen, at) {
		at++
	}
	path := filepath.Join(dir, "A.npy")
	g.Close()
	b := readFile(t, path)
	b[len(b)-size+at*layer.FingerprintBlockSize+100] ^= 64
	write(t, dir, "A.npy", b)
	g = open(t, dir)
	if notes, first := build(t, g); len(notes) != 1 || first != 0 {
		t.Errorf("notes %q, built from row %d", notes, first)
	}
}

// TestCodesGrow appends rows: whole chunks are kept, and so is the mean.
func TestCodesGrow(t *testing.T) {
	const rows, more, dim = code.CodeChunk + 700, code.CodeChunk + 300, 5
	dir, m := codedGallery(t, rows, dim)
	g := open(t, dir)
	build(t, g)
	path := codesFile(t, g)
	old := readFile(t, path)
	g.Close()
	_, extra := codedGallery(t, more, dim)
	m.rows = append(m.rows, extra.rows...)
	write(t, dir, "A.npy", m.npy())
	write(t, dir, itemsFile, []byte("id\n"+strings.Join(ids(rows+more), "\n")))
	g = open(t, dir)
	if err := g.PrepareCodes(t.Context(), code.Options{All: true}); err != nil || g.CodesOf(g.Layers[0]) != nil {
		t.Fatalf("%v; codes of fewer rows are used", err)
	}
	notes, first := build(t, g)
	if len(notes) != 0 || first != code.CodeChunk {
		t.Errorf("notes %q, built from row %d", notes, first)
	}
	grown := readFile(t, path)
	from, to := code.HeaderBytes, code.ChunkAt(1, dim)
	if !bytes.Equal(grown[from:to], old[from:to]) {
		t.Error("the mean or the first chunk is another")
	}
	checkFirst(t, g, m)
}

// checkFirst compares one search with sorting everything.
func checkFirst(t *testing.T, g *Gallery, m matrix) {
	t.Helper()
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(map[string]matrix{"A": m}, func(q, row int) bool { return q != row })
	schemes := parseAll(t, g, []string{"A"})
	q := len(m.rows) - 3
	got, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), q, schemes, 10, among)
	if err != nil {
		t.Fatal(err)
	}
	checkRankings(t, got, o.rankAll(schemes, q), 10, "after a build")
	if !got[0].Coded {
		t.Error("not from codes")
	}
}

// TestCodesCancelled stops a build after its first chunk; the next goes on there.
func TestCodesCancelled(t *testing.T) {
	dir, m := codedGallery(t, 2*code.CodeChunk+100, 3)
	g := open(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	o := code.Options{Build: true, All: true, Progress: func(p code.Progress) {
		if p.Rows > 0 {
			cancel()
		}
	}}
	if err := g.PrepareCodes(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled build returns %v", err)
	}
	if g.CodesOf(g.Layers[0]) != nil {
		t.Fatal("half a file is used")
	}
	if _, err := os.Stat(codesFile(t, g)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("half a file is there: %v", err)
	}
	if notes, first := build(t, g); len(notes) != 0 || first < code.CodeChunk {
		t.Errorf("notes %q, built from row %d", notes, first)
	}
	checkFirst(t, g, m)
	resumed := readFile(t, codesFile(t, g))
	if err := removeCodes(filepath.Dir(codesFile(t, g)), g.Layers[0]); err != nil {
		t.Fatal(err)
	}
	fresh := open(t, dir)
	build(t, fresh)
	if !bytes.Equal(readFile(t, codesFile(t, g)), resumed) {
		t.Error("a build in two parts gives other bytes than one in one")
	}
}

// buildEnv names the gallery whose codes TestKilledBuild's program builds.
const buildEnv = "STRATA_TEST_BUILD_CODES"

// TestKilledBuild kills a process that builds, with no chance to clean up, in
// the second chunk of three.
func TestKilledBuild(t *testing.T) {
	if dir := os.Getenv(buildEnv); dir != "" {
		g := open(t, dir)
		o := code.Options{Build: true, All: true, Progress: func(p code.Progress) {
			fmt.Fprintln(os.Stdout, "rows", p.Rows)
			if p.Rows > 0 {
				_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
			}
		}}
		t.Fatal(g.PrepareCodes(t.Context(), o))
	}
	dir, m := codedGallery(t, 2*code.CodeChunk+100, 3)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledBuild$")
	child.Env = append(os.Environ(), buildEnv+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != fmt.Sprint("rows ", code.CodeChunk) {
	}

	g := open(t, dir)
	lock, err := os.OpenFile(codesFile(t, g)+".lock", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if locked, err := aside.TryLock(lock); locked || err != nil {
		t.Fatalf("while a process builds, another gets the lock: %v, %v", locked, err)
	}
	lock.Close()
	done := make(chan error, 1)
	first := -1
	go func() {
		done <- g.PrepareCodes(t.Context(), code.Options{Build: true, All: true, Progress: func(p code.Progress) {
			if first < 0 {
				first = p.Rows
			}
		}})
	}()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // its error says that it was killed
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if first != code.CodeChunk {
		t.Errorf("the build goes on from row %d", first)
	}
	checkFirst(t, g, m)
}

// TestTwoBuilders: one builds, the other uses what it has built.
func TestTwoBuilders(t *testing.T) {
	dir, m := codedGallery(t, code.CodeChunk+10, 40)
	var wg sync.WaitGroup
	galleries := make([]*Gallery, 4)
	for i := range galleries {
		g := open(t, dir)
		galleries[i] = g
		wg.Go(func() {
			if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range galleries {
		checkFirst(t, g, m)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, DerivedFolder, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestSmallGalleriesHaveNoCodes: by default nothing is written for them.
func TestSmallGalleriesHaveNoCodes(t *testing.T) {
	dir, _ := codedGallery(t, 100, 10)
	g := open(t, dir)
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, DerivedFolder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

// TestCodesKeepFaults: rows without a score are told apart as by a scan.
func TestCodesKeepFaults(t *testing.T) {
	nan := float32(math.NaN())
	dir := writeGallery(t, "id\na\nb\nc\nd\n", map[string]matrix{"A": {rows: [][]float32{{1, 0}, {0, 0}, {1, nan}, {0, 0}}}})
	g := open(t, dir)
	prepare(t, g)
	scanned := open(t, dir)
	if err := scanned.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := g.Layers[0].Faults(), scanned.Layers[0].Faults(); len(want) != 2 || !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// removeCodes removes a layer's codes and what a build has left of them.
func removeCodes(folder string, l *layer.Layer) error {
	path := filepath.Join(folder, code.CodesName(l))
	var errs []error
	for _, name := range []string{path, path + ".part", path + ".lock"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// TestCodesOfFinishedPart goes on with a build that was killed behind its last
// chunk, before the file had its name.
func TestCodesOfFinishedPart(t *testing.T) {
	for _, rows := range []int{200, code.CodeChunk, code.CodeChunk + 10} {
		dir, _ := codedGallery(t, rows, 10)
		g := open(t, dir)
		build(t, g)
		path := codesFile(t, g)
		whole := readFile(t, path)
		g.Close()
		if err := os.Rename(path, path+".part"); err != nil {
			t.Fatal(err)
		}
		g = open(t, dir)
		if notes, first := build(t, g); len(notes) != 0 || first != rows {
			t.Errorf("%d rows: notes %q, built from row %d", rows, notes, first)
		}
		if !bytes.Equal(readFile(t, path), whole) {
			t.Errorf("%d rows: it is not what was built first", rows)
		}
		g.Close()
	}
}
