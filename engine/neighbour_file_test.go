package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/neighbour"
	"strata/engine/seal"
)

// hoodsGallery writes a gallery whose neighbours are kept, and returns its folder, its
// plan and the file.
func hoodsGallery(t testing.TB, rows int) (dir string, p neighbour.Plan, file string) {
	t.Helper()
	g, _, _ := testGallery(t, 8000, rows)
	p = neighbour.Plan{Name: "all", Layers: []string{"A", "B", "C"}, Queries: allRows(rows), M: 6}
	if err := built(t, g, p).Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g.Path, p, filepath.Join(g.Path, DerivedFolder, neighbour.NeighbourFolder, "all.hoods")
}

// loaded loads neighbourhoods of a gallery that is opened for it.
func loaded(t testing.TB, dir string, p neighbour.Plan) (*neighbour.Neighbours, bool) {
	t.Helper()
	n, err := neighbour.NewNeighbours(open(t, dir), p)
	if err != nil {
		t.Fatal(err)
	}
	found, err := n.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n, found
}

func TestNeighboursKept(t *testing.T) {
	dir, plan, file := hoodsGallery(t, 300)
	n, found := loaded(t, dir, plan)
	if !found || n.Note() != "" || n.Usage().Done != 300 {
		t.Fatalf("found %v, %q, %s", found, n.Note(), n.Usage())
	}
	fresh := built(t, n.G.(*Gallery), plan)
	for place := range n.Hoods {
		if !sameHoods(n.Hoods[place].Load(), fresh.Hoods[place].Load()) {
			t.Fatalf("place %d is read otherwise than it is built", place)
		}
	}
	if n.Usage() != fresh.Usage() {
		t.Errorf("usage %+v, built %+v", n.Usage(), fresh.Usage())
	}
	before := readFile(t, file)
	if err := n.Build(t.Context(), func(neighbour.Usage) { t.Error("a query is built that is there") }); err != nil {
		t.Fatal(err)
	}
	if err := n.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, readFile(t, file)) {
		t.Error("a file that is written again has other bytes")
	}

	// With other layers: what is there is taken, what is not is built.
	plan.Layers = []string{"C", "A|pca1", "A"}
	n, found = loaded(t, dir, plan)
	if layers := n.Layers(); !found || n.Usage().Done != 0 || !slices.Equal(layers, []string{"A", "C", "A|pca1"}) {
		t.Fatalf("found %v, layers %v", found, layers)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	plan.Layers = n.Layers()
	fresh = built(t, n.G.(*Gallery), plan)
	for place := range n.Hoods {
		if !sameHoods(n.Hoods[place].Load(), fresh.Hoods[place].Load()) {
			t.Fatalf("place %d is extended otherwise than it is built", place)
		}
	}
	if err := n.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, found = loaded(t, dir, plan); !found || n.Usage().Done != 300 {
		t.Errorf("with a derived layer: found %v, %s", found, n.Usage())
	}
}

