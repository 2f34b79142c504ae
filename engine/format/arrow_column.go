package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs of CompressionType in Message.fbs of the Arrow format.
const arrowPlain = -1

var arrowCodecs = map[int8]func(io.Reader) (io.ReadCloser, error){
	0: func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(lz4.NewReader(r)), nil },
	1: func(r io.Reader) (io.ReadCloser, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	},
}

// arrowPart is the rows of a column in one batch. valid, offsets and data are indexes of the
// batch's buffers; offsets is negative for rows of fixed size.
type arrowPart struct {
	batch         *arrowBatch
	first         int64 // the row of the column with which it begins
	nodes         [][2]int64
	valid         []int // the bitmap of each node
	offsets, data int
	base          int64 // the element with which row 0 begins
}

// arrowShape is the shape of a column's rows, as far as its type determines it. A column of scalars
// has none.
type arrowShape struct {
	elem   Type
	dim    int64 // 0 where the offsets tell
	wide   bool  // the offsets have 8 bytes
	opaque bool
	why    string
}

// shape returns the shape of a column's rows. It reports false for a column of scalars.
func (f *arrowField) shape() (arrowShape, bool) {
	s := arrowShape{elem: Uint8}
	if f.coded {
		return s, false
	}
	switch f.kind {
	case arrowFixedBinary:
		s.opaque, s.dim = true, int64(f.width)
	case arrowBinary, arrowLargeBinary:
		s.opaque, s.wide = true, f.kind == arrowLargeBinary
	case arrowFixedList, arrowList, arrowLargeList:
		s.wide = f.kind == arrowLargeList
		if f.kind == arrowFixedList {
			s.dim = int64(f.width)
		}
		ok := len(f.children) == 1
		if ok {
			s.elem, ok = f.children[0].number()
		}
		if !ok {
			s.why = "a column of lists, but not of float16, float32, float64, int8, uint8 or int32"
		}
	case arrowBinaryView, arrowListView, arrowLargeView:
		s.why = "a column of views, which do not lie side by side; write it as lists of fixed size"
	default:
		return s, false
	}
	if s.why == "" && (s.dim < 0 || s.dim == 0 && (f.kind == arrowFixedBinary || f.kind == arrowFixedList)) {
		s.why = fmt.Sprintf("rows have %d elements", s.dim)
	}
	return s, true
}

// number returns the type of a column of numbers.
func (f *arrowField) number() (Type, bool) {
	switch {
	case f.coded:
	case f.kind == arrowFloat && f.width >= 0 && f.width <= 2:
		return [...]Type{Float16, Float32, Float64}[f.width], true
	case f.kind == arrowInt && f.width == 8 && f.signed:
		return Int8, true
	case f.kind == arrowInt && f.width == 8:
		return Uint8, true
	case f.kind == arrowInt && f.width == 32 && f.signed:
		return Int32, true
	}
	return 0, false
}

// column returns column i. at holds, for each batch, where the parts of the column begin. It
// reports false for a column of scalars.
func (t *arrowTable) column(ctx context.Context, i int, at []arrowCount) (Array, bool, error) {
	f := &t.fields[i]
	s, ok := f.shape()
	if !ok || s.why != "" {
		return Array{Why: s.why}, ok, nil
	}
	var parts []arrowPart
	var rows int64
	for b := range t.batches {
		batch := &t.batches[b]
		if batch.rows == 0 {
			continue
		}
		p, err := newArrowPart(batch, f, at[b])
		if err != nil {
			return Array{}, true, fmt.Errorf("batch %d: %w", b, err)
		}
		p.first = rows
		if rows += batch.rows; rows < 0 || rows > 1<<62 {
			return Array{}, true, errors.New("its numbers of rows overflow")
		}
		parts = append(parts, p)
	}
	a := Array{Type: s.elem, Rows: rows, Dim: s.dim, Opaque: s.opaque}
	for k := range parts {
		why, err := t.check(ctx, &parts[k], &a, s)
		if why != "" || err != nil {
			return Array{Why: why}, true, err
		}
	}
	if rows == 0 {
		return Array{Why: "it has no rows"}, true, nil
	}
	if err := t.settle(&a, parts); err != nil {
		return a, true, err
	}
	if a.Opaque {
		if err := a.Check(t.size); err != nil {
			return a, true, err
		}
		a.Why = opaque(a.Dim)
	}
	return a, true, nil
}

// opaque returns what the reader must know about a column of bytes.
func opaque(dim int64) string {
	return fmt.Sprintf("rows of %d bytes, and the file does not say of what: give their type in gallery.yaml", dim)
}

