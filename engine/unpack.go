package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// unpack.go keeps matrices that do not lie in their files as they are, because they
// are compressed, say: as .npy files in the folder of Derived, each with a recipe.

// unpackFormat is the number of the format of recipes.
const unpackFormat = 2

// unpackRecipe says which file a matrix was unpacked from. It is the JSON that lies
// beside it; one without is never used.
type unpackRecipe struct {
	Format   int    `json:"format"`
	File     string `json:"file"` // within the gallery's folder
	Array    string `json:"array,omitempty"`
	Bytes    int64  `json:"bytes"`    // of the file
	Modified int64  `json:"modified"` // the file's time, in nanoseconds
	Ends     string `json:"ends"`     // SHA-256 of the file's first and last endBytes
	Type     string `json:"type"`
	Rows     int64  `json:"rows"`
	Dim      int64  `json:"dim"`
	SHA256   string `json:"sha256"` // of what was unpacked, the .npy file; "" before it is
}

// endBytes are read of either end of a file, where the formats have their headers.
const endBytes = 64 << 10

// unpackRecipeOf returns the recipe that an array should have.
func unpackRecipeOf(m *matrixFile, a format.Array) (unpackRecipe, error) {
	r := unpackRecipe{
		Format: unpackFormat, File: m.name, Array: a.Name, Bytes: m.size, Modified: m.Modified(),
		Type: a.Type.String(), Rows: a.Rows, Dim: a.Dim,
	}
	h := sha256.New()
	for _, from := range []int64{0, max(0, m.size-endBytes)} {
		if _, err := io.Copy(h, io.NewSectionReader(m.reader, from, endBytes)); err != nil {
			return r, err
		}
	}
	r.Ends = hex.EncodeToString(h.Sum(nil))
	return r, nil
}

