//go:build linux

package command

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/fixtures/disk"
	"strata/fixtures/need"
)

// reopened is how many of an operation's states after a loss of power are brought to their ends.
const reopened = 3

// TestPowerLoss records what every operation that writes does to files, and cuts the power after
// each step: whatever of what is not synced is lost then, a file is as it was, or as it will be,
// or named as no result. When the operation has ended, nothing of it can be lost. Of the states
// some are made on the disk, and the same command goes on from there to the same files.
func TestPowerLoss(t *testing.T) {
	need.Long(t)
	need.Programs(t, "strace")
	generatedFolder(t)
	all := append(operations(t), operation{
		name: "cost", begin: smallGallery, args: []string{"cost", "g", "--scheme", "A+C", "--queries", "20", "--bits", "8", "--out", "out"},
	})
	for _, o := range all {
		if o.name == "codes" {
			continue // of a large gallery; cost writes the same
		}
		if o.name == "import" {
			o.begin = func(t *testing.T, dir string) { smallGallery(t, dir); linkMatrix(t, dir) }
		}
		t.Run(o.name, func(t *testing.T) {
			root := t.TempDir()
			p := &power{operation: o, root: root, trace: filepath.Join(root, "trace"), sums: map[file]map[string]string{}}
			p.record(t)
			p.replay(t, nil)
			p.ended(t)
			states := slices.Sorted(maps.Keys(p.seen))
			random := rand.New(rand.NewPCG(killSeed, 0))
			random.Shuffle(len(states), func(i, j int) { states[i], states[j] = states[j], states[i] })
			chosen := map[string]bool{}
			for _, s := range states[:min(reopened, len(states))] {
				chosen[s] = true
			}
			p.replay(t, func(key, place string, image disk.Image) {
				if chosen[key] && !t.Failed() {
					delete(chosen, key)
					p.goOn(t, place, image)
				}
			})
			t.Logf("%d steps, %d states", p.steps, len(states))
			if p.steps < 3 || len(states) < 2 {
				t.Errorf("that is less than any operation that writes does")
			}
		})
	}
}

// power is an operation whose power is cut.
type power struct {
	operation
	root, trace  string
	first        *disk.Disk // before it
	last         *disk.Disk // after it
	before, want map[string]string
	steps        int
	seen         map[string]bool // states
	sums         map[file]map[string]string
}

// file is a file's name and what it holds.
type file struct {
	name    string
	content disk.ID
}

// record runs the operation under strace.
func (p *power) record(t *testing.T) {
	t.Helper()
	dir := p.fresh(t, p.root)
	p.before = files(t, dir)
	cmd, err := disk.Traced(t.Context(), program(t, dir, p.args...), p.trace)
	if err != nil {
		t.Fatal(err)
	}
	if p.first, err = disk.New(dir); err != nil {
		t.Fatal(err)
	}
	if p.keys {
		record(t, inTerminal(t, cmd))
	} else if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strata %s: %v\n%s", strings.Join(p.args, " "), err, out)
	}
	p.want = files(t, dir)
}

// record presses the key for the next query some times, and quits.
func record(t *testing.T, p *pseudoTerminal) {
	t.Helper()
	go p.read()
	last := ""
	for pressed := 0; pressed < 3; {
		select {
		case <-p.news:
		case <-p.ended:
			t.Fatalf("it ended: %s", tail(p.output()))
		}
		shown := p.shown()
		if query := shownQuery.FindString(shown); shownSaved.MatchString(shown) && query != last {
			pressed, last = pressed+1, query
			_, _ = p.master.WriteString("n")
		}
	}
	_, _ = p.master.WriteString("q")
	if code := p.wait(); code != 0 {
		t.Fatalf("exit code %d: %s", code, tail(p.output()))
	}
}

