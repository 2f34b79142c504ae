package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// maxWindow bounds the window of Zstandard, which is kept in memory, in bytes.
const maxWindow = 128 << 20

// ErrSize says that a page does not unpack to what it says.
var ErrSize = errors.New("it does not unpack to as many bytes as its header says")

// Known reports whether pages of a codec can be unpacked.
func Known(codec format.CompressionCodec) bool {
	switch codec {
	case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd, format.Lz4Raw:
		return true
	}
	return false
}

// Misread is the error of a page that parquet-go reads wrongly, without a word: one of
// LZ4_RAW that is packed to more than a third of its size, for which its decoder takes new
// memory that the page then does not have. It is nil for others.
func Misread(codec format.CompressionCodec, packed, size int64) error {
	const least = 4096 // bytes of memory for a page
	if codec == format.Lz4Raw && 3*packed > max(size, least) {
		return errors.New("it is packed by LZ4_RAW, and to more than a third: that cannot be read; write the column with zstd")
	}
	return nil
}

// Exact checks that a page unpacks to just size bytes, without keeping more than one
// page of a codec that has no streams.
func Exact(codec format.CompressionCodec, body *io.SectionReader, size int64) error {
	var n int64
	switch codec {
	case format.Snappy, format.Lz4Raw:
		b, err := Unpack(codec, body, size)
		switch {
		case errors.Is(err, ErrSize):
			n = -1
		case err != nil:
			return err
		default:
			n = int64(len(b))
		}
	case format.Uncompressed:
		n = body.Size()
	default:
		from, end, err := pageReader(codec, body)
		if err != nil {
			return err
		}
		defer end()
		if n, err = io.Copy(io.Discard, io.LimitReader(from, size+1)); err != nil {
			return packError(err)
		}
	}
	if n != size {
		return fmt.Errorf("it unpacks to other than the %d bytes that its header says", size)
	}
	return nil
}

// Count checks that a page unpacks to no more than size bytes, without keeping them.
func Count(codec format.CompressionCodec, body *io.SectionReader, size int64) error {
	if codec == format.Snappy || codec == format.Lz4Raw {
		_, err := Unpack(codec, body, size)
		return err
	}
	if codec == format.Uncompressed {
		if body.Size() > size {
			return ErrSize
		}
		return nil
	}
	from, end, err := pageReader(codec, body)
	if err != nil {
		return err
	}
	defer end()
	n, err := io.Copy(io.Discard, io.LimitReader(from, size+1))
	if err != nil {
		return packError(err)
	}
	if n > size {
		return ErrSize
	}
	return nil
}

// Unpack returns what a page unpacks to, at most size bytes.
func Unpack(codec format.CompressionCodec, body *io.SectionReader, size int64) ([]byte, error) {
	switch codec {
	case format.Snappy, format.Lz4Raw:
		packed := make([]byte, body.Size())
		if _, err := io.ReadFull(body, packed); err != nil {
			return nil, err
		}
		return unpackBlock(codec, packed, size)
	}
	if codec == format.Uncompressed && body.Size() > size {
		return nil, ErrSize
	}
	from, end, err := pageReader(codec, body)
	if err != nil {
		return nil, err
	}
	defer end()
	var b bytes.Buffer
	b.Grow(int(min(size, 4*body.Size())) + 2*bytes.MinRead) // most pages unpack to that
	if _, err := b.ReadFrom(io.LimitReader(from, size+1)); err != nil {
		return nil, packError(err)
	}
	if int64(b.Len()) > size {
		return nil, ErrSize
	}
	return b.Bytes(), nil
}

// unpackBlock is Unpack for codecs without streams.
func unpackBlock(codec format.CompressionCodec, packed []byte, size int64) ([]byte, error) {
	const most = 256 // bytes from one, in either of the two
	if size > most*int64(len(packed))+64 {
		return nil, ErrSize
	}
	if codec == format.Snappy {
		if n, err := snappy.DecodedLen(packed); err != nil || int64(n) > size {
			return nil, ErrSize
		}
		b, err := snappy.Decode(nil, packed)
		if err != nil {
			return nil, packError(err)
		}
		return b, nil
	}
	b := make([]byte, size)
	n, err := lz4.UncompressBlock(packed, b)
	if err != nil {
		return nil, ErrSize
	}
	return b[:n], nil
}

// pageReader returns what a page unpacks to, and what gives that up.
func pageReader(codec format.CompressionCodec, body io.Reader) (io.Reader, func(), error) {
	switch codec {
	case format.Uncompressed:
		return body, func() {}, nil
	case format.Gzip:
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, nil, packError(err)
		}
		return z, func() {}, nil
	case format.Brotli:
		return brotli.NewReader(body), func() {}, nil
	case format.Zstd:
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, packError(err)
		}
		return z, z.Close, nil
	}
	return nil, nil, fmt.Errorf("it is packed by %v, which is not known", codec)
}

// packError returns an error of the unpacking of a page.
func packError(err error) error {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return fmt.Errorf("the packed file is damaged: %w", err)
}

var errCut = errors.New("the packed file is cut off")
