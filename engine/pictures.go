package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	slash "path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"strata/engine/archive"
)

// archivesFolder holds, within the derived folder, the indexes of tar archives:
// where each member lies. Whoever deletes them loses time.
const archivesFolder = "archives"

// keyedEnds are the names of pictures among the members of archives, which hold
// labels, too.
var keyedEnds = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// pictures finds the pictures that do not lie in files of their own.
type pictures struct {
	record *PicturesRecord // nil: the items table says where they are

	mu      sync.Mutex
	indexes map[string]*indexing // by the archive's path in the gallery
	keyed   *keying              // nil before it was needed
	column  *archive.Column      // of the record's file; nil before it was needed
	table   fs.File
}

// indexing is the making of an archive's index. The fields behind done are set
// when it is closed.
type indexing struct {
	stamp archive.Stamp
	done  chan struct{}
	index *archive.Index
	err   error
}

// keying is the search for the items' pictures among the members of archives.
type keying struct {
	done     chan struct{}
	archives []string     // in the order of their names
	places   []keyedPlace // by row
	left     int          // pictures that are no item's
	err      error
}

// keyedPlace is where the picture of a row is; name is "" if it is nowhere.
type keyedPlace struct {
	archive int
	name    string
	twice   string // another member that would be it; "" if there is none
}

// check checks what the types of the fields do not.
func (r *PicturesRecord) check() error {
	switch {
	case len(r.Archives) > 0 && (r.File != "" || r.Column != ""):
		return errors.New("it names archives, and a file or a column: either")
	case len(r.Archives) == 0 && (r.File == "" || r.Column == ""):
		return errors.New("it names neither archives nor a file and its column")
	case len(r.Archives) == 0 && !fs.ValidPath(r.File):
		return fmt.Errorf("file %q is not a path within the gallery's folder", r.File)
	case len(r.Archives) == 0 && !strings.HasSuffix(strings.ToLower(r.File), ".parquet"):
		return fmt.Errorf("file %q is no .parquet file", r.File)
	}
	for _, pattern := range r.Archives {
		if _, err := slash.Match(pattern, ""); err != nil || !fs.ValidPath(pattern) {
			return fmt.Errorf("archives: %q is not a pattern of paths within the gallery's folder", pattern)
		}
		if err := archive.Packed(pattern); err != nil {
			return fmt.Errorf("archives: %q: %w", pattern, err)
		}
		if !archive.Known(pattern) {
			return fmt.Errorf("archives: %q names no .tar and no .zip", pattern)
		}
	}
	return nil
}

// FollowLinks lets symbolic links of pictures and archives lead out of the
// gallery's folder. It comes before the first picture is opened.
func (g *Gallery) FollowLinks() {
	if g.root != nil {
		g.files = os.DirFS(g.Path)
	}
}

// Picture returns what the row's picture is called, for people: its path within the
// gallery, if the items table names one, or where it is looked for. It returns ""
// for an item without a picture, as far as that is known without looking.
func (g *Gallery) Picture(row int) string {
	switch r := g.pictures.record; {
	case r != nil && len(r.Archives) > 0:
		return g.ID(row) + " in " + strings.Join(r.Archives, ", ")
	case r != nil:
		return fmt.Sprintf("%s of row %d in %s", r.Column, row, r.File)
	case g.items.images == nil:
		return ""
	}
	return g.items.images[row]
}

// OpenPicture opens the row's picture: a file in the gallery's folder, a member of
// an archive there (pics.zip/a/b.jpg), or what the pictures of gallery.yaml say. It
// returns an fs.File. A path that leaves the gallery's folder is
// refused, and so is, unless FollowLinks was called, a symbolic link that does.
//
// The first picture of a tar archive waits for its index, which takes reading the
// headers of all of its members, once: it is kept in the folder of Derived.
func (g *Gallery) OpenPicture(row int) (io.ReadCloser, error) {
	switch r := g.pictures.record; {
	case r != nil && len(r.Archives) > 0:
		return g.openKeyed(row)
	case r != nil:
		return g.openCell(row)
	}
	name := g.Picture(row)
	if name == "" {
		return nil, fmt.Errorf("item %q has no picture", g.ID(row))
	}
	clean := filepath.ToSlash(filepath.Clean(name))
	if !fs.ValidPath(clean) {
		return nil, fmt.Errorf("picture %q of item %q leaves the gallery's folder", name, g.ID(row))
	}
	if file, member, err := g.splitArchive(clean); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	} else if file != "" {
		return g.openMember(file, member)
	}
	f, err := openFile(g.files, clean)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// splitArchive splits the path of a picture behind the archive in it. A folder may
