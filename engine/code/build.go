package code

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/seal"
)

// The least number of rows of a gallery, and of bytes of a layer, for which codes are made. A scan
// of less is quick.
const (
	codesLeastRows  = 50_000
	codesLeastBytes = 64 << 20
)

// Options says how codes are prepared.
type Options struct {
	Build   bool // missing codes are built; without it only those that are there are used
	All     bool // of all layers that can have codes, however small, those of bytes too
	Early   bool // codes that are there are used at once: a search checks those that it reads first
	Workers int  // number of goroutines that build; 0 means one for each processor

	// Progress, if set, is called for layers whose codes are being built, one call at a time. The
	// last call, when the file is complete, has Rows equal to Of.
	Progress func(Progress)
}

// Progress is the progress of building a layer's codes.
type Progress struct {
	Layer    string
	Rows, Of int    // coded so far
	Note     string // why codes that were there are not used, the first time only
}

// Codable reports whether a layer can have codes. The proof of their bound needs values that
// float32 can hold.
func Codable(l *layer.Layer) bool {
	return l.Dim <= codeMaxDim && l.Rows > 0 && l.Type != layer.Float64 && l.Type != layer.Int32
}

// WorthCodes reports whether codes make searches of a layer faster. Codes of a matrix of bytes are
// no smaller than the matrix.
func WorthCodes(l *layer.Layer) bool {
	return l.Rows >= codesLeastRows && l.Size() >= codesLeastBytes && l.Type.Size() > 1
}

// Measure sets the layer's lengths from the codes, unless the layer has them.
func (c *Codes) Measure() {
	if c.Layer.Lengths() == nil {
		squares := make([]float64, 0, c.Rows)
		for i := range c.Chunks {
			squares = append(squares, c.Chunks[i].Square...)
		}
		c.Layer.SetLengths(squares)
	}
}

// PrepareCodes opens or builds a layer's codes. It returns nil if there are none and it must not
// build them.
func PrepareCodes(ctx context.Context, l *layer.Layer, dir fence.Folder, o Options) (*Codes, error) {
	path := dir.File(CodesName(l))
	c, err := OpenCodes(ctx, l, dir, false)
	note := ""
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
	case errors.As(err, new(ErrStale)):
		note = fmt.Sprintf("%s %v", path, err)
	default:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for {
		if c != nil && c.Rows == l.Rows {
			return c, nil
		}
		if !o.Build {
			if note != "" && o.Progress != nil {
				o.Progress(Progress{Layer: l.Name, Of: l.Rows, Note: note})
			}
			return nil, c.Close()
		}
		waited, err := lockedBuild(ctx, l, dir, c, note, o)
		if err = errors.Join(err, c.Close()); err != nil {
			return nil, err
		}
		c, err = OpenCodes(ctx, l, dir, !waited)
		if err != nil && (!waited || !noCodes(err)) {
			return nil, fmt.Errorf("%s, just built: %w", path, err)
		}
	}
}

// Close unmaps the codes. c may be nil.
func (c *Codes) Close() error {
	if c == nil {
		return nil
	}
	return c.File.Unmap()
}

