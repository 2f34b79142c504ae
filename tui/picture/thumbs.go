package picture

import (
	"bytes"
	"container/list"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"runtime"
	"sync"

	"github.com/muesli/termenv"
	"golang.org/x/sync/errgroup"
)

const (
	seedCount = 64 // pictures for the shared palette: twice as many take twice as long and are no better on average
	seedSide  = 32 // pixels; 64 pictures of 32×32 take 80 ms of processor time to decode and to count

	// A picture of more pixels than bigPixels is kept reduced to keptSide, because decoding it again at a resize takes
	// ten milliseconds and more; a 224×224 JPEG takes half a millisecond.
	bigPixels = 640 * 640
	keptSide  = 320
)

// Options bounds what Thumbs uses. A zero field stands for its default.
type Options struct {
	Colors  int   // of the shared palette, 2 to 255; default 255, and no more than the terminal has registers for
	Budget  int64 // bytes of pictures kept; default 64 MiB
	Workers int   // pictures decoded and encoded at a time; default one a processor
	Light   bool  // the background is light, to which faded pictures fade
}

// Thumbs makes the items' pictures for one terminal and keeps the latest within a budget of bytes. All methods may be
// called concurrently.
type Thumbs struct {
	read     func(row int) (image.Image, error)
	rows     int
	terminal Terminal
	driver   driver
	colors   int
	light    bool
	encoders chan *encoder // also bounds the concurrency
	ready    chan struct{} // closed when palette is set

	preparing sync.Mutex

	mu           sync.Mutex
	added        []func() (image.Image, error) // numbered from rows on
	palette      *palette
	cellW, cellH int
	flights      map[pictureKey]*pictureFlight
	pictures     pictureLRU[pictureKey, Picture]
	reduced      pictureLRU[int, image.Image]
}

// pictureKey is what a picture's bytes depend on.
type pictureKey struct {
	row          int
	box          Box
	cellW, cellH int
	quality      Quality
}

// pictureFlight is a picture being made; done is closed when picture and err are set.
type pictureFlight struct {
	done    chan struct{}
	picture Picture
	err     error
}

// NewThumbs returns pictures of the items 0 to rows-1, which read decodes if Allow allows their size. Sixel pictures in
// QualityShared wait for Prepare.
func NewThumbs(read func(row int) (image.Image, error), rows int, terminal Terminal, o Options) *Thumbs {
	if o.Colors <= 0 {
		o.Colors = MaxColors
	}
	o.Colors = min(o.Colors, terminal.Colors())
	if o.Budget <= 0 {
		o.Budget = 64 << 20
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	t := &Thumbs{
		read: read, rows: rows, terminal: terminal, driver: drivers[terminal.Graphics], colors: o.Colors, light: o.Light,
		encoders: make(chan *encoder, o.Workers), ready: make(chan struct{}),
		flights:  make(map[pictureKey]*pictureFlight),
		pictures: newPictureLRU[pictureKey, Picture](o.Budget - o.Budget/4),
		reduced:  newPictureLRU[int, image.Image](o.Budget / 4),
	}
	t.cellW, t.cellH = terminal.Cell()
	for range o.Workers {
		t.encoders <- newEncoder()
	}
	return t
}

// Add gives a picture that is no item's, which read decodes, the number by which it is asked for.
func (t *Thumbs) Add(read func() (image.Image, error)) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.added = append(t.added, read)
	return t.rows + len(t.added) - 1
}

// reader returns what decodes the picture of a row or an added one.
func (t *Thumbs) reader(row int) (func() (image.Image, error), error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case row < 0 || row >= t.rows+len(t.added):
		return nil, fmt.Errorf("the gallery has %d rows", t.rows)
	case row >= t.rows:
		return t.added[row-t.rows], nil
	}
	return func() (image.Image, error) { return t.read(row) }, nil
}

// Prepare makes the shared palette from the pictures of seedRows, or of 64 rows spread evenly when it is empty; those
// that cannot be read are left out. It takes about 0.1 s of processor time. Only the first success counts; after an
// error, which is ctx's, Prepare may be called again.
func (t *Thumbs) Prepare(ctx context.Context, seedRows []int) error {
	t.preparing.Lock()
	defer t.preparing.Unlock()
	select {
	case <-t.ready:
		return nil
	default:
	}
	if len(seedRows) == 0 {
		n := min(t.rows, seedCount)
		for i := range n {
			seedRows = append(seedRows, i*t.rows/n)
		}
	}
	sample, err := t.sample(ctx, seedRows)
	if err != nil {
		return err
	}
	p := newPalette(sample, t.colors)
	t.mu.Lock()
	t.palette = p
	t.mu.Unlock()
	close(t.ready)
	return nil
}

