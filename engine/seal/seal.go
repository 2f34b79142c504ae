package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/adrg/xdg"

	"strata/engine/fence"
)

// ErrForeign says of a derived file that this user's program did not make it.
const ErrForeign = "was not made here: it came with the gallery, or this user's cache was emptied"

// seals is the folder of the seals.
func seals() fence.Folder {
	return fence.In(filepath.Join(xdg.CacheHome, "strata"), "seals")
}

// sealName returns the name of the seal of parts, of one kind.
func sealName(kind string, parts ...[]byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n", kind) // a hash takes all
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d\n", len(p))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Believe seals parts. Where the cache cannot be written, there is no seal, and what
// would have it is made again the next time.
func Believe(kind string, parts ...[]byte) {
	f, err := openSeals().Update(sealName(kind, parts...))
	if err == nil {
		_ = f.Close() // it is empty
	}
}

// openSeals returns the folder of the seals, made if it can be.
func openSeals() fence.Folder {
	dir := seals()
	_ = dir.Make() // its files say so
	return dir
}

// Believed reports whether parts are sealed.
func Believed(kind string, parts ...[]byte) bool {
	info, err := seals().Stat(sealName(kind, parts...))
	return err == nil && info.Mode().IsRegular()
}

// The kinds of seals.
const (
	SealedCodes   = "codes"             // header, chunk heads
	SealedPart    = "codes in part"     // header and mean, path and identity of the file
	SealedMatrix  = "matrix"            // its recipe, which has its SHA-256
	sealedLies    = "matrix as it lies" // the same, and size and time of the file
	SealedArchive = "archive index"     // all of it

	SealedNeighbours = "neighbours" // the SHA-256 of the file
	SealedValues     = "values"     // all of it
)

// lies returns what says that a matrix was not written since.
func lies(info fs.FileInfo) []byte {
	return fmt.Appendf(nil, "%d %d %s", info.Size(), info.ModTime().UnixNano(), fence.Identity(info))
}

// BelieveMatrix seals the recipe of a matrix, which has the matrix's SHA-256, and the
// matrix as it lies.
func BelieveMatrix(dir fence.Folder, file string, recipe []byte) {
	Believe(SealedMatrix, recipe)
	if info, err := dir.Stat(file); err == nil {
		Believe(sealedLies, recipe, lies(info))
	}
}

// BelievedMatrix returns why a matrix is not believed, or "". One that lies as it was
// written is; another whose recipe is believed is read whole, and compared with the SHA-256
// that the recipe has.
func BelievedMatrix(ctx context.Context, dir fence.Folder, file, sum string, recipe []byte) (why string, err error) {
	info, err := dir.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is not there, and its recipe is", nil
	case err != nil:
		return "cannot be read: " + err.Error(), nil
	case Believed(sealedLies, recipe, lies(info)):
		return "", nil
	case !Believed(SealedMatrix, recipe):
		return ErrForeign, nil
	}
	got, err := HashFile(ctx, dir, file)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "cannot be read: " + err.Error(), nil
	case got != sum:
		return fmt.Sprintf("has the SHA-256 %.12s…, its recipe says %.12s…", got, sum), nil
	}
	Believe(sealedLies, recipe, lies(info))
	return "", nil
}

// hashing passes on what is written, and hashes it.
type hashing struct {
	io.Writer
	sum interface{ Sum([]byte) []byte }
}

// NewHashing returns a writer to w.
func NewHashing(w io.Writer) hashing {
	h := sha256.New()
	return hashing{io.MultiWriter(w, h), h}
}

// Hash returns the SHA-256 of what was written, in hexadecimal digits.
func (h hashing) Hash() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// HashFile returns the SHA-256 of a file, in hexadecimal digits.
func HashFile(ctx context.Context, dir fence.Folder, name string) (string, error) {
	f, err := dir.Open(name)
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
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		case ctx.Err() != nil:
			return "", ctx.Err()
		}
	}
}
