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
	"strconv"
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
	cells   []cells              // of the record's files; nil before they were needed
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
	clean, err := p.path(name)
	if err != nil {
		return nil, fmt.Errorf("picture %q of item %q %w", name, p.Items.IDs[row], err)
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

// errs of paths that lead nowhere. They go on behind the picture's name.
var (
	errFetched = errors.New("is on the net, and is not fetched: it must lie in the gallery's folder")
	errLeaves  = errors.New("leaves the gallery's folder")
)

// path returns the path of a picture within the gallery's folder, with slashes, as the
// items table spells it: with \ between folders, or from the root or the drive on.
func (p *Pictures) path(name string) (string, error) {
	if scheme, rest, ok := strings.Cut(name, "://"); ok && isScheme(scheme) {
		if !strings.EqualFold(scheme, "file") {
			return "", errFetched
		}
		if name, ok = fileURL(rest); !ok {
			return "", errLeaves
		}
	}
	clean := filepath.ToSlash(filepath.Clean(name))
	if strings.Contains(clean, `\`) {
		if _, err := fs.Stat(p.Files, clean); !fs.ValidPath(clean) || err != nil { // on Unix a name may hold it
			clean = slash.Clean(strings.ReplaceAll(clean, `\`, "/"))
		}
	}
	if slash.IsAbs(clean) || filepath.VolumeName(filepath.FromSlash(clean)) != "" {
		if within, ok := p.within(clean); ok {
			clean = within
		}
	}
	if !fs.ValidPath(clean) {
		return "", errLeaves
	}
	return clean, nil
}

// isScheme reports whether a text is the scheme of a URL.
func isScheme(text string) bool {
	for i, c := range []byte(strings.ToLower(text)) {
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return len(text) > 1 // one letter is a drive
}

// fileURL returns the path of a URL of a file, of this machine.
func fileURL(rest string) (string, bool) {
	host, path, ok := strings.Cut(rest, "/")
	if !ok || host != "" && host != "localhost" {
		return "", false
	}
	return unescape("/" + path)
}

// unescape replaces the %XX of a URL.
func unescape(text string) (string, bool) {
	var b []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b = append(b, text[i])
			continue
		}
		n, err := strconv.ParseUint(text[min(i+1, len(text)):min(i+3, len(text))], 16, 8)
		if err != nil || i+3 > len(text) {
			return "", false
		}
		b = append(b, byte(n))
		i += 2
	}
	return string(b), true
}

// within returns an absolute path as one within the gallery's folder; either may be named
// through links.
func (p *Pictures) within(path string) (string, bool) {
	dir, file := filepath.Dir(p.Place), filepath.FromSlash(path)
	for try := range 3 {
		switch try {
		case 1:
			if real, err := filepath.EvalSymlinks(dir); err == nil {
				dir = real
			}
		case 2:
			if real, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
				file = filepath.Join(real, filepath.Base(file))
			}
		}
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), true
		}
	}
	return "", false
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

// Close closes the tables. No picture may be open. There need not be any p.
func (p *Pictures) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.cells {
		errs = append(errs, c.table.Close())
	}
	p.cells = nil
	return errors.Join(errs...)
}
