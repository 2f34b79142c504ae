package experiments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/picture"
	"strata/engine/rank"
	"strata/experiments/check"
	"strata/experiments/script"
)

// parityPictures is the number of the gallery's pictures that are computed again
// before the first new one.
const parityPictures = 8

// Picture is a picture from outside the gallery as the query.
type Picture struct {
	Path     string        // of its file, absolute
	Hash     string        // of the file: sha256:…
	Features string        // the hash of its features: sha256:…
	Parity   *check.Parity // of the check before they were computed
	Kept     string        // the file they were taken from; "" when they were computed in this session

	size    int64 // of the file, with changed: to see at once that it is still the same
	changed time.Time
	vectors *rank.Vectors
	notes   []string // what did not work in keeping the features
}

// stamp notes the file as it is.
func (p *Picture) stamp(info fs.FileInfo) {
	p.size, p.changed = info.Size(), info.ModTime()
}

// is reports whether the picture is that of a file, as far as name, size and
// time tell.
func (p *Picture) is(file string, info fs.FileInfo) bool {
	return p != nil && p.Path == file && p.size == info.Size() && p.changed.Equal(info.ModTime())
}

// image makes a picture the query.
func (x *execution) image(ctx context.Context, step script.Image) (*Result, error) {
	file, err := x.s.locate(step.Path)
	if err != nil {
		return nil, err
	}
	step.Path = file
	info, err := statPicture(file)
	if err != nil {
		return nil, err
	}
	t := &x.state
	if t.picture.is(file, info) {
		return nil, nil
	}
	p, err := t.gallery.imager.picture(ctx, x.s, t.gallery.g, file)
	if err != nil {
		return nil, err
	}
	if t.picture != nil && t.picture.Path == file && t.picture.Hash == p.Hash {
		return nil, nil
	}
	p.stamp(info)
	t.picture, t.query, t.row = p, "", 0
	t.remember()
	return &Result{Step: step, Lines: []string{"picture " + p.Hash, featuresLine + p.Features}, Picture: p}, nil
}

// featuresLine begins the line with the hash of a picture's features.
const featuresLine = "features "

// locate returns the path of a picture, or of a run, that a step names.
func (s *Session) locate(path string) (string, error) {
	switch {
	case s.o.locate != nil:
		path = s.o.locate(path)
	case !filepath.IsAbs(path):
		path = filepath.Join(s.o.Dir, path)
	}
	return filepath.Abs(path)
}

// statPicture returns what the file system says of a picture, which must be a
// regular file. The error names it.
func statPicture(file string) (fs.FileInfo, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such picture", file)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, aside.Reason(err))
	case info.IsDir():
		return nil, fmt.Errorf("%s: a picture is a file, this is a folder", file)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is not a regular file", file)
	}
	return info, nil
}

// OpenPicture opens the file of an image step, to be shown.
func (s *Session) OpenPicture(path string) (io.ReadCloser, error) {
	file, err := s.locate(path)
	if err != nil {
		return nil, err
	}
	if _, err := statPicture(file); err != nil {
		return nil, err
	}
	return fence.Open(file)
}

// hashPicture returns "sha256:" and 64 hexadecimal digits over a file.
func hashPicture(ctx context.Context, file string) (string, error) {
	f, err := fence.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	for block := make([]byte, 1<<20); ; {
		n, err := f.Read(block)
		h.Write(block[:n])
		switch {
		case errors.Is(err, io.EOF):
			return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", fmt.Errorf("%s: %w", file, aside.Reason(err))
		case ctx.Err() != nil:
			return "", ctx.Err()
		}
	}
}

// imager computes the features of new pictures for one gallery, and keeps them.
type imager struct {
	turn      chan struct{}   // holds a token while one uses what is below
	extractor check.Extractor // nil before it was needed
	parity    *check.Parity   // nil before it was checked
	computed  map[string]*Picture

	noted bool // the parity stands in the log; guarded by the session's door
}

func newImager() *imager {
	return &imager{turn: make(chan struct{}, 1), computed: map[string]*Picture{}}
}

