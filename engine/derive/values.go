package derive

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	slash "path"

	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// values.go keeps numbers that were computed from all rows of a layer, in the folder of Derived:
//
//	.strata/values/FACTOR.KIND
//
// A file is the line valuesMagic, a line of JSON (see valuesHead), and the numbers: float64, 8 bytes
// each, little-endian.

// ValuesFolder holds files of values, in the folder of Derived.
const ValuesFolder = "values"

// valuesMagic begins a file of values, and has the format's number.
const valuesMagic = "strata values 1\n"

// Home is where a gallery keeps what is derived from it.
type Home interface {
	// DerivedFolder returns a folder for derived files, and makes it.
	DerivedFolder(name string) (fence.Folder, error)
	// FindDerived returns the folder that holds the derived file of that name.
	FindDerived(name string) (fence.Folder, error)
}

// valuesHead says what the values of a file are, and which matrix they are of.
type valuesHead struct {
	Kind    string `json:"kind"`    // with the number of its definition
	Among   string `json:"among"`   // what the values depend on beside the layer; or ""
	Print   string `json:"print"`   // hash of the layer's shape and of a sample of its blocks
	Content string `json:"content"` // hash of all its bytes
	Count   int    `json:"count"`
}

// Values returns count numbers of a kind of a layer. It reads them from their file, if that was
// written here, of the same matrix and with the same among. Otherwise it computes and keeps them;
// where they cannot be kept, they are computed again the next time. file ends the file's name.
func Values(ctx context.Context, home Home, l *layer.Layer, file, kind, among string, count int, compute func() ([]float64, error)) ([]float64, error) {
	head := valuesHead{Kind: kind, Among: among, Count: count}
	if err := head.of(ctx, l); err != nil {
		return nil, err
	}
	name := scheme.FactorNamed(l.Name).FileName() + "." + file
	if values := readValues(home, name, head); values != nil {
		return values, nil
	}
	values, err := compute()
	if err != nil {
		return nil, err
	}
	if len(values) != count {
		return nil, fmt.Errorf("%s: %d values, not %d", name, len(values), count)
	}
	dir, err := home.DerivedFolder(ValuesFolder)
	if err == nil {
		text := head.encode(values)
		seal.Believe(seal.SealedValues, text) // first: a reader that finds the file needs its seal
		_ = dir.WriteBytes(name, text)        // a disk that is full costs the time of the next pass
	}
	return values, ctx.Err()
}

// of sets what the head says of the matrix.
func (h *valuesHead) of(ctx context.Context, l *layer.Layer) error {
	for _, part := range []struct {
		to     *string
		sample func(context.Context, hash.Hash, *layer.Layer) error
	}{{&h.Print, layer.HashSample}, {&h.Content, layer.HashAll}} {
		sum, err := l.Hash(ctx, part.sample)
		if err != nil {
			return err
		}
		*part.to = hex.EncodeToString(sum)
	}
	return nil
}

// encode returns the bytes of a file.
func (h valuesHead) encode(values []float64) []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it has texts and a number
	}
	b := append([]byte(valuesMagic), text...)
	b = append(b, '\n')
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// readValues returns the values of a file, or nil where it cannot be used.
func readValues(home Home, name string, want valuesHead) []float64 {
	name = slash.Join(ValuesFolder, name)
	dir, err := home.FindDerived(name)
	if err != nil {
		return nil
	}
	text, err := dir.ReadFile(name, headRoom+8*int64(want.Count))
	if err != nil || !seal.Believed(seal.SealedValues, text) {
		return nil
	}
	head, values, err := decodeValues(text)
	if err != nil || head != want {
		return nil
	}
	return values
}

// decodeValues reads a file of values.
func decodeValues(b []byte) (head valuesHead, values []float64, err error) {
	rest, ok := bytes.CutPrefix(b, []byte(valuesMagic))
	line, rest, ended := bytes.Cut(rest, []byte("\n"))
	if !ok || !ended {
		return head, nil, errors.New("it has no head of values")
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return head, nil, fmt.Errorf("its head: %w", err)
	}
	if len(rest)%8 != 0 || head.Count != len(rest)/8 {
		return head, nil, fmt.Errorf("%d bytes do not hold %d values", len(rest), head.Count)
	}
	values = make([]float64, head.Count)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(rest[8*i:]))
	}
	return head, values, nil
}

// mostValues is the largest size of a file of values: the moments of 8,192 features.
const mostValues = 1 << 29

// CheckValues says what is wrong with a file of values of a layer, as text that follows the file's name:
// damage, or why a sound one is not used. among is what values of items depend on. A layer of nil is not
// looked at.
func CheckValues(ctx context.Context, dir fence.Folder, name string, l *layer.Layer, among string) (damage error, stale string, err error) {
	text, err := dir.ReadFile(name, mostValues)
	var head valuesHead
	if err == nil {
		head, _, err = decodeValues(text)
	}
	switch {
	case err != nil:
		return fmt.Errorf("cannot be read: %w", err), "", nil
	case !seal.Believed(seal.SealedValues, text):
		return nil, seal.ErrForeign, nil
	case head.Among != "" && head.Among != among:
		return nil, "is of other items, or of others that may be found", nil
	case l == nil:
		return nil, "", nil
	}
	now := head
	if err := now.of(ctx, l); err != nil {
		return nil, "", err
	}
	if now != head {
		return nil, "is of another matrix", nil
	}
	return nil, "", nil
}