// newArrowPart finds the nodes and buffers of a column in a batch.
func newArrowPart(b *arrowBatch, f *arrowField, at arrowCount) (arrowPart, error) {
	p := arrowPart{batch: b, offsets: -1}
	nodes, buffers := 1, 2
	p.valid, p.data = []int{at.buffer}, at.buffer+1
	switch f.kind {
	case arrowBinary, arrowLargeBinary:
		p.offsets, p.data, buffers = at.buffer+1, at.buffer+2, 3
	case arrowFixedList:
		p.valid, p.data = append(p.valid, at.buffer+1), at.buffer+2
		nodes, buffers = 2, 3
	case arrowList, arrowLargeList:
		p.offsets, p.valid, p.data = at.buffer+1, append(p.valid, at.buffer+2), at.buffer+3
		nodes, buffers = 2, 4
	}
	if at.node+nodes > len(b.nodes) || at.buffer+buffers > len(b.buffers) {
		return p, fmt.Errorf("it has %d parts and %d buffers, fewer than its columns need", len(b.nodes), len(b.buffers))
	}
	p.nodes = b.nodes[at.node : at.node+nodes]
	if p.nodes[0][0] != b.rows {
		return p, fmt.Errorf("the column has %d rows, the batch %d", p.nodes[0][0], b.rows)
	}
	return p, nil
}

// check checks that the rows of a part are complete and have one length, a.Dim, and sets a.Dim if
// it is not known yet. why says why the rows are no matrix.
func (t *arrowTable) check(ctx context.Context, p *arrowPart, a *Array, s arrowShape) (why string, err error) {
	if p.nodes[0][1] != 0 {
		row, err := t.firstNull(ctx, p, 0)
		return fmt.Sprintf("row %d is null", p.first+row), err
	}
	if p.offsets >= 0 {
		if why, err = t.checkOffsets(ctx, p, a, s.wide); why != "" || err != nil {
			return why, err
		}
	}
	if a.Dim > MaxDim {
		return "", fmt.Errorf("%d features are more than the %d that a layer may have", a.Dim, MaxDim)
	}
	if p.batch.rows > (1<<62)/(a.Dim*a.Type.Size()) {
		return "", fmt.Errorf("%d rows of %d overflow: no file is that large", p.batch.rows, a.Dim)
	}
	if len(p.nodes) < 2 {
		return "", nil
	}
	if have := p.nodes[1][0]; p.base > have || have-p.base < p.batch.rows*a.Dim {
		return "", fmt.Errorf("%d rows of %d need %d elements, the column has %d", p.batch.rows, a.Dim, p.batch.rows*a.Dim, have)
	}
	if p.nodes[1][1] != 0 {
		at, err := t.firstNull(ctx, p, 1)
		if at -= p.base; at >= 0 && at < p.batch.rows*a.Dim {
			why = fmt.Sprintf("row %d has no value at %d: it is null", p.first+at/a.Dim, at%a.Dim)
		}
		return why, err
	}
	return "", nil
}

// firstNull returns the first element of a node that is null.
func (t *arrowTable) firstNull(ctx context.Context, p *arrowPart, node int) (int64, error) {
	r, _, err := t.buffer(p.batch, p.valid[node])
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n := p.nodes[node][0]
	if n < 0 || n > 1<<60 {
		return 0, fmt.Errorf("it has %d values: no file is that large", n)
	}
	var buf [1 << 12]byte
	for at := int64(0); at < n; at += 8 * int64(len(buf)) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		b := buf[:min(int64(len(buf)), (n-at+7)/8)]
		if _, err := io.ReadFull(r, b); err != nil {
			return 0, fmt.Errorf("its bitmap of %d values: %w", n, err)
		}
		for i := range min(8*int64(len(b)), n-at) {
			if b[i/8]>>(i%8)&1 == 0 {
				return at + i, nil
			}
		}
	}
	return 0, fmt.Errorf("it is said to have %d nulls, and has none", p.nodes[node][1])
}

