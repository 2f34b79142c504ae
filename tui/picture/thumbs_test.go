package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"strata/fixtures/product"

	"github.com/mattn/go-sixel"
	"github.com/muesli/termenv"
)

// fileShelf is a gallery's picture files; a nil one is missing.
type fileShelf struct {
	files  [][]byte
	opened atomic.Int64
	gate   chan struct{} // if not nil, read waits for it
}

func (s *fileShelf) read(row int) (image.Image, error) {
	s.opened.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	if s.files[row] == nil {
		return nil, &fs.PathError{Op: "open", Path: fmt.Sprintf("images/%d.jpg", row), Err: fs.ErrNotExist}
	}
	return decodePicture(bytes.NewReader(s.files[row]))
}

// newShelf returns n product photographs, then a broken file, a missing one and one too large.
func newShelf(t testing.TB, n int) *fileShelf {
	s := &fileShelf{}
	for i := range n {
		s.files = append(s.files, product.JPEG(uint64(i), 224, 224))
	}
	s.files = append(s.files, []byte("\xff\xd8\xff broken"), nil, hugePNG(60000, 60000))
	return s
}

// newTestThumbs returns prepared Thumbs over a shelf.
func newTestThumbs(t testing.TB, s *fileShelf, terminal Terminal, o Options) *Thumbs {
	t.Helper()
	thumbs := NewThumbs(s.read, len(s.files), terminal, o)
	if err := thumbs.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return thumbs
}

func TestThumbsSixel(t *testing.T) {
	s := newShelf(t, 12)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{})
	for _, test := range []struct {
		box     Box
		quality Quality
		w, h    int
		covers  Box
		least   float64
	}{
		{Box{8, 4}, QualityShared, 64, 64, Box{8, 4}, 26},
		{Box{20, 4}, QualityShared, 66, 66, Box{9, 4}, 26},
		{Box{24, 12}, QualityLarge, 192, 192, Box{24, 12}, 36},
	} {
		for row := range 12 {
			p, err := thumbs.Picture(t.Context(), row, test.box, test.quality)
			if err != nil || p.Err != nil {
				t.Fatal(err, p.Err)
			}
			if p.Row != row || p.PixelW != test.w || p.PixelH != test.h || p.Covers != test.covers || p.Lines != nil {
				t.Fatalf("row %d in %v: %d×%d pixels in %v", row, test.box, p.PixelW, p.PixelH, p.Covers)
			}
			var got image.Image
			if err := sixel.NewDecoder(bytes.NewReader(p.Bytes)).Decode(&got); err != nil {
				t.Fatal(err)
			}
			m, _ := decodePicture(bytes.NewReader(s.files[row]))
			if db := psnr(resample(m, test.w, test.h), got); db < test.least {
				t.Errorf("row %d in %v: %.1f dB", row, test.box, db)
			}
		}
	}
}

func TestThumbsCache(t *testing.T) {
	s := newShelf(t, 12)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{})
	box := Box{8, 4}
	if _, ok := thumbs.Cached(3, box); ok {
		t.Error("a picture is there before it was made")
	}
	first, err := thumbs.Picture(t.Context(), 3, box, QualityShared)
	if err != nil {
		t.Fatal(err)
	}
	opened := s.opened.Load()
	again, _ := thumbs.Picture(t.Context(), 3, box, QualityShared)
	cached, ok := thumbs.Cached(3, box)
	if !ok || again.Key != first.Key || cached.Key != first.Key || s.opened.Load() != opened {
		t.Errorf("kept %t, opened %d more files", ok, s.opened.Load()-opened)
	}
	if other, _ := thumbs.Picture(t.Context(), 4, box, QualityShared); other.Key == first.Key {
		t.Error("two pictures have one key")
	}
	large, _ := thumbs.Picture(t.Context(), 3, box, QualityLarge)
	if cached, _ := thumbs.Cached(3, box); cached.Key != large.Key || large.Key == first.Key {
		t.Error("the better picture is not preferred")
	}
	thumbs.SetCell(10, 20)
	if _, ok := thumbs.Cached(3, box); ok {
		t.Error("a picture for another cell size was found")
	}
}