// close closes the extractor.
func (m *imager) close() error {
	if m.extractor == nil {
		return nil
	}
	return m.extractor.Close()
}

// picture returns the picture of a file with its features: those of this
// session, those that are kept with the gallery, or new ones.
func (m *imager) picture(ctx context.Context, s *Session, g *engine.Gallery, file string) (*Picture, error) {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer s.say("")
	hash, err := hashPicture(ctx, file)
	if err != nil {
		return nil, err
	}
	p := &Picture{Path: file, Hash: hash}
	if known := m.computed[hash]; known != nil {
		*p = *known
		p.Path = file
		return p, nil
	}
	recipe := ""
	if s.o.Recipe != nil && m.extractor == nil {
		recipe, _ = s.o.Recipe(g) // the extractor says it better
	}
	if recipe == "" || !p.recall(g, recipe) {
		if err := checkPicture(file); err != nil { // before a model is loaded for nothing
			return nil, err
		}
		if err := m.open(ctx, s, g); err != nil {
			return nil, err
		}
		if own := m.extractor.Recipe(); own == recipe || !p.recall(g, own) {
			if err := m.compute(ctx, s, g, p); err != nil {
				return nil, err
			}
		}
	}
	known := *p
	m.computed[hash] = &known
	return p, nil
}

// errHeader ends the decoding of a picture behind its header.
var errHeader = errors.New("the header is read")

// checkPicture returns what is wrong with the head of a picture's file.
func checkPicture(file string) error {
	f, err := fence.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = picture.DecodePicture(f, func(int, int) error { return errHeader }); !errors.Is(err, errHeader) {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// open opens the extractor.
func (m *imager) open(ctx context.Context, s *Session, g *engine.Gallery) error {
	if m.extractor != nil {
		return nil
	}
	if s.o.Extractor == nil {
		return ErrNoExtractor
	}
	s.say("loading the model of the gallery")
	e, err := s.o.Extractor(ctx, g)
	if err != nil {
		return err
	}
	m.extractor = e
	return nil
}

// compute computes a picture's features, after the extractor was found to agree
// with the gallery, and keeps them.
func (m *imager) compute(ctx context.Context, s *Session, g *engine.Gallery, p *Picture) error {
	if m.parity == nil {
		s.say(fmt.Sprintf("comparing the model with %d of the gallery's own pictures", min(parityPictures, g.Len())))
		parity, err := m.extractor.Check(ctx, parityPictures)
		if err != nil {
			return err
		}
		m.parity = &parity
	}
	s.say("computing the features of " + filepath.Base(p.Path))
	features, err := m.extractor.Features(ctx, p.Path)
	if err != nil {
		return err
	}
	after, err := hashPicture(ctx, p.Path)
	switch {
	case err != nil:
		return err
	case after != p.Hash:
		return fmt.Errorf("%s: the file was changed while it was read", p.Path)
	}
	if p.vectors, err = g.NewVectors(features); err != nil {
		return fmt.Errorf("the features of %s: %w", p.Path, err)
	}
	p.Features, p.Parity = p.vectors.Hash(), m.parity
	if !s.o.DryRun {
		if err := p.keep(g, m.extractor.Recipe(), features); err != nil {
			p.notes = append(p.notes, fmt.Sprintf("the features are not kept: %v", err))
		}
	}
	return nil
}

// say sets what Activity returns.
func (s *Session) say(text string) { s.activity.Store(&text) }

// Activity says what a step is at that takes its time, or "". It does not wait.
func (s *Session) Activity() string {
	if text := s.activity.Load(); text != nil {
		return *text
	}
	return ""
}

// pictureNotes returns what a log notes of a picture, and parity once.
func (h *handle) pictureNotes(p *Picture) []string {
	notes := slices.Clone(p.notes)
	switch {
	case p.Kept != "":
		notes = append(notes, "features kept in "+p.Kept)
	case p.Parity != nil && !h.imager.noted:
		h.imager.noted = true
		notes = append(notes, p.Parity.String())
	}
	return notes
}