// lockedBuild builds a file of codes. It starts from old codes of the first rows, if there are any.
// If another process builds the file, it waits. It reports whether the other process built it.
func lockedBuild(ctx context.Context, l *layer.Layer, dir fence.Folder, old *Codes, note string, o Options) (waited bool, err error) {
	lock, waited, err := lockFile(ctx, dir, CodesName(l)+".lock")
	if err != nil {
		return waited, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if waited {
		return true, nil
	}
	b := &codeBuilder{layer: l, dir: dir, old: old, o: o, note: note}
	return false, b.run(ctx)
}

// lockFile creates a file and locks it against other processes. It waits for the lock, and reports
// whether it had to.
func lockFile(ctx context.Context, dir fence.Folder, name string) (*os.File, bool, error) {
	f, err := dir.Update(name)
	if err != nil {
		return nil, false, err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waited := false; ; waited = true {
		locked, err := aside.TryLock(f)
		if locked || errors.Is(err, errors.ErrUnsupported) { // without locks: two processes that build the same codes write the same bytes
			return f, waited, nil
		}
		if err == nil {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return nil, waited, errors.Join(err, f.Close())
	}
}

// codeBuilder writes a file of codes.
type codeBuilder struct {
	layer *layer.Layer
	dir   fence.Folder
	old   *Codes // of the first rows, or nil
	o     Options
	note  string

	coder   *coder
	file    *os.File
	scratch sync.Pool // of *codeScratch
}

// codeRun is the number of rows that one goroutine codes at a time.
const codeRun = 32

// run builds the file as NAME.part first.
func (b *codeBuilder) run(ctx context.Context) (err error) {
	name := CodesName(b.layer)
	part := name + ".part"
	if b.file, err = b.dir.Update(part); err != nil {
		return err
	}
	err = layer.Guard(func() error { return b.build(ctx) })
	if err == nil {
		err = b.file.Sync()
	}
	if err == nil {
		err = b.believe()
	}
	err = errors.Join(err, b.file.Close())
	if err == nil {
		err = b.dir.Rename(part, b.dir, name)
	}
	if err == nil {
		b.tell(b.layer.Rows)
		return nil
	}
	if ctx.Err() == nil {
		err = errors.Join(fmt.Errorf("codes of %s: %w", b.layer.Name, err), b.dir.Remove(part))
	}
	return err
}

// believe seals the finished file before it gets its name: whoever finds the codes finds their seal.
func (b *codeBuilder) believe() error {
	text, err := sealed(b.file, b.layer.Rows, b.layer.Dim)
	if err != nil {
		return fmt.Errorf("reading what was written: %w", err)
	}
	seal.Believe(seal.SealedCodes, text)
	return nil
}

// filled is a chunk with codes but without its checksums.
type filled struct {
	i, rows int
	bytes   []byte
}

// build fills the file. It keeps the existing chunks that belong to this matrix. It seals and
// writes one chunk while it codes the next.
func (b *codeBuilder) build(ctx context.Context) error {
	l := b.layer
	size := chunkBytes(min(CodeChunk, l.Rows), l.Dim)
	free := make(chan []byte, 2)
	free <- alignedBytes(size)
	free <- alignedBytes(size)
	buffer := <-free
	done, err := b.begin(ctx, buffer)
	if err != nil {
		return err
	}
	clear(buffer) // resume has read into it, and gaps between the parts of a chunk must be zero
	free <- buffer
	b.scratch.New = func() any { return b.coder.scratch() }
	coded := make(chan filled)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return layer.Guard(func() error { return b.writeChunks(coded, free) })
	})
	group.Go(func() error {
		defer close(coded)
		for i := done; i*CodeChunk < l.Rows; i++ {
			rows := chunkRows(i, l.Rows)
			var chunk []byte
			select {
			case chunk = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			chunk = chunk[:chunkBytes(rows, l.Dim)]
			if rows < CodeChunk { // a shorter chunk has its parts at other offsets
				clear(chunk)
			}
			if err := b.chunk(ctx, i, chunk, rows); err != nil {
				return err
			}
			select {
			case coded <- filled{i, rows, chunk}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// writeChunks seals and writes chunks, and returns their buffers.
func (b *codeBuilder) writeChunks(coded <-chan filled, free chan<- []byte) error {
	for c := range coded {
		b.tell(c.i * CodeChunk)
		SealChunk(c.bytes, c.rows, b.layer.Dim, sourceSum(b.layer, c.i, c.rows))
		if _, err := b.file.WriteAt(c.bytes, ChunkAt(c.i, b.layer.Dim)); err != nil {
			return err
		}
		free <- c.bytes[:cap(c.bytes)]
	}
	return nil
}

// tell calls Progress.
func (b *codeBuilder) tell(rows int) {
	if b.o.Progress != nil {
		b.o.Progress(Progress{Layer: b.layer.Name, Rows: rows, Of: b.layer.Rows, Note: b.note})
		b.note = ""
	}
}

// begin writes the head of the file, or finds an existing one. It returns the number of chunks that
// need not be built.
func (b *codeBuilder) begin(ctx context.Context, buffer []byte) (int, error) {
	l := b.layer
	head, err := newHeader(ctx, l, l.Rows)
	if err != nil {
		return 0, err
	}
	if done, ok, err := b.resume(ctx, head, buffer); ok || err != nil {
		return done, err
	}
	values := make([]float32, (1+AxesOf(l.Dim))*l.Dim)
	mean := floatBytes(values)
	if b.old != nil {
		copy(mean, b.old.File[HeaderBytes:])
	} else if err := findAxes(ctx, l, values); err != nil {
		return 0, err
	}
	b.coder = newCoder(values[:l.Dim], values[l.Dim:])
	head.Mean = crc32.Checksum(mean, Castagnoli)
	if err := b.file.Truncate(0); err != nil {
		return 0, err
	}
	if _, err := b.file.WriteAt(mean, HeaderBytes); err != nil {
		return 0, err
	}
	if _, err := b.file.WriteAt(encodeHead(&head, HeaderBytes), 0); err != nil {
		return 0, err
	}
	seal.Believe(seal.SealedPart, slices.Concat(encodeHead(&head, HeaderBytes), mean), b.identity())
	if b.old == nil {
		return 0, nil
	}
	full := b.old.Rows / CodeChunk
	for i := range full {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, err := b.file.WriteAt(b.old.chunk(i, CodeChunk), ChunkAt(i, l.Dim)); err != nil {
			return 0, err
		}
	}
	return full, nil
}

// identity returns bytes that distinguish the file being built from a replacement.
func (b *codeBuilder) identity() []byte {
	info, err := b.file.Stat()
	if err != nil {
		return nil
	}
	return []byte(b.file.Name() + "\n" + fence.Identity(info))
}

// resume reads the file of an interrupted build, and returns the number of its sound chunks. ok is
// false if the file cannot be used.
func (b *codeBuilder) resume(ctx context.Context, want codesHeader, buffer []byte) (done int, ok bool, err error) {
	l := b.layer
	head := make([]byte, HeaderBytes+MeanBytes(l.Dim))
	if _, err := b.file.ReadAt(head, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, false, err
	}
	mean := head[HeaderBytes:]
	want.Mean = crc32.Checksum(mean, Castagnoli)
	if string(encodeHead(&want, HeaderBytes)) != string(head[:HeaderBytes]) || !seal.Believed(seal.SealedPart, head, b.identity()) {
		return 0, false, nil
	}
	values := make([]float32, len(mean)/4)
	copy(floatBytes(values), mean)
	b.coder = newCoder(values[:l.Dim], values[l.Dim:])
	for ; done*CodeChunk < l.Rows; done++ {
		if ctx.Err() != nil {
			return 0, false, ctx.Err()
		}
		rows := chunkRows(done, l.Rows)
		chunk := buffer[:chunkBytes(rows, l.Dim)]
		_, err := b.file.ReadAt(chunk, ChunkAt(done, l.Dim))
		if err != nil || !soundChunk(chunk, rows, l.Dim) || sourceSum(l, done, rows) != binary.LittleEndian.Uint32(chunk[4:]) {
			break
		}
	}
	// The file is cut behind the last sound chunk. The last chunk is shorter than the others.
	return done, true, b.file.Truncate(min(ChunkAt(done, l.Dim), CodesBytes(l.Rows, l.Dim)))
}

// chunk codes the rows of a chunk.
func (b *codeBuilder) chunk(ctx context.Context, i int, chunk []byte, rows int) error {
	l := b.layer
	view := ChunkView(chunk, rows, l.Dim)
	return layer.ParallelOn(ctx, b.o.Workers, rows, codeRun, func(lo, hi int) {
		s := b.scratch.Get().(*codeScratch)
		defer b.scratch.Put(s)
		first := i*CodeChunk + lo
		l.ScanSquares(s.dot[:hi-lo], s.square[:hi-lo], b.coder.wide, first)
		for r := lo; r < hi; r++ {
			view.set(b.coder, r, l, i*CodeChunk+r, s.dot[r-lo], s.square[r-lo], s)
		}
	})
}

// floatBytes returns the bytes of x; they share memory.
func floatBytes(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// alignedBytes returns n bytes that begin at a multiple of codeAlign.
func alignedBytes(n int64) []byte {
	b := make([]byte, n+codeAlign)
	at := int64(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % codeAlign)
	return b[at : at+n : at+n]
}
