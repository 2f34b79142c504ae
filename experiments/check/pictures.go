package check

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"io"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"strata/engine/items"
	"strata/engine/picture"
	"strata/experiments/table"
)

// CheckedPictures is what was found of the pictures.
type CheckedPictures struct {
	Items     int    `json:"items"`     // that have a picture, as far as the items table says
	Checked   int    `json:"checked"`   // of these
	Unopened  int    `json:"unopened"`  // missing, or refused
	Broken    int    `json:"broken"`    // not decoded
	Identical int    `json:"identical"` // with the bytes of another
	Least     [2]int `json:"smallest"`  // width and height, by their product
	Most      [2]int `json:"largest"`
}

const (
	// The pixels that are decoded at a time, and of one picture: as in an extraction.
	pixelsAtATime = 128_000_000
	pixelsOfOne   = 64_000_000

	// The shortest side that a picture of a thing has.
	leastSide = 32

	// The pictures that are named one by one.
	mostNamed = 1000
)

// pictureCheck is what was found of one item's picture.
type pictureCheck struct {
	row            int
	unopened, fail error
	size           image.Point
	sum            [sha256.Size]byte
}

// pictures decodes the pictures, and compares their bytes.
func (r *checkRun) pictures(ctx context.Context) error {
	var rows []int
	for row := range r.g.Len() {
		if r.g.Picture(row) != "" {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		r.find(SeverityNote, "pictures.none", itemsPlace, "no item has a picture")
		return nil
	}
	if without := r.g.Len() - len(rows); without > 0 {
		r.find(SeverityNote, "pictures.without", itemsPlace, "%d of %d items name no picture", without, r.g.Len()).of(without, -1)
	}
	if r.Pictures == 0 {
		r.find(SeverityNote, "pictures.unchecked", "pictures", "they were not looked at")
		return nil
	}
	if err := r.shards(); err != nil {
		r.find(SeverityWarning, "pictures.archives", "pictures", "%v", err)
		return nil
	}
	out := &CheckedPictures{Items: len(rows)}
	r.out.Pictures = out
	if r.Pictures > 0 && r.Pictures < len(rows) {
		chosen := items.Sample(len(rows), r.Pictures, r.Seed)
		for i, at := range chosen {
			chosen[i] = rows[at]
		}
		rows = chosen
	}
	found, err := r.decode(ctx, rows)
	if err != nil {
		return err
	}
	r.sayPictures(found)
	return nil
}

// shards checks the archives that gallery.yaml names.
func (r *checkRun) shards() error {
	s, err := r.g.Shards()
	if s == nil || err != nil {
		return err
	}
	for _, text := range s.Damaged {
		r.find(SeverityWarning, "archives.damaged", "pictures", "%s", text)
	}
	if n := len(s.Refused); n > 0 {
		r.find(SeverityWarning, "archives.refused", "pictures", "%s of archives cannot be opened", table.Counted(n, "member")).of(n, -1).Details = s.Refused[:min(n, mostNamed)]
	}
	if s.Left > 0 {
		r.find(SeverityNote, "archives.left", "pictures", "%d pictures in %d archives are no item's", s.Left, len(s.Archives)).of(s.Left, -1)
	}
	return nil
}

// decode decodes the pictures of rows, several at a time within a budget of pixels.
func (r *checkRun) decode(ctx context.Context, rows []int) ([]pictureCheck, error) {
	found := make([]pictureCheck, len(rows))
	pixels := semaphore.NewWeighted(pixelsAtATime)
	var mu sync.Mutex
	done := 0
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, row := range rows {
		if working.Err() != nil {
			break
		}
		group.Go(func() error {
			found[i] = r.decodeOne(working, row, pixels)
			mu.Lock()
			defer mu.Unlock()
			if done++; done%64 == 0 || done == len(rows) {
				r.Progress("pictures", float64(done)/float64(len(rows)))
			}
			return working.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return found, ctx.Err()
}

// decodeOne decodes a row's picture.
func (r *checkRun) decodeOne(ctx context.Context, row int, pixels *semaphore.Weighted) pictureCheck {
	p := pictureCheck{row: row}
	in, err := r.g.OpenPicture(row)
	if err != nil {
		p.unopened = err
		return p
	}
	defer in.Close()
	sum, held := sha256.New(), int64(0)
	m, err := picture.DecodePicture(io.TeeReader(in, sum), func(w, h int) error {
		if n := int64(w) * int64(h); w > pixelsOfOne || h > pixelsOfOne || n > pixelsOfOne {
			return fmt.Errorf("the limit is %d megapixels", pixelsOfOne/1_000_000)
		}
		held = int64(w) * int64(h)
		if err := pixels.Acquire(ctx, held); err != nil {
			held = 0
			return err
		}
		return nil
	})
	if held > 0 {
		pixels.Release(held)
	}
	if err != nil {
		p.fail = fmt.Errorf("%s: %w", r.g.Picture(row), err)
		return p
	}
	p.size = m.Bounds().Size()
	sum.Sum(p.sum[:0])
	return p
}

// sayPictures says what the pictures of rows mean.
func (r *checkRun) sayPictures(found []pictureCheck) {
	out := r.out.Pictures
	out.Checked = len(found)
	var unopened, broken, small []string
	same := map[[sha256.Size]byte]int{} // by sum: the first row
	identical, apart := first{row: -1}, 0
	firstOf := -1
	for _, p := range found {
		name := rowText(r.g, p.row)
		switch {
		case p.unopened != nil:
			unopened = append(unopened, fmt.Sprintf("%s: %v", name, p.unopened))
			continue
		case p.fail != nil:
			broken = append(broken, fmt.Sprintf("%s: %v", name, p.fail))
			continue
		}
		if min(p.size.X, p.size.Y) < leastSide {
			small = append(small, fmt.Sprintf("%s: %s: %d×%d pixels", name, r.g.Picture(p.row), p.size.X, p.size.Y))
		}
		at := [2]int{p.size.X, p.size.Y}
		if out.Least == ([2]int{}) || at[0]*at[1] < out.Least[0]*out.Least[1] {
			out.Least = at
		}
		if at[0]*at[1] > out.Most[0]*out.Most[1] {
			out.Most = at
		}
		other, ok := same[p.sum]
		if !ok {
			same[p.sum] = p.row
			continue
		}
		if identical.add(p.row); identical.n == 1 {
			firstOf = other
		}
		if g := r.g.Group(p.row); g == "" || g != r.g.Group(other) {
			apart++
		}
	}
	out.Unopened, out.Broken, out.Identical = len(unopened), len(broken), identical.n
	list := func(check string, names []string, what string) {
		if n := len(names); n > 0 {
			r.find(SeverityWarning, check, "pictures", "%d of %d pictures %s", n, len(found), what).of(n, -1).Details = slices.Clip(names[:min(n, mostNamed)])
		}
	}
	list("pictures.unopened", unopened, "cannot be opened")
	list("pictures.broken", broken, "cannot be decoded")
	list("pictures.small", small, fmt.Sprintf("have a side of less than %d pixels", leastSide))
	if identical.n > 0 {
		severity, why := SeverityNote, "all in one group with it"
		if apart > 0 {
			severity, why = SeverityWarning, fmt.Sprintf("%d of them in no group with it: each is a hit that costs nothing (eval --exclude-duplicates 1 leaves them out)", apart)
		}
		r.find(severity, "pictures.identical", "pictures", "%s as another, %s; the first is %s, the same as %s",
			table.Counted(identical.n, "picture")+" with the same bytes", why, rowText(r.g, identical.row), rowText(r.g, firstOf)).of(identical.n, identical.row)
	}
	if out.Most != ([2]int{}) {
		r.find(SeverityNote, "pictures", "pictures", "%d of %d looked at, from %d×%d to %d×%d pixels", len(found), out.Items, out.Least[0], out.Least[1], out.Most[0], out.Most[1]).of(len(found), -1)
	}
}
