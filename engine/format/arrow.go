package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The relevant members of the union Type in Schema.fbs of the Arrow format.
const (
	arrowNull = iota + 1
	arrowInt
	arrowFloat
	arrowBinary
	arrowUtf8
	arrowList        = 12
	arrowStruct      = 13
	arrowUnion       = 14
	arrowFixedBinary = 15
	arrowFixedList   = 16
	arrowMap         = 17
	arrowLargeBinary = 19
	arrowLargeUtf8   = 20
	arrowLargeList   = 21
	arrowRunEnd      = 22
	arrowBinaryView  = 23
	arrowUtf8View    = 24
	arrowListView    = 25
	arrowLargeView   = 26
)

const arrowMagic = "ARROW1"

// arrowDepth bounds the nesting of a column's type.
const arrowDepth = 32

// arrowTable is the metadata of an Arrow IPC file.
type arrowTable struct {
	f       File
	size    int64
	fields  []arrowField
	batches []arrowBatch
	old     bool // metadata before version 5, in which unions have a bitmap
}

// arrowField is a column or a part of one.
type arrowField struct {
	name     string
	kind     uint8
	width    int32 // the bits of an integer, the precision of a float, the bytes or elements of what is of fixed size
	signed   bool
	coded    bool // a dictionary's indexes stand in its place
	children []arrowField
}

// arrowBatch is a record batch: some rows of all columns.
type arrowBatch struct {
	rows    int64
	body    int64 // where its buffers lie in the file
	length  int64 // of the body
	codec   int8  // plain, or of arrowCodecs
	nodes   [][2]int64
	buffers [][2]int64
	views   []int64 // the data buffers of each column of views
}

// readArrow reads an Arrow IPC file, which Feather version 2 is too, or a stream, as
// https://arrow.apache.org/docs/format/Columnar.html describes them. Columns of lists of
// fixed or equal length are matrices; one that lies in one batch, uncompressed, lies in
// the file as it is, others are Streams. Binary columns are opaque.
//
// github.com/apache/arrow-go is not used, for three reasons. It does not tell where in the file a
// buffer lies. It allocates the uncompressed size that a compressed buffer states. It unpacks all
// columns, even those that are not requested. Tests read its files.
func readArrow(ctx context.Context, f File, size int64) ([]Array, error) {
	t, err := openArrow(ctx, f, size)
	if err != nil {
		return nil, err
	}
	var arrays []Array
	at := make([]arrowCount, len(t.batches))
	for i := range t.fields {
		a, ok, err := t.column(ctx, i, at)
		if err != nil {
			return nil, place(t.fields[i].name, err)
		}
		if ok {
			a.Name = t.fields[i].name
			arrays = append(arrays, a)
		}
		for b := range t.batches {
			t.skip(&t.fields[i], &t.batches[b], &at[b])
		}
	}
	return arrays, nil
}

// openArrow reads the footer and the metadata of the batches.
func openArrow(ctx context.Context, f File, size int64) (*arrowTable, error) {
	const lead, tail = 8, 4 + len(arrowMagic)
	if size < lead+int64(tail) {
		return nil, fmt.Errorf("%d bytes are too few for an Arrow file", size)
	}
	var head [lead]byte
	var end [tail]byte
	if err := readFull(f, head[:], 0); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head[:], []byte("FEA1")):
		return nil, errors.New("it is Feather version 1; write version 2")
	case bytes.HasPrefix(head[:], []byte{0xff, 0xff, 0xff, 0xff}):
		t := &arrowTable{f: f, size: size}
		return t, t.stream(ctx)
	case !bytes.HasPrefix(head[:], []byte(arrowMagic)):
		return nil, fmt.Errorf("not an Arrow file: it begins with %q", head[:6])
	}
	if err := readFull(f, end[:], size-int64(tail)); err != nil {
		return nil, err
	}
	if string(end[4:]) != arrowMagic {
		return nil, fmt.Errorf("it does not end as an Arrow file does, but with %q: it is truncated", end[4:])
	}
	length := int64(int32(binary.LittleEndian.Uint32(end[:])))
	if length > maxHeader {
		return nil, fmt.Errorf("a footer of %d bytes is longer than the %d allowed", length, maxHeader)
	}
	if length <= 0 || length > size-lead-int64(tail) {
		return nil, fmt.Errorf("a footer of %d bytes does not fit in the file's %d", length, size)
	}
	footer := make([]byte, length)
	if err := readFull(f, footer, size-int64(tail)-length); err != nil {
		return nil, err
	}
	t := &arrowTable{f: f, size: size}
	return t, t.footer(ctx, &flat{b: footer})
}

// footer parses a Footer of File.fbs.
func (t *arrowTable) footer(ctx context.Context, b *flat) error {
	root := b.follow(0)
	t.old = b.firstI16(root) < 4
	left, err := t.schema(b, b.table(root, 1))
	if err != nil {
		return err
	}
	const blockSize = 24
	at, n := b.vector(root, 3, blockSize)
	if b.bad {
		return errFlat
	}
	if n > maxArrays || n*(maxArrays-left) > maxCells {
		return fmt.Errorf("%d batches of %d columns are more than the %d or %d parts allowed", n, maxArrays-left, maxArrays, maxCells)
	}
	budget := int64(maxHeader)
	for i := range n {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		block := at + i*blockSize
		batch, err := t.batch(b.i64(block), int64(b.i32(block+8)), b.i64(block+16), &budget)
		if err != nil {
			return fmt.Errorf("batch %d: %w", i, err)
		}
		t.batches = append(t.batches, batch)
	}
	return b.err()
}