// TestNeighboursNotDone: what a cancelled build has is kept, and gone on from.
func TestNeighboursNotDone(t *testing.T) {
	dir, plan, _ := hoodsGallery(t, 700)
	plan.Name = "half"
	n, found := loaded(t, dir, plan)
	if found || n.Note() != "" {
		t.Fatalf("found %v, %q: there is none of this name", found, n.Note())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := n.Build(ctx, func(neighbour.Usage) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for n.Usage().Done == 0 { // it may have stopped before the first was done
		ctx, cancel := context.WithCancel(t.Context())
		_ = n.Build(ctx, func(u neighbour.Usage) {
			if u.Done > 0 {
				cancel()
			}
		})
		cancel()
	}
	if err := n.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, found := loaded(t, dir, plan)
	if !found || again.Usage().Done != n.Usage().Done || again.Usage().Done == 700 {
		t.Fatalf("kept %s, found %s", n.Usage(), again.Usage())
	}
	if err := again.Build(t.Context(), nil); err != nil || again.Usage().Done != 700 {
		t.Errorf("%s, %v", again.Usage(), err)
	}
}

// TestNeighboursDamaged: a file that is damaged, foreign or older is not taken, which
// is said, and replaced by the next that is kept.
func TestNeighboursDamaged(t *testing.T) {
	ownCache(t)
	dir, plan, file := hoodsGallery(t, 120)
	whole := readFile(t, file)
	change := func(at int, b byte) []byte {
		out := bytes.Clone(whole)
		out[at] ^= b
		return out
	}
	sections := len(neighbour.NeighbourMagic) + 8 + int(binary.LittleEndian.Uint32(whole[len(neighbour.NeighbourMagic):]))
	head := func(old, now string) []byte {
		text := bytes.Replace(whole[len(neighbour.NeighbourMagic)+8:sections], []byte(old), []byte(now), 1)
		out := bytes.Clone(whole[:len(neighbour.NeighbourMagic)])
		out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
		out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(text, code.Castagnoli))
		return append(append(out, text...), whole[sections:]...)
	}
	for _, tt := range []struct {
		name  string
		b     []byte
		note  string
		state DerivedState
	}{
		{"empty", nil, "is cut short", Damaged},
		{"another format", []byte("no neighbours at all"), "holds no neighbours", Damaged},
		{"older", change(13, 3), "is of another version", Damaged},
		{"head", change(40, 1), "is damaged", Damaged},
		{"head of no JSON", head("{", "["), "has a damaged head", Damaged},
		{"head of strange numbers", head(`"m":6`, `"m":-6`), "has a head with numbers out of range", Damaged},
		{"a huge section", change(len(neighbour.NeighbourMagic)+3, 0x40), "has a section of", Damaged},
		{"first section", change(sections+8, 1), "is damaged", Damaged},
		{"last byte", change(len(whole)-1, 1), "is damaged", Damaged},
		{"cut", whole[:len(whole)-1], "is cut short", Damaged},
		{"more", append(bytes.Clone(whole), 0), "goes on for 1 bytes", Damaged},
		{"fewer queries", head(`"built":120`, `"built":119`), "has a section that is too long", Damaged},
		{"more queries", head(`"built":120`, `"built":121`), "is of other items", Damaged},
		{"another M", head(`"m":6`, `"m":7`), "holds 7 rows of a layer, not 6", Current},
		{"another seed", head(`"seed":1`, `"seed":2`), "is of other queries", Current},
		{"other items", head(`"candidates":"`, `"candidates":"0`), "is of other items", Outdated},
		{"other layers", head(`"print":"`, `"print":"0`), "is of another layer A", Outdated},
		{"no layers", head(`"layers":[`, `"nothing":[`), "has a head with numbers out of range", Damaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(file, tt.b, 0o666); err != nil {
				t.Fatal(err)
			}
			if n, found := loaded(t, dir, plan); found || !strings.Contains(n.Note(), "was not made here") {
				t.Fatalf("believed: found %v, note %q", found, n.Note())
			}
			sum := sha256.Sum256(tt.b)
			seal.Believe(seal.SealedNeighbours, []byte(hex.EncodeToString(sum[:]))) // damaged on the disk behind its checksum
			n, found := loaded(t, dir, plan)
			want := tt.note
			if tt.name == "more queries" {
				want = "numbers out of range"
			}
			if !strings.Contains(n.Note(), want) || !strings.HasPrefix(n.Note(), file) || found != (tt.name == "other layers") {
				t.Fatalf("found %v, note %q, not %q", found, n.Note(), want)
			}
			if u := n.Usage(); u.Done != 0 || !found && (u.Bytes != 0 || u.Members != 0) {
				t.Errorf("it is taken: %+v", u)
			}
			states, err := CheckDerived(t.Context(), n.G.(*Gallery), DerivedCheck{Rows: 100, Seed: 1})
			if err != nil || len(states) != 1 || states[0].State != tt.state || states[0].Path != file {
				t.Errorf("checked: %+v, %v, not state %d", states, err, tt.state)
			}
			if err := n.Build(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := n.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			n, found = loaded(t, dir, plan)
			if !found || n.Note() != "" || n.Usage().Done != 120 {
				t.Errorf("built again: found %v, note %q", found, n.Note())
			}
		})
	}
}

// TestNeighboursOfChangedMatrix: a matrix that has changed where its fingerprint does not
// look is another one, but not one that was only touched.
func TestNeighboursOfChangedMatrix(t *testing.T) {
	dir, plan, _ := hoodsGallery(t, 120)
	matrix := filepath.Join(dir, "B.npy")
	b := readFile(t, matrix)
	if err := os.WriteFile(matrix, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if n, found := loaded(t, dir, plan); !found || n.Usage().Done != 120 {
		t.Errorf("touched: found %v, %q", found, n.Note())
	}
	b[len(b)-2] ^= 1
	if err := os.WriteFile(matrix, b, 0o666); err != nil {
		t.Fatal(err)
	}
	n, found := loaded(t, dir, plan)
	if !found || !strings.Contains(n.Note(), "is of another layer B") || !slices.Equal(n.Layers(), []string{"A", "C", "B"}) {
		t.Fatalf("changed: found %v, %q, layers %v", found, n.Note(), n.Layers())
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	plan.Layers = n.Layers()
	fresh := built(t, n.G.(*Gallery), plan)
	for place := range n.Hoods {
		if !sameHoods(n.Hoods[place].Load(), fresh.Hoods[place].Load()) {
			t.Fatalf("place %d is not that of the new matrix", place)
		}
	}
	l, err := n.G.Layer("B")
	if err != nil {
		t.Fatal(err)
	}
	print, err := neighbour.LayerHash(t.Context(), n.G, l, layer.HashSample)
	if err != nil {
		t.Fatal(err)
	}
	was := neighbour.Layer{Name: "B", Print: print, Content: "another", Modified: l.Modified() - 1}
	if same, err := neighbour.SameLayer(t.Context(), n.G, l, was); err != nil || same {
		t.Errorf("of the same sample of blocks, and other content: the same %v, %v", same, err)
	}
}

// TestNeighboursElsewhere: beside a gallery that cannot be written they are kept in the
// user's cache.
func TestNeighboursElsewhere(t *testing.T) {
	ownCache(t)
	dir := someGallery(t, 5, 60)
	write(t, dir, DerivedFolder, []byte("a file where the folder would be"))
	plan := neighbour.Plan{Name: "all", Layers: []string{"A"}, Queries: allRows(60), M: 3}
	n := built(t, open(t, dir), plan)
	if err := n.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(n.G.(*Gallery).home().cached().Path(), neighbour.NeighbourFolder, "all.hoods")); err != nil {
		t.Error(err)
	}
	if again, found := loaded(t, dir, plan); !found || again.Usage().Done != 60 {
		t.Errorf("found %v, %s", found, again.Usage())
	}
	plan.Budget = n.Usage().Bytes / 2
	if again, found := loaded(t, dir, plan); !found || !again.Usage().Cut || again.Usage().Done < 20 {
		t.Errorf("with half the memory: found %v, %s", found, again.Usage())
	}
}

// FuzzNeighbours reads changed files, with checksums that fit: what is read has the
// shape that its head says, and is written as it was read.
func FuzzNeighbours(f *testing.F) {
	head := neighbour.Head{M: 2, Seed: 1, Rows: 9, Order: "o", Candidates: "c", Built: 2, Layers: []neighbour.Layer{{Name: "A"}, {Name: "B"}}}
	hoods := []*neighbour.Neighbourhood{
		{Rows: []int32{0, 3, 8}, Cosines: []float64{1, 0.5, math.NaN(), -1, 0, 1}, Borders: []neighbour.Border{{Cosine: 0.5, Row: 3}, {Cosine: math.Inf(-1), Row: -1}}, Least: 1},
		{Rows: nil, Cosines: nil, Borders: []neighbour.Border{{Cosine: math.Inf(-1), Row: -1}, {Cosine: math.Inf(-1), Row: -1}}, Least: math.MaxInt32},
	}
	var b bytes.Buffer
	if err := neighbour.WriteNeighbours(&b, head, func(place int) *neighbour.Neighbourhood { return hoods[place] }); err != nil {
		f.Fatal(err)
	}
	first := len(neighbour.NeighbourMagic) + 8
	section := first + int(binary.LittleEndian.Uint32(b.Bytes()[len(neighbour.NeighbourMagic):])) + 8
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:section])
	for _, at := range []int{0, 15, 16, first + 3, section, section + 4, section + 8, section + 16, section + 32, section + 40} {
		for _, to := range []byte{0, 1, 0x7f, 0xff} {
			changed := bytes.Clone(b.Bytes())
			changed[at] = to
			f.Add(changed)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		for at := len(neighbour.NeighbourMagic); at+8 <= len(b); { // seal the sections
			size := int(binary.LittleEndian.Uint32(b[at:]))
			if size > len(b)-at-8 {
				break
			}
			binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(b[at+8:at+8+size], code.Castagnoli))
			at += 8 + size
		}
		r, err := neighbour.NewNeighbourReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.As(err, new(code.ErrStale)) {
				t.Fatal(err)
			}
			return
		}
		var read []*neighbour.Neighbourhood
		err = r.All(func(place int, h *neighbour.Neighbourhood) error {
			if place != len(read) || len(h.Borders) != len(r.Head.Layers) || len(h.Cosines) != len(h.Rows)*len(h.Borders) {
				t.Fatalf("place %d: %+v", place, h)
			}
			for i, row := range h.Rows {
				if row < 0 || int(row) >= r.Head.Rows || i > 0 && row <= h.Rows[i-1] {
					t.Fatalf("place %d: rows %v", place, h.Rows)
				}
			}
			read = append(read, h)
			return nil
		})
		if err != nil {
			if !errors.As(err, new(code.ErrStale)) {
				t.Fatal(err)
			}
			return
		}
		var out bytes.Buffer
		if err := neighbour.WriteNeighbours(&out, r.Head, func(place int) *neighbour.Neighbourhood { return read[place] }); err != nil {
			t.Fatal(err)
		}
		again, err := neighbour.NewNeighbourReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		err = again.All(func(place int, h *neighbour.Neighbourhood) error {
			if !bytes.Equal(h.Append(nil), read[place].Append(nil)) {
				t.Fatalf("place %d is read otherwise than it was written", place)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// ownCache lets a test have a user's cache of its own, with seals of its own.
func ownCache(t *testing.T) {
	t.Helper()
	before := xdg.CacheHome
	xdg.CacheHome = t.TempDir()
	t.Cleanup(func() { xdg.CacheHome = before })
}
