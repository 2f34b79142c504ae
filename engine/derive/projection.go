package derive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"strata/engine/format"
	"strata/engine/layer"
)

// projection is a matrix in a file.
type projection struct {
	features, components int
	values               []float64 // by component, then by feature: float32 values
	hash                 string    // of the file
}

// The largest numbers of components and of values of a matrix file.
const (
	maxComponents       = 1 << 14
	maxProjectionValues = 1 << 26
)

// MatrixShape returns the features and the components of a matrix file. It reads the head.
func (b *Beside) MatrixShape(file string) (features, components int, err error) {
	f, err := layer.OpenFile(b.folder, file)
	if err != nil {
		return 0, 0, missing(file, err)
	}
	defer f.Close()
	a, err := matrixHead(f, f)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	return int(a.Rows), int(a.Dim), nil
}

// missing names a file that cannot be opened.
func missing(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the gallery has no file %s", file)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// matrixHead reads the head of a .npy file from r: float32 or float64 values in C order.
func matrixHead(f fs.File, r io.Reader) (format.Array, error) {
	info, err := f.Stat()
	if err != nil {
		return format.Array{}, err
	}
	a, err := format.ReadNpyHeader(r, info.Size())
	switch {
	case err != nil:
		return a, err
	case a.Type != layer.Float32 && a.Type != layer.Float64:
		return a, fmt.Errorf("its values are %s: matrix takes float32 or float64", a.Type)
	case a.Dim > maxComponents || a.Rows > maxProjectionValues/a.Dim:
		return a, fmt.Errorf("it holds %d×%d: matrix takes at most %d components and %d values", a.Rows, a.Dim, maxComponents, maxProjectionValues)
	}
	return a, a.Check(info.Size())
}

// matrix reads a matrix file. Values are rounded to float32; one that is not finite is an error that
// names its place.
func (b *Beside) matrix(file string) (*projection, error) {
	f, err := layer.OpenFile(b.folder, file)
	if err != nil {
		return nil, missing(file, err)
	}
	defer f.Close()
	sum := sha256.New()
	r := io.TeeReader(f, sum)
	a, err := matrixHead(f, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	values := make([]byte, a.Rows*a.Dim*a.Type.Size()) // they are behind the head
	if _, err := io.ReadFull(r, values); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m := &projection{features: int(a.Rows), components: int(a.Dim), hash: hex.EncodeToString(sum.Sum(nil))}
	m.values = make([]float64, m.features*m.components)
	for i := range m.features {
		for j := range m.components {
			x := float64(float32(matrixValue(values, i*m.components+j, a.Type)))
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("%s: row %d, column %d: the value is not finite in float32", file, i, j)
			}
			m.values[j*m.features+i] = x
		}
	}
	return m, nil
}

// matrixValue returns value i of a matrix of float32 or float64.
func matrixValue(values []byte, i int, t format.Type) float64 {
	if t == layer.Float32 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(values[4*i:])))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(values[8*i:]))
}

// fitMatrix sets axes to those of a file.
func (x *fitter) fitMatrix(context.Context) error {
	m, err := x.beside.matrix(x.transform.Of)
	if err != nil {
		return err
	}
	if m.features != x.in || m.components != x.Out {
		return fmt.Errorf("%s holds %d×%d now, not %d×%d", x.transform.Of, m.features, m.components, x.in, x.Out)
	}
	x.Mean, x.axes, x.hash = make([]float64, x.in), m.values, m.hash
	return nil
}