func TestThumbsErrorsAreInThePicture(t *testing.T) {
	s := newShelf(t, 4)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{})
	for _, test := range []struct {
		row  int
		want string
	}{
		{4, "picture of row 4: invalid JPEG"},
		{5, "images/5.jpg"},
		{6, "60000×60000 pixels: the limit"},
		{7, "the gallery has 7 rows"},
		{-1, "the gallery has 7 rows"},
	} {
		p, err := thumbs.Picture(t.Context(), test.row, Box{8, 4}, QualityShared)
		if err != nil || p.Err == nil || !strings.Contains(p.Err.Error(), test.want) || p.Bytes != nil || p.Lines != nil {
			t.Errorf("row %d: %v, error %v, want %q in the picture", test.row, p.Err, err, test.want)
		}
		if kept, ok := thumbs.Cached(test.row, Box{8, 4}); !ok || kept.Err == nil {
			t.Errorf("row %d: the error is not kept", test.row)
		}
	}
}

func TestThumbsBudget(t *testing.T) {
	s := newShelf(t, 30)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{Budget: 64 << 10})
	for row := range 30 {
		if _, err := thumbs.Picture(t.Context(), row, Box{8, 4}, QualityShared); err != nil {
			t.Fatal(err)
		}
		if thumbs.pictures.used+thumbs.reduced.used > 64<<10 {
			t.Fatalf("%d bytes kept after row %d", thumbs.pictures.used+thumbs.reduced.used, row)
		}
		thumbs.Cached(0, Box{8, 4}) // which keeps the first one young
	}
	for row, want := range map[int]bool{0: true, 1: false, 28: true, 29: true} {
		if _, ok := thumbs.Cached(row, Box{8, 4}); ok != want {
			t.Errorf("row %d kept: %t, want %t", row, ok, want)
		}
	}
	if len(thumbs.pictures.at) < 3 || len(thumbs.pictures.at) >= 30 || len(thumbs.flights) != 0 {
		t.Errorf("%d pictures kept, %d being made", len(thumbs.pictures.at), len(thumbs.flights))
	}
}

func TestThumbsKeepBigPicturesReduced(t *testing.T) {
	s := &fileShelf{files: [][]byte{product.JPEG(1, 900, 700)}}
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{})
	opened := s.opened.Load()
	for _, box := range []Box{{8, 4}, {9, 4}, {30, 14}} {
		if p, err := thumbs.Picture(t.Context(), 0, box, QualityShared); err != nil || p.Err != nil {
			t.Fatal(err, p.Err)
		}
	}
	if n := s.opened.Load() - opened; n != 0 {
		t.Errorf("the file was opened %d times after Prepare", n)
	}
	if _, err := thumbs.Picture(t.Context(), 0, Box{60, 25}, QualityLarge); err != nil {
		t.Fatal(err)
	}
	if n := s.opened.Load() - opened; n != 1 {
		t.Errorf("a picture larger than what is kept opened the file %d times", n)
	}
}

func TestThumbsShareWork(t *testing.T) {
	s := newShelf(t, 3)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{Workers: 4})
	s.opened.Store(0)
	s.gate = make(chan struct{})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if p, err := thumbs.Picture(t.Context(), 1, Box{8, 4}, QualityShared); err != nil || p.Bytes == nil {
				t.Error(err, p.Err)
			}
		})
	}
	close(s.gate)
	group.Wait()
	if n := s.opened.Load(); n != 1 {
		t.Errorf("ten calls opened the file %d times", n)
	}
}

