//go:build unix

package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/code"
	"strata/engine/flags"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/native"
	"strata/engine/neighbour"
	"strata/experiments/script"
	"strata/fixtures/large"
	"strata/fixtures/need"
)

// operation is something that writes files, for tests that end it at any moment.
type operation struct {
	name  string
	begin func(t *testing.T, dir string) // makes what is there before; nil: nothing
	args  []string                       // run in dir
	watch string                         // the folder, in dir, where the results appear
	span  time.Duration                  // how long it may write after that; 0: 30 ms
	keys  bool                           // it is the workbench: keys are pressed until it is ended

	// runCheck checks what is there when it was killed, beside what is checked of every
	// operation: shown is what it had written, or its screen.
	runCheck func(t *testing.T, dir, shown string)
	// finish brings what was begun to its end; nil: the same command does.
	finish func(t *testing.T, dir string, args []string)
}

// sealFile is the last file of a set, which vouches for the others in its folder.
const sealFile = "manifest.json"

// operations are all that write. A new one needs a line here.
func operations(t *testing.T) []operation {
	all := []operation{
		{
			name: "codes", watch: "g/.strata", span: 1500 * time.Millisecond, keys: true, begin: largeGallery, runCheck: checkChunks, finish: finishCodes,
			args: []string{"g", "--graphics", "none", "--log", "log.strata"},
		},
		{name: "derive", watch: "g/.strata", begin: smallGallery, args: []string{"derive", "g", "C|centre|pca128"}},
		{name: "derive --out", watch: "g", begin: smallGallery, args: []string{"derive", "g", "A|pca16", "--out", "A16"}, finish: unless("A16.npy")},
		{name: "import", watch: "g/.strata/import", begin: importable, args: []string{"import", "f.npy", "--to", "g", "--layer", "X", "--type", "float16"}, finish: unless("X.npy")},
		{name: "items", watch: "g", begin: manyPictures, args: []string{"items", "g", "--folders", "category", "--name", "{brand}_{_}"}, finish: unless("items.csv")},
		{name: "eval", watch: "out", args: evalArgs("A", "B+pattern")},
		{name: "eval over another", watch: "out", args: evalArgs("A", "B+pattern"), begin: func(t *testing.T, dir string) {
			mustRun(t, dir, evalArgs("C", "pattern", "A+B")...)
		}},
		{name: "mine", watch: "out", args: []string{"mine", "demo", "--schemes", "A,B+pattern", "--queries", "300", "--label", "category", "--out", "out"}},
		{name: "tune", watch: "out", args: []string{
			"tune", "demo", "--layers", "A,B,pattern", "--objective", "P@10 category", "--step", "1/3", "--queries", "200", "--out", "out",
		}},
		{name: "replay", watch: "out", args: []string{"replay", "s.strata", "--out", "out"}, begin: exportingScript, runCheck: checkExports},
		{name: "flags", watch: "g/.strata", args: []string{"replay", "s.strata"}, begin: flaggingScript},
		{name: "log", watch: ".", span: 3 * time.Second, keys: true, args: []string{"demo", "--graphics", "none", "--log", "log.strata"}, runCheck: checkLog, finish: finishLog},
	}
	if _, err := native.FindLibrary("", os.Getenv); err != nil {
		if os.Getenv("STRATA_NO_SKIP") != "" {
			need.Missing(t, err.Error())
		}
		t.Logf("extract is left out: %v", err)
		return all
	}
	all = append(all, operation{
		name: "sweep --keep", watch: "g/.strata", begin: sweptGallery, finish: finishSweep,
		args: []string{"sweep", "blocks.onnx", "g", "--size", "16", "--range", "0,1", "--pool", "gap,max", "--keep", "2"},
	})
	return append(all, operation{
		name: "extract", watch: "g/.strata", begin: pictureGallery,
		args:   []string{"extract", "net.onnx", "g", "--size", "8", "--range", "0,1", "--tap", "A=relu:gap", "--tap", "M=relu:max", "--type", "float32"},
		finish: finishExtract,
	})
}

func evalArgs(schemes ...string) []string {
	args := []string{"eval", "demo", "--queries", "200", "--out", "out", "--trec", "20", "--format", "csv,jsonl,parquet", "--report"}
	for _, s := range schemes {
		args = append(args, "--scheme", s)
	}
	return args
}

