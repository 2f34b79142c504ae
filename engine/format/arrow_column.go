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
	wide          bool  // the offsets take 8 bytes
	offsets, data int
	base          int64 // the element with which row 0 begins
	elements      int64 // of all rows
	empty         int64 // rows that are null or have no elements, where offsets tell
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
		parts[k].wide = s.wide
		why, err := t.check(ctx, &parts[k], &a)
		if why != "" || err != nil {
			return Array{Why: why}, true, err
		}
		a.Null += parts[k].nulls()
	}
	switch {
	case rows == 0:
		return Array{Why: "it has no rows"}, true, nil
	case a.Null == rows || a.Dim == 0:
		return Array{Why: "all its rows are null or empty"}, true, nil
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

// nulls returns the number of rows that are null, or empty.
func (p *arrowPart) nulls() int64 { return max(p.nodes[0][1], p.empty) }

// check checks that the rows of a part are whole and of one length, a.Dim, which
// it sets where nothing else told. A reason why they are no matrix is returned as why.
func (t *arrowTable) check(ctx context.Context, p *arrowPart, a *Array) (why string, err error) {
	p.elements = p.batch.rows // times a.Dim, below
	if p.offsets >= 0 {
		if why, err = t.checkOffsets(ctx, p, a); why != "" || err != nil {
			return why, err
		}
	}
	if a.Dim > MaxDim {
		return "", fmt.Errorf("%d features are more than the %d that a layer may have", a.Dim, MaxDim)
	}
	if p.batch.rows > (1<<62)/max(a.Dim*a.Type.Size(), 1) {
		return "", fmt.Errorf("%d rows of %d overflow: no file is that large", p.batch.rows, a.Dim)
	}
	if p.offsets < 0 {
		p.elements *= a.Dim
	}
	if n := p.nodes[0][1]; n < 0 || n > p.batch.rows {
		return "", fmt.Errorf("%d of its %d rows are null", n, p.batch.rows)
	} else if n > 0 {
		_, have, err := t.buffer(p.batch, p.valid[0])
		if err == nil && have < (p.batch.rows+7)/8 {
			err = fmt.Errorf("its bitmap of %d rows has %d bytes", p.batch.rows, have)
		}
		if err != nil {
			return "", err
		}
	}
	if len(p.nodes) < 2 {
		return "", nil
	}
	if have := p.nodes[1][0]; p.base > have || have-p.base < p.elements {
		return "", fmt.Errorf("%d rows of %d need %d elements, the column has %d", p.batch.rows, a.Dim, p.elements, have)
	}
	if p.nodes[1][1] != 0 && a.Dim > 0 {
		return t.holes(ctx, p, a.Dim)
	}
	return "", nil
}

// holes says which row has an element that is null, unless the row is null itself.
func (t *arrowTable) holes(ctx context.Context, p *arrowPart, dim int64) (why string, err error) {
	rows, err := t.nullRows(p)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	row, null, next := int64(-1), false, p.base // the row, and the element behind it
	err = t.eachNull(ctx, p, 1, func(at int64) (bool, error) {
		if at < p.base {
			return true, nil
		}
		for at >= next && row+1 < p.batch.rows {
			n, isNull, err := rows.next(dim)
			if err != nil {
				return false, err
			}
			row, null, next = row+1, isNull, next+n
		}
		if at < next && !null {
			why = fmt.Sprintf("row %d has no value at %d: it is null", p.first+row, at-(next-dim))
		}
		return why == "" && at < next, nil
	})
	return why, err
}

// eachNull calls found with each element of a node that is null, until it says no.
func (t *arrowTable) eachNull(ctx context.Context, p *arrowPart, node int, found func(at int64) (bool, error)) error {
	r, _, err := t.buffer(p.batch, p.valid[node])
	if err != nil {
		return err
	}
	defer r.Close()
	n := p.nodes[node][0]
	if n < 0 || n > 1<<60 {
		return fmt.Errorf("it has %d values: no file is that large", n)
	}
	var buf [1 << 12]byte
	for at := int64(0); at < n; at += 8 * int64(len(buf)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b := buf[:min(int64(len(buf)), (n-at+7)/8)]
		if _, err := io.ReadFull(r, b); err != nil {
			return fmt.Errorf("its bitmap of %d values: %w", n, err)
		}
		for i := range min(8*int64(len(b)), n-at) {
			if b[i/8]>>(i%8)&1 != 0 {
				continue
			}
			if more, err := found(at + i); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// checkOffsets reads where the rows of a part begin.
func (t *arrowTable) checkOffsets(ctx context.Context, p *arrowPart, a *Array) (why string, err error) {
	rows, err := t.nullRows(p)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	p.base, p.elements, p.empty = rows.last, 0, 0
	for row := range p.batch.rows {
		if row%(1<<16) == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		n, null, err := rows.next(0)
		if err != nil {
			return "", err
		}
		p.elements += n
		switch {
		case null || n == 0:
			p.empty++
		case a.Dim == 0:
			a.Dim, a.whole = n, p.first+row
		case n != a.Dim:
			return fmt.Sprintf("row %d has %d elements, row %d has %d", p.first+row, n, a.whole, a.Dim), nil
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
		if whole := have / a.Type.Size(); p.base > whole || p.elements > whole-p.base { // their bytes may overflow
			return fmt.Errorf("%d rows of %d %s need %d elements from element %d, the column has %d bytes", p.batch.rows, a.Dim, a.Type, p.elements, p.base, have)
		}
	}
	if p := parts[0]; len(parts) == 1 && p.batch.codec == arrowPlain && p.nulls() == 0 {
		a.Offset, a.Stride = p.batch.body+p.batch.buffers[p.data][0]+p.base*a.Type.Size(), row
		return nil
	}
	elem := a.Type.Size()
	a.Stream = func(ctx context.Context) (io.ReadCloser, error) {
		return &arrowStream{ctx: ctx, t: t, parts: parts, elem: elem, row: row}, nil // rows that are null are zeros
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
	if p.nulls() > 0 {
		rows, err := s.t.nullRows(&p)
		if err != nil {
			return err
		}
		s.open = &arrowFilled{ReadCloser: r, rows: rows, elem: s.elem, dim: s.row / s.elem}
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
