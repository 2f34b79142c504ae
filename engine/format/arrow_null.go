package format

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// arrowRows says row by row of a part which are null, and how many elements they have.
type arrowRows struct {
	p       *arrowPart
	valid   *bufio.Reader // the bitmap; nil: none is null
	offsets *bufio.Reader // nil: all rows are of one length
	opened  []io.Closer
	row     int64
	bits    byte  // of the bitmap, of this row and the next
	last    int64 // the offset of the next row
}

// nullRows begins with row 0 of a part.
func (t *arrowTable) nullRows(p *arrowPart) (_ *arrowRows, err error) {
	r := &arrowRows{p: p, last: p.base}
	open := func(buffer int) *bufio.Reader {
		in, _, e := t.buffer(p.batch, buffer)
		if err = errors.Join(err, e); e != nil {
			return nil
		}
		r.opened = append(r.opened, in)
		return bufio.NewReaderSize(in, 1<<14)
	}
	if p.nodes[0][1] != 0 {
		r.valid = open(p.valid[0])
	}
	if p.offsets >= 0 {
		r.offsets = open(p.offsets)
	}
	if err == nil && r.offsets != nil {
		r.last, err = r.offset()
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// offset reads the next offset.
func (r *arrowRows) offset() (at int64, err error) {
	var b [8]byte
	if r.p.wide {
		_, err = io.ReadFull(r.offsets, b[:])
		at = int64(binary.LittleEndian.Uint64(b[:]))
	} else {
		_, err = io.ReadFull(r.offsets, b[:4])
		at = int64(int32(binary.LittleEndian.Uint32(b[:])))
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("the offsets of %d rows: %w", r.p.batch.rows, err)
	case at < 0:
		return 0, fmt.Errorf("an offset of row %d is %d", r.p.first+max(r.row-1, 0), at)
	}
	return at, nil
}

// next returns how many elements the next row has, dim where all rows have as many, and
// whether it is null.
func (r *arrowRows) next(dim int64) (n int64, null bool, err error) {
	if r.valid != nil {
		if r.row%8 == 0 {
			if r.bits, err = r.valid.ReadByte(); err != nil {
				return 0, false, fmt.Errorf("its bitmap of %d rows: %w", r.p.batch.rows, unexpected(err))
			}
		}
		null = r.bits&1 == 0
		r.bits >>= 1
	}
	r.row++
	if r.offsets == nil {
		return dim, null, nil
	}
	at, err := r.offset()
	if err == nil && at < r.last {
		err = fmt.Errorf("an offset of row %d is %d, behind %d", r.p.first+r.row-1, at, r.last)
	}
	n, r.last = at-r.last, at
	return n, null, err
}

// unexpected is the error of a file that ends early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close gives up the buffers.
func (r *arrowRows) Close() error {
	var errs []error
	for _, c := range r.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// arrowFilled is the rows of a part, with zeros for those that are null or empty.
type arrowFilled struct {
	io.ReadCloser
	rows      *arrowRows
	elem, dim int64
	left      int64 // bytes of the row at hand
	zero      bool  // that are zeros
}

func (f *arrowFilled) Read(p []byte) (int, error) {
	if f.left == 0 {
		if f.rows.row == f.rows.p.batch.rows {
			return 0, io.EOF
		}
		n, null, err := f.rows.next(f.dim)
		if err != nil {
			return 0, err
		}
		f.left, f.zero = f.dim*f.elem, null || n == 0
		switch {
		case f.zero && n > math.MaxInt64/f.elem:
			err = fmt.Errorf("row %d has %d elements: no file is that large", f.rows.p.first+f.rows.row-1, n)
		case f.zero:
			_, err = io.CopyN(io.Discard, f.ReadCloser, n*f.elem)
		case n != f.dim:
			err = fmt.Errorf("row %d has %d elements, not %d", f.rows.p.first+f.rows.row-1, n, f.dim)
		}
		if err != nil {
			return 0, unexpected(err)
		}
	}
	p = p[:min(int64(len(p)), f.left)]
	n, err := len(p), error(nil)
	if f.zero {
		clear(p)
	} else {
		n, err = f.ReadCloser.Read(p)
	}
	f.left -= int64(n)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

// Close closes the data and what says which rows are null.
func (f *arrowFilled) Close() error { return errors.Join(f.ReadCloser.Close(), f.rows.Close()) }
