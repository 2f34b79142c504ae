package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/x448/float16"

	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/manifest"
)

// parts are the layers of an extraction while they grow, and its journal. They
// lie in a folder of their own within the gallery, on the same file system:
//
//	.strata/extract/A.npy          rows up to the end of the file; the header promises all
//	.strata/extract/journal.jsonl  the recipe, then a line for rows that are on the disk
//
// A line of the journal is written when the rows that it counts are on the disk,
// so what it counts is there whatever happens. What the files hold beyond is cut
// off when the extraction goes on.
type parts struct {
	dir     fence.Folder
	layers  []part
	journal *os.File
	done    int // rows on the disk, by the journal
	broken  []manifest.BrokenPicture

	written int // rows written
	fresh   []manifest.BrokenPicture
	writeAt func(f *os.File, b []byte, at int64) (int, error) // a full disk in tests
	buffer  []byte
}

// part is one layer.
type part struct {
	name string
	head layer.MatrixHead
	file *os.File
}

// recipe says what an extraction makes. Runs of equal recipes go on with one
// another's work.
type recipe struct {
	Version int         `json:"strata"`
	Facts   [][2]string `json:"recipe"` // what is compared: name and value
	Rows    int         `json:"rows"`
	From    int         `json:"from"` // rows that were there before
}

// line is a further line of a journal.
type line struct {
	Done     int                      `json:"done"`
	Broken   []manifest.BrokenPicture `json:"broken,omitempty"` // since the line before
	Finished bool                     `json:"finished,omitempty"`
}

// differs returns what differs between a recipe and that of a journal, or "".
func (r recipe) differs(journal recipe) string {
	had := map[string]string{}
	for _, f := range journal.Facts {
		had[f[0]] = f[1]
	}
	for _, f := range r.Facts {
		if v, ok := had[f[0]]; !ok {
			return fmt.Sprintf("%s is new: %s", f[0], f[1])
		} else if v != f[1] {
			return fmt.Sprintf("%s was %s and is %s", f[0], v, f[1])
		}
		delete(had, f[0])
	}
	for _, f := range journal.Facts {
		if _, left := had[f[0]]; left {
			return fmt.Sprintf("%s is missing: it was %s", f[0], f[1])
		}
	}
	return ""
}

const journalName = "journal.jsonl"

// maxJournal bounds the journal, in bytes: a day of lines, and a hundred thousand broken
// pictures.
const maxJournal = fence.Metadata

// readJournal returns the recipe and the lines of a journal; a last line that is
// not whole is left out. There is no journal if the recipe is nil.
func readJournal(dir fence.Folder) (*recipe, []line, error) {
	path := dir.File(journalName)
	data, err := dir.ReadFile(journalName, maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var first *recipe
	var entries []line
	for n := 1; ; n++ {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			break
		}
		data = rest
		var e line
		if n == 1 {
			first = &recipe{}
			err = json.Unmarshal(text, first)
		} else if err = json.Unmarshal(text, &e); err == nil {
			entries = append(entries, e)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w (--restart starts anew)", path, n, err)
		}
	}
	if first == nil {
		return nil, nil, fmt.Errorf("%s: it has no first line (--restart starts anew)", path)
	}
	return first, entries, nil
}

// open goes on with the parts in the folder, if they are of the recipe, or makes
// new ones. old gives the rows that a layer begins with, or nil.
func (p *parts) open(ctx context.Context, r recipe, old func(layer int) (*oldMatrix, error)) error {
	had, lines, err := readJournal(p.dir)
	if err != nil {
		return err
	}
	if had == nil {
		return p.make(ctx, r, old)
	}
	if d := r.differs(*had); d != "" {
		return fmt.Errorf("%s holds an interrupted extraction that had another recipe: %s; go on as before, or start anew with --restart", p.dir.Path(), d)
	}
	finished := false
	p.done = had.From
	for _, l := range lines {
		p.done, finished = l.Done, l.Finished
		p.broken = append(p.broken, l.Broken...)
	}
	p.written = p.done
	if finished {
		return nil
	}
	return p.resume()
}

// make makes new parts: with headers and the old rows, and last the journal.
func (p *parts) make(ctx context.Context, r recipe, old func(layer int) (*oldMatrix, error)) (err error) {
	if err := p.dir.RemoveAll(); err != nil { // what was left of one that never had a journal
		return err
	}
	if err := p.dir.Make(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	for i := range p.layers {
		l := &p.layers[i]
		if l.file, err = p.dir.Update(l.name + ".npy"); err != nil {
			return err
		}
		header := l.head.Encode()
		l.head.Offset = int64(len(header))
		if _, err := p.writeAt(l.file, header, 0); err != nil {
			return err
		}
		m, err := old(i)
		if err != nil {
			return err
		}
		if m != nil {
			err := m.copyTo(ctx, l)
			if m.file.Close(); err != nil {
				return err
			}
		}
		if err := l.file.Sync(); err != nil {
			return err
		}
	}
	p.done, p.written = r.From, r.From
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := p.dir.WriteBytes(journalName, append(line, '\n')); err != nil {
		return err
	}
	p.journal, err = p.dir.Append(journalName)
	return err
}

// resume opens parts that are there, and cuts off what the journal does not count.
func (p *parts) resume() (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	for i := range p.layers {
		l := &p.layers[i]
		if l.file, err = p.dir.Write(l.name + ".npy"); err != nil {
			return fmt.Errorf("%w (--restart starts anew)", err)
		}
		header := l.head.Encode()
		l.head.Offset = int64(len(header))
		have := make([]byte, len(header))
		size, err := l.file.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		end := l.at(p.done)
		if _, err := l.file.ReadAt(have, 0); err != nil || !bytes.Equal(have, header) || size < end {
			return fmt.Errorf("%s: it is not the part that the journal counts: %d rows need %d bytes, it has %d (--restart starts anew)", p.path(l), p.done, end, size)
		}
		if err := l.file.Truncate(end); err != nil {
			return err
		}
	}
	return p.mendJournal()
}

// mendJournal opens the journal and cuts off a last line that is not whole.
func (p *parts) mendJournal() (err error) {
	if p.journal, err = p.dir.Append(journalName); err != nil {
		return err
	}
	whole, r := int64(0), bufio.NewReader(p.journal)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		whole += int64(len(line))
	}
	return p.journal.Truncate(whole)
}