// unpackedName returns the name of an unpacked matrix, without .npy: that of the file
// and of the array, with %XX for all but letters, digits and _.-, and @ before a type that
// the file does not tell.
func unpackedName(m *matrixFile, a format.Array) string {
	name := m.name
	if a.Name != "" {
		name += "." + a.Name
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; scheme.IsNameByte(c) && (i > 0 || c != '.') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	s, kind := b.String(), ""
	if a.Told {
		kind = "@" + a.Type.String()
	}
	const most = 120 // of the 255 bytes that a file's name may have
	if len(s) > most {
		sum := sha256.Sum256([]byte(name))
		s = s[:most] + "-" + hex.EncodeToString(sum[:8])
	}
	return s + kind
}

// unpackedFolder is the folder within that of Derived.
const unpackedFolder = "unpacked"

// unpacked returns the file that an array was unpacked into, and the array there. It
// unpacks it if that was not done, or from a file that was another.
func (o *opener) unpacked(ctx context.Context, m *matrixFile, a format.Array) (*matrixFile, format.Array, error) {
	want, err := unpackRecipeOf(m, a)
	if err != nil {
		return nil, a, err
	}
	name := unpackedName(m, a)
	if kept := o.files[unpackedFolder+"/"+name]; kept != nil { // for another layer
		return kept, kept.arrays[0], nil
	}
	for _, dir := range o.g.home().folders() {
		kept, err := o.kept(ctx, dir.Sub(unpackedFolder), name, want)
		if kept != nil || err != nil {
			return kept, want.array(kept), err
		}
	}
	dir, err := o.g.DerivedFolder(unpackedFolder)
	if err != nil {
		return nil, a, fmt.Errorf("there is no place to unpack it: %w", err)
	}
	if err := o.unpack(ctx, m, a, dir, name, want); err != nil {
		return nil, a, err
	}
	kept, err := o.kept(ctx, dir, name, want)
	if err == nil && kept == nil {
		err = fmt.Errorf("%s: it was changed as soon as it was written", dir.File(name+".npy"))
	}
	return kept, want.array(kept), err
}

// array returns the array of an unpacked file, which may be nil.
func (r *unpackRecipe) array(m *matrixFile) format.Array {
	if m == nil {
		return format.Array{}
	}
	return m.arrays[0]
}

// kept opens an unpacked matrix that has the recipe, or returns nil.
func (o *opener) kept(ctx context.Context, dir fence.Folder, name string, want unpackRecipe) (*matrixFile, error) {
	text, err := dir.ReadFile(name+".json", fence.Metadata)
	var got unpackRecipe
	if err != nil || json.Unmarshal(text, &got) != nil {
		return nil, nil // there is none
	}
	sum := got.SHA256
	if got.SHA256 = ""; got != want {
		return nil, nil // it is not this one's
	}
	why, err := seal.BelievedMatrix(ctx, dir, name+".npy", sum, text)
	if err != nil {
		return nil, err
	}
	if why != "" {
		o.g.note("%s is not used: it %s; the matrix is unpacked again", dir.File(name+".npy"), why)
		return nil, nil
	}
	m, err := openMatrix(ctx, dir.FS(), name+".npy", dir.File(name+".npy"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, nil // a damaged one is unpacked again
	}
	a := m.arrays[0]
	if a.Type.String() != want.Type || a.Rows != want.Rows || a.Dim != want.Dim {
		m.file.Close()
		return nil, nil
	}
	o.files[unpackedFolder+"/"+name] = m
	return m, nil
}

// unpack writes an array of a file, and then its recipe.
func (o *opener) unpack(ctx context.Context, m *matrixFile, a format.Array, dir fence.Folder, name string, recipe unpackRecipe) error {
	head := layer.MatrixHead{Type: a.Type, Rows: a.Rows, Dim: a.Dim}.Encode()
	if free, ok := aside.FreeBytes(dir.Path()); ok && free < a.Bytes()+int64(len(head)) {
		return fmt.Errorf("unpacked it has %d bytes, %s has room for %d: make room there, or let strata import write the gallery elsewhere", a.Bytes(), dir.Path(), free)
	}
	stream, err := a.Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	matrix, err := dir.Create(name + ".npy")
	if err != nil {
		return err
	}
	defer matrix.Abandon()
	hashed := seal.NewHashing(matrix)
	if _, err := hashed.Write(head); err != nil {
		return err
	}
	if err := o.copyElements(ctx, hashed, stream, m, a); err != nil {
		return err
	}
	recipe.SHA256 = hashed.Hash()
	text, err := json.MarshalIndent(recipe, "", "  ")
	if err != nil {
		return err
	}
	s, err := dir.Create(name + ".json")
	if err != nil {
		return err
	}
	defer s.Abandon()
	text = append(text, '\n')
	if _, err := s.Write(text); err != nil {
		return err
	}
	seal.Believe(seal.SealedMatrix, text) // first: who finds the matrix finds its seal
	if err := aside.PublishSealed(s, matrix); err != nil {
		return err
	}
	seal.BelieveMatrix(dir, name+".npy", text)
	return nil
}

// copyElements copies just the elements of an array.
func (o *opener) copyElements(ctx context.Context, to io.Writer, from io.Reader, m *matrixFile, a format.Array) error {
	buf := make([]byte, 1<<20)
	for done := int64(0); done < a.Bytes(); {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := io.ReadFull(from, buf[:min(int64(len(buf)), a.Bytes()-done)])
		if err != nil {
			return fmt.Errorf("after %d of %d bytes of %d×%d %s: %w", done+int64(n), a.Bytes(), a.Rows, a.Dim, a.Type, err)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return err
		}
		done += int64(n)
		if o.o.Unpacking != nil {
			o.o.Unpacking(m.Path, done, a.Bytes())
		}
	}
	switch n, err := io.ReadFull(from, buf[:1]); {
	case n > 0:
		return fmt.Errorf("it holds more than the %d bytes of %d×%d %s", a.Bytes(), a.Rows, a.Dim, a.Type)
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}
