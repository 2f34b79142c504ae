package picture

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	slash "path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"strata/engine/archive"
)

// Extensions are the ends of the names of pictures that can be read, in small letters.
var Extensions = []string{".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// Unread are those of pictures that cannot.
var Unread = []string{".avif", ".heic", ".heif", ".jxl", ".jp2", ".svg", ".psd", ".ico", ".cr2", ".nef", ".dng"}

// HasExtension reports whether a file's name ends with one of extensions, in any case.
func HasExtension(name string, of []string) bool {
	return slices.Contains(of, strings.ToLower(slash.Ext(name)))
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

// openKeyed opens the picture of a row whose member has its id for a name.
func (p *Pictures) openKeyed(row int) (fs.File, error) {
	k, err := p.keyed()
	if err != nil {
		return nil, err
	}
	switch at := k.places[row]; {
	case at.name == "":
		return nil, fmt.Errorf("item %q has no picture: no member of %d archives (%s) has its id for a name", p.Items.IDs[row], len(k.archives), strings.Join(p.Record.Archives, ", "))
	case at.twice != "":
		text := fmt.Sprintf("item %q has two pictures: %s and %s", p.Items.IDs[row], k.archives[at.archive]+"/"+at.name, at.twice)
		if _, rest, ok := strings.Cut(slash.Base(at.name), "."); ok && p.Record.Member == "" {
			text += fmt.Sprintf("; %s can say which: pictures: {archives: [%s], member: %s}", slash.Base(p.Place), strings.Join(p.Record.Archives, ", "), rest)
		}
		return nil, errors.New(text)
	default:
		return p.openMember(k.archives[at.archive], at.name)
	}
}

// keyed returns where the items' pictures are. The first call reads the indexes of
// all archives.
func (p *Pictures) keyed() (*keying, error) {
	p.mu.Lock()
	k := p.keys
	if k != nil {
		p.mu.Unlock()
		<-k.done
		return k, k.err
	}
	k = &keying{done: make(chan struct{})}
	p.keys = k
	p.mu.Unlock()
	k.err = p.key(k)
	close(k.done)
	return k, k.err
}

// key finds the items' pictures among the members of the archives.
func (p *Pictures) key(k *keying) error {
	for _, pattern := range p.Record.Archives {
		found, err := fs.Glob(p.Files, pattern)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: pictures: no file is named %s", p.Place, pattern)
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
			f, in, stamp, err := p.openArchive(file)
			if err != nil {
				return err
			}
			defer f.Close()
			if indexes[i], err = p.index(file, in, stamp); err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	k.places = make([]keyedPlace, len(p.Items.IDs))
	for i, x := range indexes {
		for _, m := range x.Members {
			if !HasExtension(m.Name, Extensions) {
				continue
			}
			row, ok := p.rowOf(m.Name)
			switch {
			case !ok:
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

// rowOf returns the row of the item that a member, which is a picture, is the picture of,
// or -1; and whether it can be one's at all. The id is the member's name without
// what the record says that it ends with, or else without its last extension, or, as in a
// WebDataset, without all that follows the first dot of its base; with folders or without.
func (p *Pictures) rowOf(name string) (row int, ok bool) {
	var ids []string
	if end := p.Record.Member; end != "" {
		id, ok := strings.CutSuffix(name, "."+end)
		if !ok {
			return -1, false
		}
		ids = []string{id, slash.Base(id)}
	} else {
		dir, base := slash.Split(name)
		last := strings.TrimSuffix(base, slash.Ext(base))
		first, _, _ := strings.Cut(base, ".")
		ids = []string{dir + last, last, dir + first, first}
	}
	for _, id := range ids {
		if row, _, _ := p.Items.ByID.Find(p.Items.IDs, id); row >= 0 {
			return row, true
		}
	}
	return -1, true
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
func (p *Pictures) Shards() (*Shards, error) {
	if r := p.Record; r == nil || len(r.Archives) == 0 {
		return nil, nil
	}
	k, err := p.keyed()
	if err != nil {
		return nil, err
	}
	s := &Shards{Archives: k.archives, Left: k.left}
	for _, file := range k.archives {
		p.mu.Lock()
		made := p.indexes[file]
		p.mu.Unlock()
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