// arrowFields parses the vector of Fields in a table. left is the number of further fields allowed.
func arrowFields(b *flat, table, i int, left *int, depth int) ([]arrowField, error) {
	at, n := b.vector(table, i, 4)
	if *left -= n; *left < 0 || depth > arrowDepth {
		return nil, fmt.Errorf("its columns are more than the %d allowed, or nested more than %d deep", maxArrays, arrowDepth)
	}
	var fields []arrowField
	for ; n > 0 && !b.bad; n-- {
		table := b.follow(at)
		f := arrowField{name: b.text(table, 0), kind: b.u8Field(table, 2), coded: b.field(table, 4) > 0}
		if typ := b.table(table, 3); typ > 0 {
			switch f.kind {
			case arrowInt:
				f.width, f.signed = b.i32Field(typ, 0), b.u8Field(typ, 1) != 0
			case arrowFloat, arrowUnion:
				f.width = int32(b.firstI16(typ))
			case arrowFixedBinary, arrowFixedList:
				f.width = b.i32Field(typ, 0)
			}
		}
		var err error
		if f.children, err = arrowFields(b, table, 5, left, depth+1); err != nil {
			return nil, err
		}
		fields = append(fields, f)
		at += 4
	}
	return fields, b.err()
}

// batch parses the RecordBatch of Message.fbs at byte at. Its metadata have meta bytes, and the
// body of body bytes follows.
func (t *arrowTable) batch(at, meta, body int64, budget *int64) (arrowBatch, error) {
	var batch arrowBatch
	if at < 0 || meta < 8 || body < 0 || meta > t.size || body > t.size || at > t.size-meta-body {
		return batch, fmt.Errorf("%d+%d bytes at byte %d do not fit in the file's %d: it is truncated", meta, body, at, t.size)
	}
	if *budget -= meta; *budget < 0 {
		return batch, fmt.Errorf("the metadata of the batches are longer than the %d bytes allowed", maxHeader)
	}
	buf := make([]byte, meta)
	if err := readFull(t.f, buf, at); err != nil {
		return batch, err
	}
	if binary.LittleEndian.Uint32(buf) == math.MaxUint32 {
		buf = buf[4:] // a prefix that is written since version 0.15
	}
	b := &flat{b: buf[4:]}
	message := b.follow(0)
	record := b.table(message, 2)
	const recordBatch = 3
	if b.bad || record == 0 || b.u8Field(message, 1) != recordBatch {
		return batch, errors.New("its metadata are not those of a batch of rows")
	}
	batch = arrowBatch{rows: b.i64Field(record, 0), body: at + meta, length: body, codec: arrowPlain}
	batch.nodes = pairs(b, record, 1)
	batch.buffers = pairs(b, record, 2)
	if compression := b.table(record, 3); compression > 0 {
		batch.codec = int8(b.u8Field(compression, 0))
		if _, ok := arrowCodecs[batch.codec]; !ok || b.u8Field(compression, 1) != 0 {
			return batch, fmt.Errorf("its compression, number %d, is neither LZ4 nor zstd", batch.codec)
		}
	}
	views, n := b.vector(record, 4, 8)
	for i := range n {
		batch.views = append(batch.views, b.i64(views+8*i))
	}
	if batch.rows < 0 || batch.rows > 1<<48 {
		return batch, fmt.Errorf("it has %d rows: no file is that large", batch.rows)
	}
	return batch, b.err()
}

// pairs returns a vector of structs of two int64.
func pairs(b *flat, table, i int) [][2]int64 {
	at, n := b.vector(table, i, 16)
	out := make([][2]int64, n)
	for k := range out {
		out[k] = [2]int64{b.i64(at + 16*k), b.i64(at + 16*k + 8)}
	}
	return out
}

// arrowCount counts the nodes, buffers and views of a batch: where the parts of a column begin in
// its lists.
type arrowCount struct{ node, buffer, view int }

// skip moves at past a column. Each layout has its buffers: "Buffer Listing for Each Layout" of the
// format.
func (t *arrowTable) skip(f *arrowField, b *arrowBatch, at *arrowCount) {
	at.node++
	if f.coded {
		at.buffer += 2
		return
	}
	switch f.kind {
	case arrowNull, arrowRunEnd:
	case arrowFixedList, arrowStruct:
		at.buffer++
	case arrowBinary, arrowUtf8, arrowLargeBinary, arrowLargeUtf8, arrowListView, arrowLargeView:
		at.buffer += 3
	case arrowBinaryView, arrowUtf8View:
		at.buffer += 2
		if at.view < len(b.views) {
			at.buffer += int(min(max(b.views[at.view], 0), int64(len(b.buffers))))
		}
		at.view++
	case arrowUnion:
		at.buffer += 1 + int(f.width&1) // dense unions have offsets
		if t.old {
			at.buffer++
		}
	default:
		at.buffer += 2
	}
	for i := range f.children {
		t.skip(&f.children[i], b, at)
	}
}
