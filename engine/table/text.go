package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// textBuffer is the number of bytes of text read at a time.
const textBuffer = 1 << 20

// text is the uncompressed content of a text file, without its byte order mark.
type text struct {
	*bufio.Reader
	from    io.Reader
	read    int64 // bytes
	allowed int64 // bytes to read at most, for now
	close   func()
}

// errLong says that a row is too long.
var errLong = fmt.Errorf("it is longer than the %d bytes allowed", maxLine)

// openText opens a file with the given compression.
func openText(f fs.File, pack string) (*text, error) {
	t := &text{from: f, allowed: math.MaxInt64, close: func() {}}
	if pack != "" {
		u, err := unpack(f, pack)
		if err != nil {
			return nil, err
		}
		t.from, t.close = u, u.close
	}
	t.Reader = bufio.NewReaderSize(limited{t}, textBuffer)
	if err := t.begin(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// begin skips a byte order mark, and refuses a file that is not text.
func (t *text) begin() error {
	head, err := t.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, other := range []struct{ magic, what string }{
		{"\x1f\x8b", "it is packed with gzip: its name must end with .gz"},
		{"\x28\xb5\x2f\xfd", "it is packed with Zstandard: its name must end with .zst"},
		{"PK\x03\x04", "it is a zip archive, or a spreadsheet: save the table as CSV"},
		{"PAR1", "it is a Parquet file: its name must end with .parquet"},
		{"\xff\xfe", "it is UTF-16: write it as UTF-8"},
		{"\xfe\xff", "it is UTF-16: write it as UTF-8"},
	} {
		if bytes.HasPrefix(head, []byte(other.magic)) {
			return errors.New(other.what)
		}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, err := t.Discard(3)
		return err
	}
	return nil
}

// limited reads from a text's file up to the allowed number of bytes.
type limited struct{ t *text }

func (l limited) Read(p []byte) (int, error) {
	if l.t.read >= l.t.allowed {
		return 0, errLong
	}
	n, err := l.t.from.Read(p)
	l.t.read += int64(n)
	return n, err
}

// lines reads a text line by line.
type lines struct {
	*text
	n    int    // of the last line, from 1
	long []byte // of a line that is longer than the buffer
}

// next returns the next line that is not empty.
func (l *lines) next() ([]byte, error) {
	for {
		if line, err := l.line(); err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// line returns the next line, without its end, or io.EOF. It is valid until the next call.
func (l *lines) line() ([]byte, error) {
	line, err := l.ReadSlice('\n')
	if len(line) == 0 && errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	l.n++
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = l.finish(line)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}

// finish reads the rest of a line that begins with head.
func (l *lines) finish(head []byte) ([]byte, error) {
	l.long = append(l.long[:0], head...)
	for {
		more, err := l.ReadSlice('\n')
		if l.long = append(l.long, more...); len(l.long) > maxLine {
			return nil, errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.long, err
		}
	}
}

// place returns the place of the last line.
func (l *lines) place() string {
	if l.n == 0 {
		return ""
	}
	return fmt.Sprintf("line %d", l.n)
}

// unpacked reads the uncompressed content of a file, up to its limits.
type unpacked struct {
	packed counted
	from   io.Reader
	close  func()
	n      int64
}

// counted counts the bytes that are read.
type counted struct {
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

func unpack(f io.Reader, pack string) (*unpacked, error) {
	u := &unpacked{packed: counted{from: f}, close: func() {}}
	if pack == ".gz" {
		z, err := gzip.NewReader(&u.packed)
		if errors.Is(err, io.EOF) {
			return nil, errCut
		}
		if err != nil {
			return nil, packError(err)
		}
		u.from = z
		return u, nil
	}
	z, err := zstd.NewReader(&u.packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, packError(err)
	}
	u.from, u.close = z, z.Close
	return u, nil
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	u.n += int64(n)
	switch {
	case u.n > maxUnpacked:
		return 0, fmt.Errorf("unpacked, it is larger than the %d bytes allowed", int64(maxUnpacked))
	case u.n > freeUnpacked && u.n-freeUnpacked > maxRatio*u.packed.n:
		return 0, fmt.Errorf("%d bytes of it unpack to more than %d, which is more than %d times as many", u.packed.n, u.n, maxRatio)
	}
	return n, packError(err)
}

// errCut says that a compressed file is truncated.
var errCut = errors.New("the packed file is cut off")

// packError returns the error of a compressed file.
func packError(err error) error {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return fmt.Errorf("the packed file is damaged: %w", err)
}