func (p *parts) path(l *part) string { return p.dir.File(l.name + ".npy") }

// at returns the place of a row in bytes.
func (l *part) at(row int) int64 { return l.head.Offset + int64(row)*l.head.RowBytes() }

// add writes the next row of every layer; rows of nil are zero.
func (p *parts) add(rows [][]float32) error {
	for i := range p.layers {
		l := &p.layers[i]
		var row []float32
		if rows != nil {
			row = rows[i]
		}
		p.buffer = encodeRow(p.buffer[:0], l.head, row)
		if _, err := p.writeAt(l.file, p.buffer, l.at(p.written)); err != nil {
			return err
		}
	}
	p.written++
	return nil
}

// encodeRow appends a row as it is stored; nil is a row of zeros.
func encodeRow(b []byte, h layer.MatrixHead, row []float32) []byte {
	if row == nil {
		return append(b, make([]byte, h.RowBytes())...)
	}
	for _, v := range row {
		if h.Type == layer.Float16 {
			b = binary.LittleEndian.AppendUint16(b, float16.Fromfloat32(v).Bits())
		} else {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b
}

// addBroken writes a zero row for a picture.
func (p *parts) addBroken(b manifest.BrokenPicture) error {
	p.fresh = append(p.fresh, b)
	return p.add(nil)
}

// sync brings the rows that were written to the disk, and then counts them in
// the journal.
func (p *parts) sync(finished bool) error {
	if p.written == p.done && !finished {
		return nil
	}
	for i := range p.layers {
		if err := p.layers[i].file.Sync(); err != nil {
			return err
		}
	}
	text, err := json.Marshal(line{Done: p.written, Broken: p.fresh, Finished: finished})
	if err != nil {
		return err
	}
	if _, err := p.journal.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := p.journal.Sync(); err != nil {
		return err
	}
	p.done, p.broken, p.fresh = p.written, append(p.broken, p.fresh...), nil
	return nil
}

// publish puts the layers of a finished extraction into their places, then the
// manifest, then gives up the folder. A kill on the way leaves the journal and
// what is not yet in its place, and publish can be called again.
//
// The places are names in the gallery's folder. One behind a link is refused.
func (p *parts) publish(gallery fence.Folder, place func(layer string) string, content []byte) error {
	for i := range p.layers {
		l := &p.layers[i]
		err := p.dir.Rename(l.name+".npy", gallery, place(l.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil { // it was put there before
			if _, err := gallery.Stat(place(l.name)); err != nil {
				return err
			}
		}
	}
	if err := gallery.WriteBytes(manifest.FileName, content); err != nil {
		return err
	}
	return p.dir.RemoveAll()
}

// close closes the files.
func (p *parts) close() error {
	var errs []error
	for i := range p.layers {
		if f := p.layers[i].file; f != nil {
			errs = append(errs, f.Close())
			p.layers[i].file = nil
		}
	}
	if p.journal != nil {
		errs = append(errs, p.journal.Close())
		p.journal = nil
	}
	return errors.Join(errs...)
}

// oldMatrix is a layer that is extended.
type oldMatrix struct {
	path string
	file *os.File
	head layer.MatrixHead
}

// openOld opens a layer that is extended, and reads its head.
func openOld(files fs.FS, name, path string) (*oldMatrix, error) {
	f, err := layer.OpenFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m := &oldMatrix{path: path, file: f.(*os.File)} // the folder lies on a disk
	stat, err := f.Stat()
	if err == nil {
		m.head, err = layer.ReadMatrixHead(m.file, stat.Size())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// copyTo copies the rows as they are to the beginning of a part.
func (m *oldMatrix) copyTo(ctx context.Context, l *part) error {
	const block = 1 << 24 // bytes between two looks at ctx
	left := m.head.Rows * m.head.RowBytes()
	for at := int64(0); at < left; at += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(block, left-at)
		to := io.NewOffsetWriter(l.file, l.head.Offset+at)
		if _, err := io.CopyN(to, io.NewSectionReader(m.file, m.head.Offset+at, n), n); err != nil {
			return fmt.Errorf("copying %s: %w", m.path, err)
		}
	}
	return nil
}
