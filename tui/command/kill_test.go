//go:build unix

package command

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"strata/fixtures/need"
)

// killSeed draws the moments of the kills.
const killSeed = 1

// kills returns how many kills there are: STRATA_KILLS, or two of each operation.
func kills(t *testing.T, operations int) int {
	t.Helper()
	text := os.Getenv("STRATA_KILLS")
	if text == "" {
		return 2 * operations
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("STRATA_KILLS is a number, not %q", text)
	}
	return n
}

// TestKill kills the program at random moments of every operation that writes.
// What is there then is what was there before or what will be at the end, and
// nothing that the program has shown as done is lost; afterwards the same command
// gives the same bytes as if nothing had been, and leaves nothing else.
func TestKill(t *testing.T) {
	need.Long(t)
	all := operations(t)
	n := kills(t, len(all))
	generatedFolder(t)
	for i, o := range all {
		t.Run(o.name, func(t *testing.T) {
			root := t.TempDir()
			want, took := o.undisturbed(t, root)
			random := rand.New(rand.NewPCG(killSeed, uint64(i)))
			var sum killed
			for k := range (n + len(all) - 1 - i) / len(all) {
				sum.add(o.kill(t, root, k, took, random, want))
				if t.Failed() {
					t.Fatalf("at kill %d of seed %d", k, killSeed)
				}
			}
			t.Logf("%v (the operation takes %v)", sum, took.Round(time.Millisecond))
		})
	}
}

// killed counts kills by what there was then.
type killed struct{ kills, none, part, whole, left int }

func (k *killed) add(other killed) {
	k.kills, k.none, k.part, k.whole, k.left = k.kills+other.kills, k.none+other.none, k.part+other.part, k.whole+other.whole, k.left+other.left
}

func (k killed) String() string {
	return fmt.Sprintf("%d kills: %d before the first result, %d between, %d after the last; %d files not yet in their places",
		k.kills, k.none, k.part, k.whole, k.left)
}

// kill begins the operation, kills it at a random moment, and checks what there is
// then and what it comes to.
func (o operation) kill(t *testing.T, root string, number int, took time.Duration, random *rand.Rand, want map[string]string) killed {
	t.Helper()
	dir := o.fresh(t, root)
	before := files(t, dir)
	after := time.Duration(random.Float64() * 1.1 * float64(took))
	var writing <-chan struct{}
	span := cmp.Or(o.span, min(30*time.Millisecond, took))
	if number%3 > 0 || o.keys { // soon after something appears, where more is going on
		after = 20 * time.Second
		placed := number%3 == 2 && !o.keys
		if placed {
			span = 3 * time.Millisecond // after files begin to get their names
		}
		writing = o.appears(t, dir, placed)
	}
	late := time.Duration(random.Float64() * float64(span))
	cmd := program(t, dir, o.args...)
	var shown func() string
	ended := make(chan struct{})
	if o.keys {
		p := inTerminal(t, cmd)
		go p.read()
		go p.press()
		shown = p.shown
		go func() { p.wait(); close(ended) }()
	} else {
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shown = out.String
		go func() { _ = cmd.Wait(); close(ended) }()
	}
	select {
	case <-time.After(after):
	case <-writing:
		select {
		case <-time.After(late):
		case <-ended:
		}
	case <-ended:
	}
	_ = cmd.Process.Kill() // it may have ended
	<-ended

	now := files(t, dir)
	result := killed{kills: 1}
	whole, left := o.checkFiles(t, before, now, want)
	result.left = left
	switch final := len(want) - len(before); {
	case whole == 0 && left == 0:
		result.none++
	case whole >= final && left == 0:
		result.whole++
	default:
		result.part++
	}
	if o.runCheck != nil {
		o.runCheck(t, dir, shown())
	}
	o.end(t, dir)
	o.same(t, files(t, dir), want)
	return result
}

// appears returns a channel that is closed when a new file appears in the folder
// that the operation writes into; with placed, one in its place.
func (o operation) appears(t *testing.T, dir string, placed bool) <-chan struct{} {
	t.Helper()
	seen := make(chan struct{})
	folder := filepath.Join(dir, filepath.FromSlash(o.watch))
	look := func() map[string]time.Time {
		all := map[string]time.Time{}
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && !e.IsDir() && (!placed || !notPlaced(e.Name())) {
				all[e.Name()] = info.ModTime()
			}
		}
		return all
	}
	before := look()
	tick := time.NewTicker(time.Millisecond / 4)
	go func() {
		defer close(seen)
		defer tick.Stop()
		for {
			for name, now := range look() {
				if now != before[name] {
					return
				}
			}
			select {
			case <-tick.C:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return seen
}

// same wants the files of an undisturbed run, and no others.
func (o operation) same(t *testing.T, now, want map[string]string) {
	t.Helper()
	for name, sum := range want {
		if now[name] != sum {
			t.Errorf("%s is not what an undisturbed run makes of it: %.8s, not %.8s", name, now[name], sum)
		}
	}
	for name := range now {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left", name)
		}
	}
}