// checkOffsets reads the offsets of the rows of a part, and checks that the rows have one length.
func (t *arrowTable) checkOffsets(ctx context.Context, p *arrowPart, a *Array, wide bool) (why string, err error) {
	r, _, err := t.buffer(p.batch, p.offsets)
	if err != nil {
		return "", err
	}
	defer r.Close()
	width := 4
	if wide {
		width = 8
	}
	next := func(b []byte) int64 {
		if wide {
			return int64(binary.LittleEndian.Uint64(b))
		}
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	buf := make([]byte, 1<<16)
	var last int64
	for row := int64(-1); row < p.batch.rows; {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		b := buf[:min(int64(len(buf)), (p.batch.rows-row)*int64(width))]
		if _, err := io.ReadFull(r, b); err != nil {
			return "", fmt.Errorf("the offsets of %d rows: %w", p.batch.rows, err)
		}
		for ; len(b) > 0; b = b[width:] {
			at := next(b)
			switch {
			case row < 0:
				p.base = at
			case a.Dim == 0 && at > last:
				a.Dim = at - last
			case at-last != a.Dim || at < last || a.Dim == 0:
				if p.first+row == 0 {
					return "row 0 is empty", nil
				}
				return fmt.Sprintf("row %d has %d elements, row 0 has %d", p.first+row, at-last, a.Dim), nil
			}
			if at < 0 {
				return "", fmt.Errorf("an offset of row %d is %d", p.first+max(row, 0), at)
			}
			last = at
			row++
		}
	}
	return "", nil
}

// buffer opens a buffer of a batch, and returns its size in bytes. For a compressed buffer it is
// the size that the buffer states.
func (t *arrowTable) buffer(b *arrowBatch, i int) (io.ReadCloser, int64, error) {
	at, n := b.buffers[i][0], b.buffers[i][1]
	if at < 0 || n < 0 || n > b.length || at > b.length-n {
		return nil, 0, fmt.Errorf("buffer %d, %d bytes at byte %d, does not fit in the batch's %d", i, n, at, b.length)
	}
	raw := io.NewSectionReader(t.f, b.body+at, n)
	if b.codec == arrowPlain || n == 0 {
		return io.NopCloser(raw), n, nil
	}
	var lead [8]byte
	if _, err := io.ReadFull(raw, lead[:]); err != nil {
		return nil, 0, fmt.Errorf("buffer %d, %d bytes, is shorter than the length before it", i, n)
	}
	length := int64(binary.LittleEndian.Uint64(lead[:]))
	if length == -1 { // this buffer is not compressed
		return io.NopCloser(raw), n - int64(len(lead)), nil
	}
	if length < 0 {
		return nil, 0, fmt.Errorf("buffer %d has %d bytes unpacked", i, length)
	}
	r, err := arrowCodecs[b.codec](raw)
	if err != nil {
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, length), r}, length, nil
}

// settle sets the place of a matrix in a single uncompressed batch, or its Stream. The data of each
// part have the required length, if the compressed ones unpack to the size that they state.
func (t *arrowTable) settle(a *Array, parts []arrowPart) error {
	row := a.Dim * a.Type.Size()
	for _, p := range parts {
		r, have, err := t.buffer(p.batch, p.data)
		if err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
		if from := p.base * a.Type.Size(); p.base > min(have, 1<<58) || from > have || have-from < p.batch.rows*row {
			return fmt.Errorf("%d rows of %d %s need %d bytes from byte %d, the column has %d", p.batch.rows, a.Dim, a.Type, p.batch.rows*row, from, have)
		}
	}
	if p := parts[0]; len(parts) == 1 && p.batch.codec == arrowPlain {
		a.Offset, a.Stride = p.batch.body+p.batch.buffers[p.data][0]+p.base*a.Type.Size(), row
		return nil
	}
	elem := a.Type.Size()
	a.Stream = func(ctx context.Context) (io.ReadCloser, error) {
		return &arrowStream{ctx: ctx, t: t, parts: parts, elem: elem, row: row}, nil
	}
	return nil
}

// arrowStream reads the rows of a column, part after part.
type arrowStream struct {
	ctx       context.Context
	t         *arrowTable
	parts     []arrowPart
	elem, row int64
	open      io.ReadCloser
	left      int64 // of the part that is open
}

func (s *arrowStream) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n, err := s.open.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if errors.Is(err, io.EOF) {
		if s.left > 0 {
			return n, fmt.Errorf("the batch of row %d ends %d bytes before the end of its rows", s.parts[0].first, s.left)
		}
		err = nil
	}
	if s.left == 0 {
		s.parts = s.parts[1:]
	}
	return n, err
}

// next opens the next part.
func (s *arrowStream) next() error {
	if err := s.Close(); err != nil {
		return err
	}
	if len(s.parts) == 0 {
		return io.EOF
	}
	p := s.parts[0]
	r, _, err := s.t.buffer(p.batch, p.data)
	if err != nil {
		return err
	}
	s.open, s.left = r, p.batch.rows*s.row
	if _, err := io.CopyN(io.Discard, r, p.base*s.elem); err != nil {
		return fmt.Errorf("the batch of row %d: %w", p.first, err)
	}
	return nil
}

func (s *arrowStream) Close() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open = nil
	return err
}
