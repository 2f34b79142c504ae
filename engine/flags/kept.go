package flags

import (
	"sync/atomic"

	"github.com/adrg/xdg"

	"strata/engine/fence"
)

// Kept are the flags of an open gallery, and the file that keeps them. The file lies in the folder
// Own or, where that cannot be written, in a folder of the user's state that belongs to the
// gallery's path.
type Kept struct {
	Gallery string        // its path
	Own     *fence.Folder // in the gallery's folder; nil: the gallery lies in none

	now atomic.Pointer[state]
}

// state is what is known of the flags.
type state struct {
	flags *Flags
	err   error // why the file is not read: it is not replaced then
}

// Now returns the flags. Ids among them may be of no item. It takes no lock.
func (k *Kept) Now() *Flags {
	if s := k.now.Load(); s != nil {
		return s.flags
	}
	return nil
}

// Set makes flags those of the gallery until it is closed. It writes nothing.
func (k *Kept) Set(f *Flags) { k.now.Store(&state{flags: f}) }

// Err returns why flags cannot be written, or nil.
func (k *Kept) Err() error {
	if s := k.now.Load(); s != nil {
		return s.err
	}
	return nil
}

// Refuse has the file not be replaced, which cannot be read because of err.
func (k *Kept) Refuse(err error) { k.now.Store(&state{err: err}) }

// Read reads the file and returns the folder that has it; there is none without a file.
func (k *Kept) Read() (fence.Folder, error) {
	for _, dir := range k.folders() {
		f, there, err := load(dir)
		if err != nil {
			return dir, err
		}
		if there {
			k.Set(f)
			return dir, nil
		}
	}
	return fence.Folder{}, nil
}

// Write changes the file of the flags, which other programs may have changed, and takes over what
// it then holds.
func (k *Kept) Write(changes []Change) error {
	if err := k.Err(); err != nil {
		return err
	}
	state := k.state()
	kept, inState, err := load(state)
	if err != nil {
		return err
	}
	if k.Own == nil || !k.Own.Writable() {
		if !inState && k.Own != nil {
			if kept, _, err = load(*k.Own); err != nil {
				return err
			}
		}
		return k.update(state, kept, changes)
	}
	if !inState {
		return k.update(*k.Own, nil, changes)
	}
	// The gallery could not be written before: what was flagged then moves into it.
	var all []Change
	for _, id := range kept.IDs() {
		all = append(all, Change{ID: id, Word: kept.Of(id)})
	}
	if err := k.update(*k.Own, nil, append(all, changes...)); err != nil {
		return err
	}
	return state.Remove(File)
}

// load is Load, but that a folder which cannot be entered, a link say, has no flags.
func load(dir fence.Folder) (*Flags, bool, error) {
	if _, err := dir.Stat(File); err != nil {
		return nil, false, nil //nolint:nilerr // there is no such file, or none that would be read
	}
	return Load(dir)
}

// update changes the flags of one folder.
func (k *Kept) update(dir fence.Folder, first *Flags, changes []Change) error {
	f, err := Update(dir, first, changes)
	if err == nil {
		k.Set(f)
	}
	return err
}

// Path returns the file that holds the flags, or "" if there is none.
func (k *Kept) Path() string {
	for _, dir := range k.folders() {
		if _, err := dir.Stat(File); err == nil {
			return dir.File(File)
		}
	}
	return ""
}

// folders returns where flags may lie; the first that has some counts.
func (k *Kept) folders() []fence.Folder {
	if k.Own == nil {
		return []fence.Folder{k.state()}
	}
	return []fence.Folder{k.state(), *k.Own}
}

// state returns the folder in the user's state that belongs to the gallery.
func (k *Kept) state() fence.Folder { return fence.OfGallery(xdg.StateHome, k.Gallery) }