// sample returns small versions of the rows' readable pictures, in order.
func (t *Thumbs) sample(ctx context.Context, rows []int) ([]*image.RGBA, error) {
	if !t.driver.palette {
		return nil, ctx.Err()
	}
	all := make([]*image.RGBA, len(rows))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cap(t.encoders))
	for i, row := range rows {
		group.Go(func() error {
			m, err := t.source(ctx, row, seedSide, seedSide)
			if err == nil {
				w, h := fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), seedSide, seedSide)
				all[i] = resample(m, w, h)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var read []*image.RGBA
	for _, m := range all {
		if m != nil {
			read = append(read, m)
		}
	}
	return read, nil
}

// SetCell changes the size of a cell in pixels, after a change of the terminal's font. Pictures of another cell size
// are no longer found by Cached.
func (t *Thumbs) SetCell(w, h int) {
	if w <= 0 || h <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cellW, t.cellH = w, h
}

// Cached returns a row's picture if it is ready, the one in QualityLarge before that in QualityShared. It does no I/O
// and takes well under a microsecond.
func (t *Thumbs) Cached(row int, box Box) (Picture, bool) {
	return t.cached(row, box, QualityLarge, QualityShared)
}

// Ready is Cached for a picture that a screen shows: a faded one is not there before it was made faded.
func (t *Thumbs) Ready(w Wanted) (Picture, bool) {
	if w.Quality == QualityFaded {
		return t.cached(w.Row, w.Box, QualityFaded)
	}
	return t.Cached(w.Row, w.Box)
}

// cached returns a row's picture in the first quality in which it is kept.
func (t *Thumbs) cached(row int, box Box, qualities ...Quality) (Picture, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, quality := range qualities {
		if p, ok := t.pictures.get(pictureKey{row, box, t.cellW, t.cellH, quality}); ok {
			return p, true
		}
	}
	return Picture{}, false
}

// Picture returns a row's picture, made now unless it is kept. Calls for the same picture share the work. The error is
// ctx's; what is wrong with the file is in the picture, and is kept too.
func (t *Thumbs) Picture(ctx context.Context, row int, box Box, quality Quality) (Picture, error) {
	for {
		t.mu.Lock()
		key := pictureKey{row, box, t.cellW, t.cellH, quality}
		if p, ok := t.pictures.get(key); ok {
			t.mu.Unlock()
			return p, nil
		}
		f, flying := t.flights[key]
		if !flying {
			f = &pictureFlight{done: make(chan struct{})}
			t.flights[key] = f
		}
		t.mu.Unlock()

		if !flying {
			t.fly(ctx, key, f)
			return f.picture, f.err
		}
		select {
		case <-f.done:
			if f.err == nil {
				return f.picture, nil
			}
			// The caller that did the work gave up; this one may not have.
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return Picture{}, err
		}
	}
}

// fly makes one picture and hands it to everyone who waits for it.
func (t *Thumbs) fly(ctx context.Context, key pictureKey, f *pictureFlight) {
	f.picture, f.err = t.make(ctx, key)
	t.mu.Lock()
	if f.err == nil {
		t.pictures.put(key, f.picture, f.picture.bytes())
	}
	delete(t.flights, key)
	t.mu.Unlock()
	close(f.done)
}

// make decodes, scales and encodes; between the stages it looks at ctx.
func (t *Thumbs) make(ctx context.Context, key pictureKey) (Picture, error) {
	p := Picture{Row: key.row, Box: key.box}
	if t.driver.draw == nil || key.box.Cols <= 0 || key.box.Rows <= 0 {
		return p, ctx.Err()
	}
	if t.driver.palette && key.quality != QualityLarge {
		select {
		case <-t.ready:
		case <-ctx.Done():
			return Picture{}, ctx.Err()
		}
	}
	var e *encoder
	select {
	case e = <-t.encoders:
		defer func() { t.encoders <- e }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	boxW, boxH := t.driver.area(t.terminal, key.box, key.cellW, key.cellH)
	m, err := t.source(ctx, key.row, boxW, boxH)
	if ctx.Err() != nil {
		return Picture{}, ctx.Err()
	}
	if err == nil && key.quality == QualityFaded && !t.fadesPalette() {
		m = fadedImage(m, boxW, boxH, t.light || t.inked())
	}
	if err == nil {
		err = t.driver.draw(t, ctx, &p, m, e, key)
	}
	if ctx.Err() != nil {
		return Picture{}, ctx.Err()
	}
	if err != nil {
		p.Err = fmt.Errorf("picture of row %d: %w", key.row, err)
	}
	return p, nil
}

// fadesPalette reports whether a faded picture is the picture with other colours. Where the pictures of a row are joined
// to one, its palette has no room for more: they are drawn in the shared palette.
func (t *Thumbs) fadesPalette() bool { return t.driver.palette && !t.terminal.Tmux }

// inked reports whether pictures are characters without colour, where paper is blank.
func (t *Thumbs) inked() bool { return t.driver.hand == nil && t.terminal.Profile == termenv.Ascii }

// source returns a row's picture in at least w×h pixels, or in its own size.
func (t *Thumbs) source(ctx context.Context, row, w, h int) (image.Image, error) {
	read, err := t.reader(row)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	kept, ok := t.reduced.get(row)
	t.mu.Unlock()
	if ok {
		if b := kept.Bounds(); w <= b.Dx() || h <= b.Dy() {
			return kept, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, err := read()
	if err != nil {
		return nil, err
	}
	if b := m.Bounds(); !ok && b.Dx()*b.Dy() > bigPixels {
		kw, kh := fitPixels(b.Dx(), b.Dy(), keptSide, keptSide)
		small := resample(m, kw, kh)
		t.mu.Lock()
		t.reduced.put(row, small, int64(len(small.Pix)))
		t.mu.Unlock()
	}
	return m, nil
}

// Still returns a row's picture as a JPEG file of twice as many pixels as the size has, or as many as there are.
func (t *Thumbs) Still(ctx context.Context, row int, size Box, faded bool) ([]byte, error) {
	m, err := t.source(ctx, row, 2*size.Cols, 2*size.Rows)
	if err != nil {
		return nil, err
	}
	small := resample(m, min(2*size.Cols, max(size.Cols, m.Bounds().Dx())), min(2*size.Rows, max(size.Rows, m.Bounds().Dy())))
	if faded {
		small = fadedImage(small, small.Rect.Dx(), small.Rect.Dy(), t.light)
	}
	var file bytes.Buffer
	err = jpeg.Encode(&file, small, &jpeg.Options{Quality: jpegQuality})
	return file.Bytes(), err
}

// bytes is what keeping p costs.
func (p Picture) bytes() int64 {
	n := int64(len(p.Bytes) + 256)
	for _, l := range p.Lines {
		n += int64(len(l) + 16)
	}
	if p.pixels != nil {
		n += int64(len(p.pixels.Pix))
	}
	return n
}

// pictureLRU keeps the values used last, up to limit bytes but always the latest one.
type pictureLRU[K comparable, V any] struct {
	limit, used int64
	order       *list.List // of pictureEntry, the one used last in front
	at          map[K]*list.Element
}

type pictureEntry[K comparable, V any] struct {
	key   K
	value V
	size  int64
}

func newPictureLRU[K comparable, V any](limit int64) pictureLRU[K, V] {
	return pictureLRU[K, V]{limit: limit, order: list.New(), at: make(map[K]*list.Element)}
}

func (l *pictureLRU[K, V]) get(key K) (V, bool) {
	e, ok := l.at[key]
	if !ok {
		var zero V
		return zero, false
	}
	l.order.MoveToFront(e)
	return e.Value.(pictureEntry[K, V]).value, true
}

func (l *pictureLRU[K, V]) put(key K, value V, size int64) {
	if e, ok := l.at[key]; ok {
		l.remove(e)
	}
	l.at[key] = l.order.PushFront(pictureEntry[K, V]{key, value, size})
	l.used += size
	for l.used > l.limit && l.order.Len() > 1 {
		l.remove(l.order.Back())
	}
}

func (l *pictureLRU[K, V]) remove(e *list.Element) {
	entry := l.order.Remove(e).(pictureEntry[K, V])
	delete(l.at, entry.key)
	l.used -= entry.size
}