// have the name of an archive.
func (g *Gallery) splitArchive(clean string) (file, member string, err error) {
	for at := 0; at < len(clean); at++ {
		if clean[at] != '/' {
			continue
		}
		file = clean[:at]
		packed := archive.Packed(file)
		if packed == nil && !archive.Known(file) {
			continue
		}
		if info, err := fs.Stat(g.files, file); err == nil && info.IsDir() {
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
func (g *Gallery) openMember(file, name string) (fs.File, error) {
	f, in, stamp, err := g.openArchive(file)
	if err != nil {
		return nil, err
	}
	x, err := g.index(file, in, stamp)
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
func (g *Gallery) openArchive(file string) (fs.File, io.ReaderAt, archive.Stamp, error) {
	f, err := openFile(g.files, file)
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
func (g *Gallery) index(file string, in io.ReaderAt, stamp archive.Stamp) (*archive.Index, error) {
	p := &g.pictures
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
	made.index, made.err = g.makeIndex(file, in, stamp)
	close(made.done)
	return made.index, made.err
}

// indexName returns the name of an archive's index in the folder of Derived.
func indexName(file string) string {
	sum := sha256.Sum256([]byte(file)) // folders may hold archives of one name
	return slash.Join(archivesFolder, slash.Base(file)+"-"+hex.EncodeToString(sum[:6])+".index")
}

// maxIndex bounds the file of an archive's index, in bytes: that of three million
// members.
const maxIndex = 256 << 20

// indexLimit returns the most bytes that an archive's index has. An index is smaller than
// what it is of, member by member.
func indexLimit(of archive.Stamp) int64 { return min(of.Size, maxIndex) }

// makeIndex reads the index of an archive, that which is kept or a new one.
func (g *Gallery) makeIndex(file string, in io.ReaderAt, stamp archive.Stamp) (*archive.Index, error) {
	name := indexName(file)
	if dir, err := g.FindDerived(name); err == nil {
		if b, err := dir.ReadFile(name, indexLimit(stamp)); err == nil {
			if x, err := archive.Decode(b, stamp); err == nil && believed(sealedArchive, b) {
				return x, nil
			}
		}
	}
	ctx := g.life
	if ctx == nil {
		ctx = context.Background() // of OpenItems: its caller closes it when pictures are read
	}
	x, err := archive.Read(ctx, file, in, stamp.Size)
	if err == nil && x.Keepable() && g.root != nil {
		_ = g.keepIndex(name, x.Encode(stamp)) // where it cannot be kept, it is made again
	}
	return x, err
}

// keepIndex writes an index into the folder of Derived.
func (g *Gallery) keepIndex(name string, b []byte) error {
	sub, file := slash.Split(name)
	dir, err := g.DerivedFolder(sub)
	if err != nil {
		return err
	}
	if err := dir.WriteBytes(file, b); err != nil {
		return err
	}
	believe(sealedArchive, b)
	return nil
}

// openKeyed opens the picture of a row whose member has its id for a name.
func (g *Gallery) openKeyed(row int) (fs.File, error) {
	k, err := g.keyed()
	if err != nil {
		return nil, err
	}
	switch p := k.places[row]; {
	case p.name == "":
		return nil, fmt.Errorf("item %q has no picture: no member of %d archives (%s) has its id for a name", g.ID(row), len(k.archives), strings.Join(g.pictures.record.Archives, ", "))
	case p.twice != "":
		return nil, fmt.Errorf("item %q has two pictures: %s and %s", g.ID(row), k.archives[p.archive]+"/"+p.name, p.twice)
	default:
		return g.openMember(k.archives[p.archive], p.name)
	}
}

// keyed returns where the items' pictures are. The first call reads the indexes of
// all archives.
func (g *Gallery) keyed() (*keying, error) {
	p := &g.pictures
	p.mu.Lock()
	k := p.keyed
	if k != nil {
		p.mu.Unlock()
		<-k.done
		return k, k.err
	}
	k = &keying{done: make(chan struct{})}
	p.keyed = k
	p.mu.Unlock()
	k.err = g.key(k)
	close(k.done)
	return k, k.err
}

// key finds the items' pictures among the members of the archives.
func (g *Gallery) key(k *keying) error {
	for _, pattern := range g.pictures.record.Archives {
		found, err := fs.Glob(g.files, pattern)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: pictures: no file is named %s", filepath.Join(g.Path, ManifestFile), pattern)
		}
		k.archives = append(k.archives, found...)
	}
	slices.Sort(k.archives)
	k.archives = slices.Compact(k.archives)
	indexes := make([]*archive.Index, len(k.archives))
	var group errgroup.Group
	group.SetLimit(8) // a disk answers several at once
	for i, file := range k.archives {
		group.Go(func() error {
			f, in, stamp, err := g.openArchive(file)
			if err != nil {
				return err
			}
			defer f.Close()
			if indexes[i], err = g.index(file, in, stamp); err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	k.places = make([]keyedPlace, g.Len())
	for i, x := range indexes {
		for _, m := range x.Members {
			id, ok := keyOf(m.Name)
			if !ok {
				continue
			}
			row, _, _ := g.items.byID.find(g.items.ids, id)
			switch {
			case row < 0:
				k.left++
			case k.places[row].name == "":
				k.places[row] = keyedPlace{archive: i, name: m.Name}
			default:
				k.places[row].twice = cmp.Or(k.places[row].twice, k.archives[i]+"/"+m.Name)
			}
		}
	}
	return nil
}

// keyOf returns the id of the item that a member is the picture of: its name without
// folders and the last extension, if that is a picture's.
func keyOf(name string) (id string, ok bool) {
	base := slash.Base(name)
	ext := slash.Ext(base)
	return strings.TrimSuffix(base, ext), slices.Contains(keyedEnds, strings.ToLower(ext))
}

// Shards says what was found in the archives of gallery.yaml's pictures.
type Shards struct {
	Archives []string
	Left     int      // pictures in them that are no item's
	Refused  []string // members that cannot be opened, and why
	Damaged  []string // archives that end early, and how
}

// Shards reads the indexes of the archives that gallery.yaml names for pictures; it
// returns nil if it names none.
func (g *Gallery) Shards() (*Shards, error) {
	if r := g.pictures.record; r == nil || len(r.Archives) == 0 {
		return nil, nil
	}
	k, err := g.keyed()
	if err != nil {
		return nil, err
	}
	s := &Shards{Archives: k.archives, Left: k.left}
	for _, file := range k.archives {
		g.pictures.mu.Lock()
		made := g.pictures.indexes[file]
		g.pictures.mu.Unlock()
		<-made.done
		if made.err != nil {
			return nil, fmt.Errorf("%s: %w", file, made.err)
		}
		if made.index.Damage != "" {
			s.Damaged = append(s.Damaged, file+": "+made.index.Damage)
		}
		for _, m := range made.index.Members {
			if m.Why != "" {
				s.Refused = append(s.Refused, fmt.Sprintf("%s: member %q: %s", file, m.Name, m.Why))
			}
		}
	}
	return s, nil
}

// openCell opens the picture in a row of the table.
func (g *Gallery) openCell(row int) (fs.File, error) {
	r := g.pictures.record
	c, err := g.column()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	ctx := g.life
	if ctx == nil {
		ctx = context.Background() // as in makeIndex
	}
	b, err := c.Cell(ctx, int64(row))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: column %s, row %d: %w", r.File, r.Column, row, err)
	case len(b) == 0:
		return nil, fmt.Errorf("item %q has no picture: %s: column %s is empty in row %d", g.ID(row), r.File, r.Column, row)
	}
	return archive.OpenBytes(g.Picture(row), b), nil
}

// column opens the table of the pictures.
func (g *Gallery) column() (*archive.Column, error) {
	p := &g.pictures
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.column != nil {
		return p.column, nil
	}
	f, err := openFile(g.files, p.record.File)
	if err != nil {
		return nil, err
	}
	c, err := openColumn(f, p.record.Column)
	if err == nil && c.Rows() != int64(g.Len()) {
		err = fmt.Errorf("it has %d rows, %s %d items", c.Rows(), g.items.rowsFile(), g.Len())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p.column, p.table = c, f
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

// close closes the table. No picture may be open.
func (p *pictures) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.table == nil {
		return nil
	}
	err := p.table.Close()
	p.table, p.column = nil, nil
	return err
}
