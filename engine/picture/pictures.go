package picture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	slash "path"
	"path/filepath"
	"strings"
	"sync"

	"strata/engine/archive"
	"strata/engine/fence"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/seal"
)

// ArchivesFolder holds, within the derived folder, the indexes of tar archives:
// where each member lies. Whoever deletes them loses time.
const ArchivesFolder = "archives"

// Pictures finds and opens the pictures of a gallery's items. It may be used
// concurrently.
type Pictures struct {
	Files  fs.FS           // the gallery's folder; no link leads out of it, unless links are followed
	Record *PicturesRecord // nil: the items table says where pictures are
	Place  string          // the file that has the record, for messages
	Items  *items.Table
	Kept   DerivedFolder   // of indexes; nil: they are not kept
	Life   context.Context // of the gallery

	mu      sync.Mutex
	indexes map[string]*indexing // by the archive's path in the gallery
	keys    *keying              // nil before it was needed
	cells   *archive.Column      // of the record's file; nil before it was needed
	table   fs.File
}

// DerivedFolder is where a gallery keeps what is derived from it.
type DerivedFolder interface {
	DerivedFolder(name string) (fence.Folder, error)
	FindDerived(name string) (fence.Folder, error)
}

// indexing is the making of an archive's index. The fields behind done are set
// when it is closed.
type indexing struct {
	stamp archive.Stamp
	done  chan struct{}
	index *archive.Index
	err   error
}

// Name returns what the row's picture is called, for people: its path within the
// gallery, if the items table names one, or where it is looked for. It returns ""
// for an item without a picture, as far as that is known without looking.
func (p *Pictures) Name(row int) string {
	switch r := p.Record; {
	case r != nil && len(r.Archives) > 0:
		return p.Items.IDs[row] + " in " + strings.Join(r.Archives, ", ")
	case r != nil:
		return fmt.Sprintf("%s of row %d in %s", r.Column, row, r.File)
	case p.Items.Images == nil:
		return ""
	}
	return p.Items.Images[row]
}

// Open opens the row's picture: a file in the gallery's folder, a member of
// an archive there (pics.zip/a/b.jpg), or what the pictures of gallery.yaml say. It
// returns an fs.File. A path that leaves the gallery's folder is
// refused, and so is a symbolic link that does, if Files do not follow it.
//
// The first picture of a tar archive waits for its index, which takes reading the
// headers of all of its members, once: it is kept in the folder of Derived.
func (p *Pictures) Open(row int) (io.ReadCloser, error) {
	switch r := p.Record; {
	case r != nil && len(r.Archives) > 0:
		return p.openKeyed(row)
	case r != nil:
		return p.openCell(row)
	}
	name := p.Name(row)
	if name == "" {
		return nil, fmt.Errorf("item %q has no picture", p.Items.IDs[row])
	}
	clean := filepath.ToSlash(filepath.Clean(name))
	if !fs.ValidPath(clean) {
		return nil, fmt.Errorf("picture %q of item %q leaves the gallery's folder", name, p.Items.IDs[row])
	}
	if file, member, err := p.splitArchive(clean); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	} else if file != "" {
		return p.openMember(file, member)
	}
	f, err := layer.OpenFile(p.Files, clean)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// splitArchive splits the path of a picture behind the archive in it. A folder may
// have the name of an archive.
func (p *Pictures) splitArchive(clean string) (file, member string, err error) {
	for at := 0; at < len(clean); at++ {
		if clean[at] != '/' {
			continue
		}
		file = clean[:at]
		packed := archive.Packed(file)
		if packed == nil && !archive.Known(file) {
			continue
		}
		if info, err := fs.Stat(p.Files, file); err == nil && info.IsDir() {
			continue
		}
		if packed != nil {
			return "", "", packed
		}
		return file, clean[at+1:], nil
	}
	return "", "", nil
}

// memberFile is a member of an archive, which it closes.
type memberFile struct {
	fs.File
	archive fs.File
	what    string // archive and member
}

func (m *memberFile) Read(b []byte) (int, error) {
	n, err := m.File.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", m.what, err)
	}
	return n, err
}

func (m *memberFile) Close() error { return errors.Join(m.File.Close(), m.archive.Close()) }

// openMember opens a member of an archive. Its error names both.
func (p *Pictures) openMember(file, name string) (fs.File, error) {
	f, in, stamp, err := p.openArchive(file)
	if err != nil {
		return nil, err
	}
	x, err := p.index(file, in, stamp)
	var opened fs.File
	if err == nil {
		m, ok := x.Find(name)
		switch {
		case ok:
			opened, err = x.Open(in, m)
		case x.Damage != "":
			err = fmt.Errorf("there is no such member; %s", x.Damage)
		default:
			err = errors.New("there is no such member")
		}
		if err != nil {
			err = fmt.Errorf("member %q: %w", name, err)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), f.Close())
	}
	return &memberFile{opened, f, file + "/" + name}, nil
}