// replay goes through what was recorded, and checks what is there after each step and loss. do, if
// set, is called with every state.
func (p *power) replay(t *testing.T, do func(key, place string, image disk.Image)) {
	t.Helper()
	f, err := os.Open(p.trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := p.first.Clone()
	p.seen, p.steps = map[string]bool{}, 0
	err = disk.ReadTrace(f, func(o disk.Operation) error {
		changed, err := d.Apply(o)
		if err != nil || !changed {
			return err
		}
		p.steps++
		for _, loss := range d.Losses() {
			image := d.After(loss)
			place := fmt.Sprintf("power lost after line %d (%s), %+v", o.Line, o.Call, loss)
			now, key := p.described(t, image)
			if !p.seen[key] {
				p.seen[key] = true
				p.checkFiles(t, p.before, now, p.want)
			}
			if do != nil && (!p.keys || loss.Data != disk.DataTorn) { // a step that is cut in the middle is another
				do(key, place, image)
			}
			if t.Failed() {
				return fmt.Errorf("%s", place)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.last = d
}

// described returns the hashes of files as files does, and one of them all.
func (p *power) described(t *testing.T, image disk.Image) (now map[string]string, key string) {
	t.Helper()
	now = map[string]string{}
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(image)) {
		name, _ := filepath.Rel(filepath.Join(p.root, "work"), path)
		c := image[path]
		of := file{name, c.ID}
		if p.sums[of] == nil {
			sum := map[string]string{}
			addFile(t, sum, name, c.Bytes)
			sum[""] = fmt.Sprintf("%x", sha256.Sum256(c.Bytes))
			p.sums[of] = sum
		}
		if sum, counts := p.sums[of][name]; counts {
			now[name] = sum
		}
		fmt.Fprintf(h, "%q %s\n", name, p.sums[of][""])
	}
	return now, string(h.Sum(nil))
}

// ended wants what was followed to be what is there, and all of it to be on the disk.
func (p *power) ended(t *testing.T) {
	t.Helper()
	is, err := disk.New(filepath.Join(p.root, "work"))
	if err != nil {
		t.Fatal(err)
	}
	nothing, all := disk.Loss{}, disk.Loss{Data: disk.DataLost, Names: p.last.Folders()}
	found, followed, kept := is.After(nothing), p.last.After(nothing), p.last.After(all)
	for path, c := range found {
		if !bytes.Equal(c.Bytes, followed[path].Bytes) {
			t.Errorf("%s has %d bytes, and %d were followed", path, len(c.Bytes), len(followed[path].Bytes))
		}
		name, _ := filepath.Rel(filepath.Join(p.root, "work"), path)
		if begun(name) || notPlaced(name) || strings.HasPrefix(name, filepath.Join("cache", "strata", "outputs")) {
			continue
		}
		if !bytes.Equal(c.Bytes, kept[path].Bytes) {
			t.Errorf("%s can be lost after the program has ended", name)
		}
	}
	for path := range followed {
		if _, there := found[path]; !there {
			t.Errorf("%s is not there", path)
		}
	}
}

// goOn makes a state on the disk, and brings the operation to its end.
func (p *power) goOn(t *testing.T, place string, image disk.Image) {
	t.Helper()
	dir := p.fresh(t, p.root)
	was, err := disk.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	had := was.After(disk.Loss{})
	for path, c := range image {
		if old, there := had[path]; there && bytes.Equal(old.Bytes, c.Bytes) {
			continue
		}
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			_ = os.Remove(path) // it may be a link to what other tests read
			err = os.WriteFile(path, c.Bytes, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for path := range had {
		if _, there := image[path]; !there {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.end(t, dir)
	now, want := files(t, dir), maps.Clone(p.want)
	if p.name == "cost" { // which measures times
		for _, m := range []map[string]string{now, want} {
			maps.DeleteFunc(m, func(name, _ string) bool { return strings.HasPrefix(name, "out") })
		}
	}
	if p.keys {
		maps.DeleteFunc(want, func(name, _ string) bool { return strings.HasSuffix(name, "log.strata") })
	}
	p.same(t, now, want)
	if t.Failed() {
		t.Logf("after %s", place)
	}
}
