package layer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"os"
	"unsafe"

	"strata/engine/items"
)

// Sample hashes the seeded blocks of the layer's first n bytes. Bytes between rows are ignored, so
// a matrix has the same blocks in any file.
func (l *Layer) Sample(ctx context.Context, h hash.Hash, n int) error {
	var buf [FingerprintBlockSize]byte
	r := newBlockReader(l)
	defer r.close()
	for _, block := range SampleBlocks(n) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h.Write(r.read(buf[:], block, n))
	}
	return nil
}

// blockReader reads blocks of a layer's elements that lie far apart. To read one from its file takes
// a sixth of the time of the faults that map it, where the pages lie scattered in memory.
type blockReader struct {
	layer *Layer
	file  *os.File // that which is mapped, or nil
	first int64    // where the elements begin in it
}

// newBlockReader opens the layer's file, if that holds all elements one after another and is still
// the one that is mapped.
func newBlockReader(l *Layer) blockReader {
	r := blockReader{layer: l}
	from := l.Segments[0].From
	if l.Whole == nil || from.Info == nil {
		return r
	}
	first, ok := Within(uintptr(unsafe.Pointer(unsafe.SliceData(l.Whole))), from.Data)
	now, err := os.Stat(from.Path) // first: to open a pipe would wait
	if !ok || err != nil || !os.SameFile(now, from.Info) {
		return r
	}
	f, err := os.Open(from.Path)
	if err != nil {
		return r
	}
	if now, err = f.Stat(); err != nil || !os.SameFile(now, from.Info) {
		_ = f.Close() // of which nothing was read
		return r
	}
	r.file, r.first = f, int64(first)
	return r
}

// close closes the file.
func (r *blockReader) close() {
	if r.file != nil {
		_ = r.file.Close() // it was only read
	}
}

// read returns a block of the layer's first n bytes. It may use buf. It may be called concurrently.
func (r *blockReader) read(buf []byte, block, n int) []byte {
	from := block * FingerprintBlockSize
	to := min(from+FingerprintBlockSize, n)
	if r.file != nil {
		if _, err := r.file.ReadAt(buf[:to-from], r.first+int64(from)); err == nil {
			return buf[:to-from]
		}
	}
	return r.layer.span(buf, from, to)
}

// castagnoli is the table of the CRC-32C of blocks.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SampleSums returns the CRC-32C of each share-th of the blocks that Sample hashes.
func (l *Layer) SampleSums(ctx context.Context, n, share int) ([]uint32, error) {
	blocks := SampleBlocks(n)
	sums := make([]uint32, (len(blocks)+share-1)/share)
	r := newBlockReader(l)
	defer r.close()
	err := Parallel(ctx, len(sums), 32, func(lo, hi int) {
		var buf [FingerprintBlockSize]byte
		for i := lo; i < hi; i++ {
			sums[i] = crc32.Checksum(r.read(buf[:], blocks[i*share], n), castagnoli)
		}
	})
	return sums, err
}

// Hash returns the hash of the layer's name, type and shape, and of the bytes that sample writes.
func (l *Layer) Hash(ctx context.Context, sample func(context.Context, hash.Hash, *Layer) error) ([]byte, error) {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "layer %s %s %d %d\n", l.Name, l.Type, l.Rows, l.Dim))
	err := sample(ctx, h, l)
	return h.Sum(nil), err
}

// SampleBlocks returns the blocks of a matrix of n bytes that a fingerprint reads, ascending.
func SampleBlocks(n int) []int {
	blocks := (n + FingerprintBlockSize - 1) / FingerprintBlockSize
	if blocks <= fingerprintBlocks {
		all := make([]int, blocks)
		for i := range all {
			all[i] = i
		}
		return all
	}
	return items.Sample(blocks, fingerprintBlocks, fingerprintSeed)
}

// HashSample hashes the seeded blocks of a layer's elements.
func HashSample(ctx context.Context, h hash.Hash, l *Layer) error { return l.Sample(ctx, h, l.Size()) }

// HashAll hashes all of a layer's elements.
func HashAll(ctx context.Context, h hash.Hash, l *Layer) error {
	step := max(1, ScanBlock/l.Bytes())
	for lo := 0; lo < l.Rows; lo += step {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.Runs(lo, min(lo+step, l.Rows), func(_ int, b []byte) { h.Write(b) })
	}
	return nil
}

// A fingerprint reads this many blocks of this size from each matrix, at seeded places. A matrix
// that is no larger is read whole.
const (
	fingerprintBlocks    = 4096
	FingerprintBlockSize = 4096
	fingerprintSeed      = 1
)