// program returns a command that runs the program in a folder, which holds the
// user's folders, too.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "strata", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		"NO_COLOR=", "CI=")
	if path, err := native.FindLibrary("", os.Getenv); err == nil { // in the user's cache, maybe
		cmd.Env = append(cmd.Env, native.LibraryVariable+"="+path.Path)
	}
	return cmd
}

func mustRun(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := program(t, dir, args...).CombinedOutput(); err != nil {
		t.Fatalf("strata %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// generated writes a gallery into a folder g, once for all tests: its files are
// linked, so that they keep their times.
func generated(t *testing.T, dir string, name string, g large.Gallery) {
	t.Helper()
	kept := filepath.Join(generatedFolder(t), name)
	if _, err := os.Stat(kept); err != nil {
		if err := g.Write(t.Context(), kept, nil); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(dir, "g")
	if err := os.MkdirAll(to, 0o777); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Link(filepath.Join(kept, e.Name()), filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

var generatedDir string

// generatedFolder returns a folder that lasts as long as the test that asks first.
func generatedFolder(t *testing.T) string {
	t.Helper()
	if generatedDir == "" {
		generatedDir = t.TempDir()
		t.Cleanup(func() { generatedDir = "" })
	}
	return generatedDir
}

func largeGallery(t *testing.T, dir string) {
	generated(t, dir, "large", large.Gallery{
		Items: 70_000, Seed: 1, Type: layer.Float32,
		Layers: []large.Layer{{Name: "A", Dim: 256, Kind: large.KindB}},
	})
}

func smallGallery(t *testing.T, dir string) {
	generated(t, dir, "small", large.Gallery{
		Items: 3000, Seed: 1, Type: layer.Float16,
		Layers: []large.Layer{{Name: "A", Dim: 64, Kind: large.KindB}, {Name: "C", Dim: 384, Kind: large.KindC}},
	})
}

// pictureGallery makes pictures, and a network that is one Relu.
func pictureGallery(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "g"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		picture := image.NewGray(image.Rect(0, 0, 24, 16))
		for k := range picture.Pix {
			picture.Pix[k] = uint8(k * (i + 1))
		}
		var b bytes.Buffer
		err := png.Encode(&b, picture)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "g", fmt.Sprintf("p%02d.png", i)), b.Bytes(), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "net.onnx"), reluNetwork(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// manyPictures makes a folder of pictures, which are empty: their names alone are read.
func manyPictures(t *testing.T, dir string) {
	t.Helper()
	for i := range 2000 {
		name := filepath.Join(dir, "g", fmt.Sprint("c", i%20), fmt.Sprintf("b%d_%d.jpg", i%7, i))
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, nil, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// reluNetwork returns a model in ONNX's format: relu = Relu(input), of N×3×H×W.
func reluNetwork() []byte {
	field := func(number int, content ...[]byte) []byte { // of protobuf, with a length
		all := slices.Concat(content...)
		return append([]byte{byte(number<<3 | 2), byte(len(all))}, all...)
	}
	text := func(number int, s string) []byte { return field(number, []byte(s)) }
	number := func(n int, value byte) []byte { return []byte{byte(n << 3), value} }
	value := func(name string) []byte {
		var shape []byte
		for _, d := range [][]byte{text(2, "N"), number(1, 3), text(2, "H"), text(2, "W")} {
			shape = append(shape, field(1, d)...)
		}
		return append(text(1, name), field(2, field(1, number(1, 1), field(2, shape)))...)
	}
	node := slices.Concat(text(1, "input"), text(2, "relu"), text(3, "node"), text(4, "Relu"))
	graph := slices.Concat(field(1, node), text(2, "net"), field(11, value("input")), field(12, value("relu")))
	return slices.Concat(number(1, 8), field(7, graph), field(8, number(2, 17)))
}

// exportingScript writes a script that exports several tables.
func exportingScript(t *testing.T, dir string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("gallery demo\nschemes A, B+pattern, C\n")
	for i := range 6 {
		fmt.Fprintf(&b, "query knit-%04d\nsearch 10\nexport rankings-%d.rankings.csv\n", i+1, i)
	}
	b.WriteString("evaluate A, B+pattern over 200\nexport metrics.csv\nexport per_query.parquet\n")
	if err := os.WriteFile(filepath.Join(dir, "s.strata"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// flaggingScript makes a gallery with some kilobytes of flags, and a script that flags one more item.
func flaggingScript(t *testing.T, dir string) {
	t.Helper()
	smallGallery(t, dir)
	g, err := engine.OpenItems(t.Context(), filepath.Join(dir, "g"), engine.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var had []flags.Change
	for row := 1; row < 40; row++ {
		had = append(had, flags.Change{ID: g.ID(row), Word: strings.Repeat("w", 60)})
	}
	if err := g.Flagging().Write(had); err != nil {
		t.Fatal(err)
	}
	text := "gallery g\n" + script.Flag{ID: g.ID(0), Word: "wrong"}.String() + "\n"
	if err := os.WriteFile(filepath.Join(dir, "s.strata"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

var exported = regexp.MustCompile(`(?m)^export +(\S+)\n +(\d+) bytes +sha256:([0-9a-f]{64})\n`)

// checkExports wants every export that a replay has shown.
func checkExports(t *testing.T, dir, shown string) {
	for _, m := range exported.FindAllStringSubmatch(strings.ReplaceAll(shown, "\r\n", "\n"), -1) {
		b, err := os.ReadFile(filepath.Join(dir, "out", "s", m[1]))
		if sum := fmt.Sprintf("%x", sha256.Sum256(b)); err != nil || sum != m[3] {
			t.Errorf("the export %s was shown, and is not there: %v, %s", m[1], err, sum)
		}
	}
}

var shownCodes = regexp.MustCompile(`codes of A (\d+) %`)

// checkChunks wants the rows of codes that the screen said are coded to be kept,
// and all that were written but the last chunk, which may have been cut.
func checkChunks(t *testing.T, dir, shown string) {
	percent, written := 0, int64(0)
	if m := shownCodes.FindStringSubmatch(shown); m != nil {
		if _, err := fmt.Sscan(m[1], &percent); err != nil {
			t.Fatal(err)
		}
	}
	codes := filepath.Join(dir, "g", ".strata", "A.codes")
	if info, err := os.Stat(codes + ".part"); err == nil {
		written = info.Size()
	}
	first, of := buildCodes(t, dir)
	info, err := os.Stat(codes)
	if err != nil {
		t.Fatal(err)
	}
	const chunk = 1 << 14 // rows
	if least := int(written*int64(of)/info.Size()) - chunk - of/100; first < least || 100*first/of < percent {
		t.Errorf("of %d rows the screen said that %d %% are coded, and about %d were written; the next build goes on from row %d", of, percent, least, first)
	}
}

// buildCodes builds the codes, and returns the row from which it went on.
func buildCodes(t *testing.T, dir string) (first, of int) {
	t.Helper()
	cache := xdg.CacheHome
	xdg.CacheHome = filepath.Join(dir, "cache") // where the program left its seals
	defer func() { xdg.CacheHome = cache }()
	g, err := engine.Open(t.Context(), filepath.Join(dir, "g"))
	if err != nil {
		t.Fatal(err)
	}
	first = -1
	err = g.PrepareCodes(t.Context(), code.Options{Build: true, Progress: func(p code.Progress) {
		if first < 0 {
			first, of = p.Rows, p.Of
		}
		if p.Note != "" {
			t.Errorf("codes: %s", p.Note)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if first < 0 { // there was nothing to do
		return 1, 1
	}
	return first, of
}

func finishCodes(t *testing.T, dir string, _ []string) {
	buildCodes(t, dir)
	_ = os.Remove(filepath.Join(dir, "log.strata")) // of the keys; the operation log is about it
}

var (
	shownSaved = regexp.MustCompile(`saved \d\d:\d\d:\d\d *\n`)
	shownQuery = regexp.MustCompile(`\b[a-z-]+-\d{4}\b`)
	logStep    = regexp.MustCompile(`(?m)^[a-z]`)
)

// checkLog wants the query that the screen showed as saved to be in the log, and
// all but the last step of the log to give the same again.
func checkLog(t *testing.T, dir, shown string) {
	path := filepath.Join(dir, "log.strata")
	log, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if query := shownQuery.FindString(shown); shownSaved.MatchString(shown) && !bytes.Contains(log, []byte(query+"\n")) {
		t.Errorf("the screen said that query %s is saved; the log ends %q", query, log[max(0, len(log)-200):])
	}
	steps := logStep.FindAllIndex(log, -1)
	if len(steps) < 2 {
		return
	}
	whole := filepath.Join(dir, "whole.strata")
	if err := os.WriteFile(whole, log[:steps[len(steps)-1][0]], 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "replay", "--check", whole)
	if err := os.Remove(whole); err != nil {
		t.Fatal(err)
	}
}

// finishLog goes on with the log, which must read as a script then.
func finishLog(t *testing.T, dir string, _ []string) {
	p := inTerminal(t, program(t, dir, "demo", "--graphics", "none", "--log", "log.strata"))
	go p.read()
	for !shownSaved.MatchString(p.shown()) {
		select {
		case <-p.news:
		case <-p.ended:
			t.Fatalf("the log was not taken up: %s", p.output())
		}
	}
	_, _ = p.master.WriteString("q")
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.output())
	}
	checkLog(t, dir, p.shown())
	_ = os.Remove(filepath.Join(dir, "log.strata"))
	nextHoods(t, dir)
}

// nextHoods begins files beside all neighbourhoods, as the next program that keeps some does: what
// a killed one has left there is removed by it, and not by one that has quit before.
func nextHoods(t *testing.T, dir string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(dir, "cache", "strata", "galleries", "*", neighbour.NeighbourFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		next, err := aside.Create(filepath.Join(folder, "next"+neighbour.HoodsSuffix))
		if err != nil {
			t.Fatal(err)
		}
		next.Abandon()
	}
}

// press presses the key for the next query as long as the program runs, whenever
// the screen says that the last one is saved.
func (p *pseudoTerminal) press() {
	last := ""
	for {
		select {
		case <-p.ended:
			return
		case <-p.news:
		}
		shown := p.shown()
		if query := shownQuery.FindString(shown); shownSaved.MatchString(shown) && query != last {
			last = query
			if _, err := p.master.WriteString("n"); err != nil {
				return
			}
		}
	}
}

// files returns the names of all files below a folder, with hashes of what they
// hold, but for what differs from run to run.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		addFile(t, all, name, b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// addFile adds a file with a hash of what it holds, if it counts.
func addFile(t *testing.T, all map[string]string, name string, b []byte) {
	t.Helper()
	if of := filepath.Base(filepath.Dir(name)); strings.HasPrefix(name, filepath.Join("cache", "strata")) && (of == "seals" || of == "outputs") {
		return // a seal without what it seals is harmless, as is a lock that nobody holds
	}
	if strings.HasSuffix(name, neighbour.HoodsSuffix) {
		checkHoods(t, name, b)
		return // the workbench builds them behind, as far as it comes
	}
	all[name] = fmt.Sprintf("%x", sha256.Sum256(steady(name, b)))
}

// checkHoods wants a file of neighbourhoods to be whole.
func checkHoods(t *testing.T, name string, b []byte) {
	t.Helper()
	r, err := neighbour.NewNeighbourReader(bytes.NewReader(b), int64(len(b)))
	if err == nil {
		err = r.All(func(int, *neighbour.Neighbourhood) error { return nil })
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)|\d{4}-\d\d-\d\d \d\d:\d\d[^<]*|\d+(\.\d+)? ?(s|ms|seconds)\b`)

// steady takes out what differs from run to run.
func steady(name string, b []byte) []byte {
	switch filepath.Base(name) {
	case sealFile:
		var m map[string]any
		if json.Unmarshal(b, &m) != nil {
			return b
		}
		for _, key := range []string{"started", "seconds"} {
			delete(m, key)
		}
		out, _ := json.Marshal(m)
		return out
	case "report.html":
		return moment.ReplaceAll(b, nil)
	}
	return b
}

// unless finishes an operation whose result is a layer that it would not replace.
func unless(file string) func(*testing.T, string, []string) {
	return func(t *testing.T, dir string, args []string) {
		if _, err := os.Stat(filepath.Join(dir, "g", file)); err != nil {
			mustRun(t, dir, args...)
		}
	}
}

// finishExtract goes on with an extraction, unless all of it is in its place: it
// would not replace that.
func finishExtract(t *testing.T, dir string, args []string) {
	_, record := os.Stat(filepath.Join(dir, "g", manifest.FileName))
	_, journal := os.Stat(filepath.Join(dir, "g", ".strata", "extract", "journal.jsonl"))
	if record != nil || journal == nil {
		mustRun(t, dir, args...)
	}
}

// finishSweep sweeps again, unless the layers are in their places: they would not be
// replaced.
func finishSweep(t *testing.T, dir string, args []string) {
	record, _ := os.ReadFile(filepath.Join(dir, "g", manifest.FileName))
	_, journal := os.Stat(filepath.Join(dir, "g", ".strata", "extract", "journal.jsonl"))
	if len(record) == 0 || journal == nil {
		mustRun(t, dir, args...)
	}
}

// importable makes a gallery, and a matrix beside it.
func importable(t *testing.T, dir string) {
	t.Helper()
	largeGallery(t, dir)
	linkMatrix(t, dir)
}

// linkMatrix gives a layer of the gallery a second name beside it.
func linkMatrix(t *testing.T, dir string) {
	t.Helper()
	if err := os.Link(filepath.Join(dir, "g", "A.npy"), filepath.Join(dir, "f.npy")); err != nil {
		t.Fatal(err)
	}
}

// begun reports whether a file is one that goes on: its name says that it is no
// result, and the next run of the operation takes it up.
func begun(name string) bool {
	return strings.HasSuffix(name, ".codes.part") || strings.HasSuffix(name, ".lock") || strings.Contains(name, ".strata/extract/") || strings.Contains(name, ".strata/import/")
}

// notPlaced reports whether a file is one that is not yet in its place.
func notPlaced(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, ".") && strings.HasSuffix(base, ".aside")
}

// checkFiles wants every file to be as it was before, or as it will be at the
// end, or to be named as no result. It returns how many are as at the end and new,
// and how many have not their place.
func (o operation) checkFiles(t *testing.T, before, now, want map[string]string) (whole, left int) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch sum := now[name]; {
		case o.keys && strings.HasSuffix(name, "log.strata"):
			left++
		case begun(name):
			left++
		case sum == want[name] && sum != before[name]:
			whole++
		case sum == before[name]:
		case notPlaced(name):
			left++
		default:
			t.Errorf("%s is neither what it was nor what it will be", name)
		}
	}
	for name := range before {
		if _, there := now[name]; !there && filepath.Base(name) != sealFile {
			t.Errorf("%s has gone", name)
		}
	}
	for name, sum := range now {
		if filepath.Base(name) == sealFile {
			checkSealed(t, filepath.Dir(name), sum == want[name], before, now, want)
		}
	}
	return whole, left
}

// checkSealed wants the files beside a seal to be those that belong to it.
func checkSealed(t *testing.T, dir string, isNew bool, before, now, want map[string]string) {
	t.Helper()
	of := before
	if isNew {
		of = want
	}
	for name, sum := range of {
		if strings.HasPrefix(name, dir+string(filepath.Separator)) && now[name] != sum {
			t.Errorf("%s is not of the run that %s is of", name, filepath.Join(dir, sealFile))
		}
	}
}

// fresh returns the folder of an operation, always of the same path, with what is
// there before it.
func (o operation) fresh(t *testing.T, root string) string {
	t.Helper()
	dir := filepath.Join(root, "work")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if o.begin != nil {
		o.begin(t, dir)
	}
	return dir
}

// undisturbed returns the files that an operation leaves when nothing disturbs it,
// and how long it takes.
func (o operation) undisturbed(t *testing.T, root string) (want map[string]string, took time.Duration) {
	t.Helper()
	dir := o.fresh(t, root)
	began := time.Now()
	o.end(t, dir)
	took = time.Since(began)
	if o.keys {
		took = 20 * time.Second // it is killed at some time after it begins to write
	}
	return files(t, dir), took
}

// end brings an operation to its end.
func (o operation) end(t *testing.T, dir string) {
	t.Helper()
	if o.finish != nil {
		o.finish(t, dir, o.args)
		return
	}
	mustRun(t, dir, o.args...)
}
