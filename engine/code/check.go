package code

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"strata/engine/layer"
	"strata/engine/seal"
)

// check.go compares codes with their checksums: the numbers of rows when a file is opened, the codes
// themselves when they are read first, in the same pass.

// A chunk has three parts, in this order, each with its checksum.
const (
	numbersPart = iota
	coarsePart
	finePart
	chunkParts
)

// chunkHead is the head of a chunk, as stored after its checksum.
type chunkHead struct {
	Source uint32 // checksum of the matrix's rows
	Rows   uint64
	Parts  [chunkParts]uint32
}

// encodeHead returns size bytes: a checksum of those behind it, and the fields of a head.
func encodeHead(h any, size int) []byte {
	head := make([]byte, size)
	_, _ = binary.Encode(head[4:], binary.LittleEndian, h) // a head has fixed fields, for which there is room
	binary.LittleEndian.PutUint32(head, crc32.Checksum(head[4:], Castagnoli))
	return head
}

// decodeChunk returns the head of a chunk, and whether its checksum is right.
func decodeChunk(head []byte) (h chunkHead, sound bool) {
	_, err := binary.Decode(head[4:ChunkHead], binary.LittleEndian, &h)
	return h, err == nil && binary.LittleEndian.Uint32(head) == crc32.Checksum(head[4:ChunkHead], Castagnoli)
}

// partOf returns a part of a chunk.
func partOf(chunk []byte, rows, dim, part int) []byte {
	coarse := ChunkHead + numberBytes(rows, dim)
	fine := coarse + int64(rows)*int64(CoarseStride(dim))
	return chunk[[]int64{ChunkHead, coarse, fine}[part]:[]int64{coarse, fine, chunkBytes(rows, dim)}[part]]
}

// SealChunk sets the head of a chunk with complete parts. source is the checksum of the matrix's
// rows.
func SealChunk(b []byte, rows, dim int, source uint32) {
	h := chunkHead{Source: source, Rows: uint64(rows)}
	for part := range h.Parts {
		h.Parts[part] = crc32.Checksum(partOf(b, rows, dim, part), Castagnoli)
	}
	copy(b, encodeHead(&h, ChunkHead))
}

// soundChunk reports whether a chunk has the right checksums and number of rows.
func soundChunk(b []byte, rows, dim int) bool {
	h, sound := decodeChunk(b)
	for part, sum := range h.Parts {
		sound = sound && crc32.Checksum(partOf(b, rows, dim, part), Castagnoli) == sum
	}
	return sound && h.Rows == uint64(rows)
}

// checks says what of codes was compared with its checksum. Chunks are checked once; what a file
// becomes later is not seen.
type checks struct {
	heads   []chunkHead // copied, and so what the seal covers
	print   [32]byte    // of the matrix, as the header says
	printed atomic.Bool // the matrix has that fingerprint
	sound   [chunkParts][]atomic.Bool
	left    [chunkParts]atomic.Int64 // chunks that are not known to be sound
	damage  atomic.Pointer[ErrStale] // what was found first
	told    atomic.Bool
}

// start sets the heads, whose chunks are sound if so said.
func (k *checks) start(heads []chunkHead, sound bool) {
	k.heads = heads
	k.printed.Store(sound)
	for part := range k.sound {
		k.sound[part] = make([]atomic.Bool, len(heads))
		k.left[part].Store(int64(len(heads)))
		for i := range heads {
			if sound {
				k.pass(part, i)
			}
		}
	}
}

// pass notes that a part of a chunk is sound.
func (k *checks) pass(part, i int) {
	if k.sound[part][i].CompareAndSwap(false, true) {
		k.left[part].Add(-1)
	}
}

// fail notes damage, and returns what was found first.
func (k *checks) fail(e ErrStale) error {
	k.damage.CompareAndSwap(nil, &e)
	return *k.damage.Load()
}

// judge compares the checksum of a part of a chunk.
func (k *checks) judge(part, i int, sum uint32) error {
	if sum != k.heads[i].Parts[part] {
		return k.fail(ErrStale{fmt.Sprintf("is damaged in chunk %d of %d", i+1, len(k.heads))})
	}
	k.pass(part, i)
	return nil
}

// Damage returns an ErrStale once a check has found damage: the codes must not be used. It is nil for
// codes in which none was found so far.
func (k *checks) Damage() error {
	if e := k.damage.Load(); e != nil {
		return *e
	}
	return nil
}

// Tell returns Damage, the first time only.
func (k *checks) Tell() error {
	if err := k.Damage(); err != nil && k.told.CompareAndSwap(false, true) {
		return err
	}
	return nil
}

// readHeads checks the heads of all chunks, and the seal over them unless the file was just written.
func (c *Codes) readHeads(written bool) error {
	b := c.Seal(c.Rows)
	if b == nil {
		return ErrStale{"is cut short"}
	}
	heads := make([]chunkHead, (c.Rows+CodeChunk-1)/CodeChunk)
	for i := range heads {
		h, sound := decodeChunk(b[HeaderBytes+i*ChunkHead:])
		if !sound || h.Rows != uint64(chunkRows(i, c.Rows)) {
			return ErrStale{fmt.Sprintf("is damaged in chunk %d of %d", i+1, len(heads))}
		}
		heads[i] = h
	}
	if !written && !seal.Believed(seal.SealedCodes, b) {
		return ErrStale{seal.ErrForeign}
	}
	c.start(heads, written)
	return nil
}

