package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readTar reads only the headers of a tar archive, one after another.
func readTar(ctx context.Context, r io.ReaderAt, size int64) (*Index, error) {
	x := &Index{}
	in := io.NewSectionReader(r, 0, size)
	headers := tar.NewReader(in) // it seeks past the content between headers
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h, err := headers.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && len(x.Members) == 0 {
			return nil, notTar(err)
		}
		if err != nil {
			x.Damage = fmt.Sprintf("behind member %q: %v", x.Members[len(x.Members)-1].Name, notTar(err))
			break
		}
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		at, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		m := Member{Name: h.Name, Size: h.Size, packed: h.Size, offset: at, Why: refusedTar(h)}
		if err := x.add(m, size); err != nil {
			return nil, err
		}
	}
	x.sort()
	return x, nil
}

// notTar returns a clearer error for an error of package tar.
func notTar(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the archive is cut off")
	case errors.Is(err, tar.ErrHeader):
		return errors.New("not a tar archive")
	}
	return err
}

// refusedTar says why an entry of a tar archive cannot be read as a file, or returns "".
func refusedTar(h *tar.Header) string {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return "it is a sparse file"
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, '\x00', tar.TypeCont:
		return ""
	case tar.TypeSymlink, tar.TypeLink:
		return fmt.Sprintf("it is a link, to %q, which is not followed", h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return "it is a device or a pipe"
	case tar.TypeGNUSparse:
		return "it is a sparse file"
	}
	return fmt.Sprintf("it is an entry of the type %q", h.Typeflag)
}