// openArchive opens the file of an archive. Its error names it.
func (p *Pictures) openArchive(file string) (fs.File, io.ReaderAt, archive.Stamp, error) {
	f, err := layer.OpenFile(p.Files, file)
	if err != nil {
		return nil, nil, archive.Stamp{}, fmt.Errorf("%s: %w", file, err)
	}
	info, err := f.Stat()
	in, ok := f.(io.ReaderAt)
	if err == nil && !ok {
		err = errors.New("it cannot be read from its middle")
	}
	if err != nil {
		return nil, nil, archive.Stamp{}, errors.Join(fmt.Errorf("%s: %w", file, err), f.Close())
	}
	return f, in, archive.StampOf(info), nil
}

// index returns the index of an archive that in reads: the one in memory, the one
// that is kept, or a new one, which it keeps. Who asks while it is made waits.
func (p *Pictures) index(file string, in io.ReaderAt, stamp archive.Stamp) (*archive.Index, error) {
	p.mu.Lock()
	if p.indexes == nil {
		p.indexes = map[string]*indexing{}
	}
	made := p.indexes[file]
	if made != nil && made.stamp == stamp {
		p.mu.Unlock()
		<-made.done
		return made.index, made.err
	}
	made = &indexing{stamp: stamp, done: make(chan struct{})}
	p.indexes[file] = made
	p.mu.Unlock()
	made.index, made.err = p.makeIndex(file, in, stamp)
	close(made.done)
	return made.index, made.err
}

// IndexName returns the name of an archive's index in the folder of Derived.
func IndexName(file string) string {
	sum := sha256.Sum256([]byte(file)) // folders may hold archives of one name
	return slash.Join(ArchivesFolder, slash.Base(file)+"-"+hex.EncodeToString(sum[:6])+".index")
}

// maxIndex bounds the file of an archive's index, in bytes: that of three million
// members.
const maxIndex = 256 << 20

// IndexLimit returns the most bytes that an archive's index has. An index is smaller than
// what it is of, member by member.
func IndexLimit(of archive.Stamp) int64 { return min(of.Size, maxIndex) }

// makeIndex reads the index of an archive, that which is kept or a new one.
func (p *Pictures) makeIndex(file string, in io.ReaderAt, stamp archive.Stamp) (*archive.Index, error) {
	name := IndexName(file)
	if x := p.keptIndex(name, stamp); x != nil {
		return x, nil
	}
	x, err := archive.Read(p.Life, file, in, stamp.Size)
	if err == nil && x.Keepable() && p.Kept != nil {
		_ = p.keepIndex(name, x.Encode(stamp)) // where it cannot be kept, it is made again
	}
	return x, err
}

// keptIndex reads an index from the folder of Derived. It returns nil when none is
// there, or only one of another archive.
func (p *Pictures) keptIndex(name string, stamp archive.Stamp) *archive.Index {
	if p.Kept == nil {
		return nil
	}
	dir, err := p.Kept.FindDerived(name)
	if err != nil {
		return nil
	}
	b, err := dir.ReadFile(name, IndexLimit(stamp))
	if err != nil {
		return nil
	}
	x, err := archive.Decode(b, stamp)
	if err != nil || !seal.Believed(seal.SealedArchive, b) {
		return nil
	}
	return x
}

// KeptStamps returns the stamps of the archives whose indexes are in memory, by the
// file name of the index.
func (p *Pictures) KeptStamps() map[string]archive.Stamp {
	p.mu.Lock()
	defer p.mu.Unlock()
	stamps := map[string]archive.Stamp{}
	for file, made := range p.indexes {
		stamps[filepath.Base(IndexName(file))] = made.stamp
	}
	return stamps
}

// keepIndex writes an index into the folder of Derived.
func (p *Pictures) keepIndex(name string, b []byte) error {
	sub, file := slash.Split(name)
	dir, err := p.Kept.DerivedFolder(sub)
	if err != nil {
		return err
	}
	seal.Believe(seal.SealedArchive, b) // first: who finds the index finds its seal
	return dir.WriteBytes(file, b)
}

// openCell opens the picture in a row of the table.
func (p *Pictures) openCell(row int) (fs.File, error) {
	r := p.Record
	c, err := p.column()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	b, err := c.Cell(p.Life, int64(row))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: column %s, row %d: %w", r.File, r.Column, row, err)
	case len(b) == 0:
		return nil, fmt.Errorf("item %q has no picture: %s: column %s is empty in row %d", p.Items.IDs[row], r.File, r.Column, row)
	}
	return archive.OpenBytes(p.Name(row), b), nil
}

// column opens the table of the pictures.
func (p *Pictures) column() (*archive.Column, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cells != nil {
		return p.cells, nil
	}
	f, err := layer.OpenFile(p.Files, p.Record.File)
	if err != nil {
		return nil, err
	}
	c, err := openColumn(f, p.Record.Column)
	if err == nil && c.Rows() != int64(len(p.Items.IDs)) {
		err = fmt.Errorf("it has %d rows, %s %d items", c.Rows(), p.Items.RowsFile(), len(p.Items.IDs))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p.cells, p.table = c, f
	return c, nil
}

// openColumn opens a column of the file of a table.
func openColumn(f fs.File, name string) (*archive.Column, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	in, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.New("it cannot be read from its middle")
	}
	return archive.OpenColumn(in, info.Size(), name)
}

// Close closes the table. No picture may be open. There need not be any p.
func (p *Pictures) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.table == nil {
		return nil
	}
	err := p.table.Close()
	p.table, p.cells = nil, nil
	return err
}