// readNumbers checks the numbers of all rows, unless the file was just written, and finds the bounds
// of spans in the same pass.
func (c *Codes) readNumbers(ctx context.Context, written bool) error {
	n := (c.Layer.Rows + layer.CodeSpan - 1) / layer.CodeSpan
	for _, s := range []*spanBounds{&c.Fine, &c.Coarse} {
		s.Rest, s.Norm = make([]float32, n), make([]float32, n)
	}
	return c.eachChunk(ctx, 0, func(i int) error {
		if !written {
			if err := c.checkPart(numbersPart, i); err != nil {
				return err
			}
		}
		c.Fine.add(i*CodeChunk, &c.Chunks[i].Fine)
		c.Coarse.add(i*CodeChunk, &c.Chunks[i].Coarse)
		return nil
	})
}

// eachChunk calls work for every chunk, on so many goroutines, until one returns an error.
func (c *Codes) eachChunk(ctx context.Context, workers int, work func(i int) error) error {
	var failed atomic.Pointer[error]
	err := layer.ParallelOn(ctx, workers, len(c.heads), 1, func(i, _ int) {
		if failed.Load() != nil {
			return
		}
		if err := work(i); err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	})
	if first := failed.Load(); err == nil && first != nil {
		return *first
	}
	return err
}

// populated is the number of bytes that are mapped at a time, before they are read.
const populated = 2 << 20

// partBytes returns a part of a chunk of the file.
func (c *Codes) partBytes(part, i int) []byte {
	rows := chunkRows(i, c.Rows)
	return partOf(c.chunk(i, rows), rows, c.Layer.Dim, part)
}

// checkPart checks a part of a chunk.
func (c *Codes) checkPart(part, i int) error {
	b, sum := c.partBytes(part, i), uint32(0)
	for len(b) > 0 {
		piece := b[:min(populated, len(b))]
		layer.Populate(piece)
		sum = crc32.Update(sum, Castagnoli, piece)
		b = b[len(piece):]
	}
	return c.judge(part, i, sum)
}

// ofOtherRows returns an ErrStale if the matrix has other rows than those of a chunk.
func (c *Codes) ofOtherRows(i int) error {
	if sourceSum(c.Layer, i, chunkRows(i, c.Rows)) != c.heads[i].Source {
		return ErrStale{fmt.Sprintf("is of other rows in chunk %d of %d: the matrix has changed", i+1, len(c.heads))}
	}
	return nil
}

// Complete checks what is not yet known to be sound, on so many goroutines; 0 means one for each
// processor. It returns an ErrStale if the codes must not be used.
func (c *Codes) Complete(ctx context.Context, workers int) error {
	if !c.printed.Load() {
		print, err := matrixFingerprint(ctx, c.Layer, c.Rows, 1)
		switch {
		case err != nil:
			return c.cutShort(err)
		case print != c.print:
			return c.fail(errOtherMatrix)
		}
		c.printed.Store(true)
	}
	for part := range c.sound {
		if c.left[part].Load() == 0 {
			continue
		}
		err := c.eachChunk(ctx, workers, func(i int) error {
			if c.sound[part][i].Load() {
				return nil
			}
			return c.checkPart(part, i)
		})
		if err != nil {
			return c.cutShort(err)
		}
	}
	return c.Damage()
}

// cutShort notes what a fault says of the file, and returns other errors as they are.
func (k *checks) cutShort(err error) error {
	if errors.As(err, new(*layer.FaultError)) {
		return k.fail(ErrStale{"is cut short while it is read"})
	}
	return err
}

// Check checks all of the file, and all rows of the matrix against it, whatever is known.
func (c *Codes) Check(ctx context.Context) error {
	return c.eachChunk(ctx, 0, func(i int) error {
		for part := range chunkParts {
			if err := c.checkPart(part, i); err != nil {
				return err
			}
		}
		return c.ofOtherRows(i)
	})
}

// Scan calls work with runs of rows that together are all rows, on all processors: at most block rows
// of one chunk, whose codes work reads, the 4-bit codes if coarse. Codes that are not yet known to be
// sound are compared with their checksums while they are in the processor's cache. If one differs,
// Scan returns an ErrStale after a part of the work: the results must not be used.
func (c *Codes) Scan(ctx context.Context, coarse bool, block int, work func(lo, hi int)) error {
	part, stride := finePart, c.Coder.Stride
	if coarse {
		part, stride = coarsePart, CoarseStride(c.Layer.Dim)
	}
	if err := c.Damage(); err != nil {
		return err
	}
	if c.left[part].Load() == 0 {
		step := max(1, layer.ScanBlock/(c.Coder.Stride*block)) * block
		return layer.Parallel(ctx, c.Rows, step, func(lo, hi int) { inBlocks(lo, hi, block, work) })
	}
	return c.eachChunk(ctx, 0, func(i int) error {
		lo, hi := i*CodeChunk, i*CodeChunk+chunkRows(i, c.Rows)
		if c.sound[part][i].Load() {
			inBlocks(lo, hi, block, work)
			return nil
		}
		b, sum := c.partBytes(part, i), uint32(0)
		mapped := 0
		inBlocks(0, hi-lo, min(block, max(1, checkedRun/stride)), func(from, to int) {
			if to*stride > mapped {
				next := min(mapped+populated, len(b))
				layer.Populate(b[mapped:next])
				mapped = next
			}
			work(lo+from, lo+to) // first: it reads memory faster than a checksum does
			sum = crc32.Update(sum, Castagnoli, b[from*stride:to*stride])
		})
		return c.judge(part, i, sum)
	})
}

// checkedRun is the number of bytes of codes that are multiplied and then checked: they stay in the
// second cache.
const checkedRun = 256 << 10

// inBlocks calls work with the rows from lo to hi, block rows at a time.
func inBlocks(lo, hi, block int, work func(lo, hi int)) {
	for ; lo < hi; lo += block {
		work(lo, min(lo+block, hi))
	}
}