func TestThumbsCancelled(t *testing.T) {
	s := newShelf(t, 3)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{Workers: 1})
	s.gate = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	s.opened.Store(0)
	made := make(chan error)
	go func() {
		_, err := thumbs.Picture(ctx, 1, Box{8, 4}, QualityShared)
		made <- err
	}()
	for s.opened.Load() == 0 { // until the call is in read
		runtime.Gosched()
	}
	cancel()
	close(s.gate)
	if err := <-made; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled call: %v", err)
	}
	if _, ok := thumbs.Cached(1, Box{8, 4}); ok {
		t.Error("a cancelled picture is kept")
	}
	if _, err := thumbs.Picture(ctx, 2, Box{8, 4}, QualityShared); !errors.Is(err, context.Canceled) {
		t.Errorf("a call with a dead context: %v", err)
	}
}

// countedContext counts how often it was asked whether it is dead.
type countedContext struct {
	context.Context
	asked atomic.Int64
}

func (c *countedContext) Err() error {
	c.asked.Add(1)
	return c.Context.Err()
}

// TestThumbsTakeOver waits for a picture whose maker gave up.
func TestThumbsTakeOver(t *testing.T) {
	s := newShelf(t, 3)
	thumbs := newTestThumbs(t, s, sixelTerminal(), Options{})
	key := pictureKey{1, Box{8, 4}, testCellW, testCellH, QualityShared}
	gone := &pictureFlight{done: make(chan struct{}), err: context.Canceled}
	close(gone.done)
	thumbs.flights[key] = gone
	ctx := &countedContext{Context: t.Context()}
	made := make(chan Picture, 1)
	go func() {
		p, err := thumbs.Picture(ctx, 1, Box{8, 4}, QualityShared)
		if err != nil {
			t.Error(err)
		}
		made <- p
	}()
	for ctx.asked.Load() == 0 && len(made) == 0 { // until the call has found its maker gone
		runtime.Gosched()
	}
	thumbs.mu.Lock()
	delete(thumbs.flights, key)
	thumbs.mu.Unlock()
	if p := <-made; p.Bytes == nil {
		t.Errorf("got %+v", p)
	}
}

func TestThumbsWaitForThePalette(t *testing.T) {
	s := newShelf(t, 3)
	thumbs := NewThumbs(s.read, len(s.files), sixelTerminal(), Options{})
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	if err := thumbs.Prepare(dead, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Prepare with a dead context: %v", err)
	}
	if _, err := thumbs.Picture(dead, 0, Box{8, 4}, QualityShared); !errors.Is(err, context.Canceled) {
		t.Errorf("Picture with a dead context: %v", err)
	}
	if p, err := thumbs.Picture(t.Context(), 0, Box{8, 4}, QualityLarge); err != nil || p.Bytes == nil {
		t.Errorf("a large picture waits for the shared palette: %v", err)
	}
	made := make(chan Picture)
	go func() {
		p, _ := thumbs.Picture(t.Context(), 1, Box{8, 4}, QualityShared)
		made <- p
	}()
	if err := thumbs.Prepare(t.Context(), []int{0, 2, 3, 99}); err != nil {
		t.Fatal(err)
	}
	if p := <-made; p.Bytes == nil {
		t.Errorf("no picture after Prepare: %v", p.Err)
	}
}

func TestThumbsOtherGraphics(t *testing.T) {
	s := newShelf(t, 3)
	terminal := sixelTerminal()
	terminal.Graphics, terminal.Profile = GraphicsHalfBlock, termenv.TrueColor
	thumbs := NewThumbs(s.read, len(s.files), terminal, Options{})
	p, err := thumbs.Picture(t.Context(), 0, Box{8, 4}, QualityShared) // without Prepare
	if err != nil || p.Err != nil || len(p.Lines) != 4 || p.Bytes != nil {
		t.Errorf("half-blocks: %+v, %v", p, err)
	}
	terminal.Graphics = GraphicsNone
	s.opened.Store(0)
	p, err = NewThumbs(s.read, len(s.files), terminal, Options{}).Picture(t.Context(), 0, Box{8, 4}, QualityShared)
	if err != nil || p.Err != nil || p.Lines != nil || p.Bytes != nil || s.opened.Load() != 0 {
		t.Errorf("no pictures: %+v, %v", p, err)
	}
}
