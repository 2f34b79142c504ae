package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// neighbour_format.go reads and writes neighbourhoods. All numbers are little-endian:
//
//	magic    16 bytes
//	section  the head, JSON: see neighbourHead
//	section  hoodsAtATime neighbourhoods, the last section what is left
//	…
//
// A section is its length, the CRC-32C of its bytes, both 4 bytes, and so many bytes. A
// neighbourhood is
//
//	members  uint32
//	least    uint32     the lowest candidate that is no member
//	borders  by layer: float64, int32
//	rows     members × uint32, ascending
//	cosines  by layer: members × float64
//
// Nothing stands behind the last section.

const (
	neighbourMagic   = "strata hoods 1\n\x00"
	hoodsAtATime     = 64
	mostHeadBytes    = 1 << 20
	mostSectionBytes = 1 << 30
)

// neighbourHead says what neighbourhoods are of.
type neighbourHead struct {
	M          int              `json:"m"`
	Seed       uint64           `json:"seed"`
	Rows       int              `json:"rows"`       // of the gallery
	Order      string           `json:"order"`      // hash of the queries in their order
	Candidates string           `json:"candidates"` // hash of who may answer whom
	Built      int              `json:"built"`      // the first queries of the order that are there
	Layers     []neighbourLayer `json:"layers"`
}

// neighbourLayer says which matrix a layer was.
type neighbourLayer struct {
	Name     string `json:"name"`
	Print    string `json:"print"`    // hash of a sample of its blocks, as fingerprints take it
	Content  string `json:"content"`  // hash of all of it
	Modified int64  `json:"modified"` // the time of its file, in nanoseconds
}

// writeNeighbours writes a head and its neighbourhoods, which hood returns by place.
func writeNeighbours(w io.Writer, head neighbourHead, hood func(place int) *neighbourhood) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, neighbourMagic); err != nil {
		return err
	}
	if err := writeSection(w, text); err != nil {
		return err
	}
	var b []byte
	for lo := 0; lo < head.Built; lo += hoodsAtATime {
		b = b[:0]
		for place := lo; place < min(lo+hoodsAtATime, head.Built); place++ {
			b = hood(place).append(b)
		}
		if err := writeSection(w, b); err != nil {
			return err
		}
	}
	return nil
}

func writeSection(w io.Writer, b []byte) error {
	if len(b) > mostSectionBytes {
		return fmt.Errorf("%d neighbourhoods of %d bytes: a file holds %d in one section", hoodsAtATime, len(b), mostSectionBytes)
	}
	var head [8]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(b)))
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(b, castagnoli))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// append appends the neighbourhood's bytes.
func (h *neighbourhood) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.rows)))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.least))
	for _, e := range h.borders {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(e.cosine))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.row))
	}
	for _, row := range h.rows {
		b = binary.LittleEndian.AppendUint32(b, uint32(row))
	}
	for _, c := range h.cosines {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(c))
	}
	return b
}

// neighbourReader reads a file of neighbourhoods, section by section. An errStale says
// what is wrong with it.
type neighbourReader struct {
	r    io.Reader
	left int64 // bytes of the file
	head neighbourHead
	body []byte
}

// newNeighbourReader reads the head of a file of so many bytes.
func newNeighbourReader(r io.Reader, size int64) (*neighbourReader, error) {
	n := &neighbourReader{r: r, left: size}
	magic := make([]byte, len(neighbourMagic))
	if err := n.read(magic); err != nil {
		return nil, err
	}
	switch same := string(magic) == neighbourMagic; {
	case !same && bytes.HasPrefix(magic, []byte("strata hoods ")):
		return nil, errStale{"is of another version"}
	case !same:
		return nil, errStale{"holds no neighbours"}
	}
	text, err := n.section(mostHeadBytes)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &n.head); err != nil {
		return nil, errStale{"has a damaged head"}
	}
	h := n.head
	if h.M < 1 || h.M > maxNeighbours || h.Rows < 1 || h.Rows > math.MaxInt32 || h.Built < 0 || h.Built > h.Rows || len(h.Layers) == 0 {
		return nil, errStale{"has a head with numbers out of range"}
	}
	return n, nil
}

// read fills b.
func (n *neighbourReader) read(b []byte) error {
	if int64(len(b)) > n.left {
		return errStale{"is cut short"}
	}
	n.left -= int64(len(b))
	_, err := io.ReadFull(n.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errStale{"is cut short while it is read"}
	}
	return err
}

// section reads a section of at most so many bytes. It lasts until the next.
func (n *neighbourReader) section(most int64) ([]byte, error) {
	var head [8]byte
	if err := n.read(head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[:]))
	if size > most {
		return nil, errStale{fmt.Sprintf("has a section of %d bytes: there are at most %d", size, most)}
	}
	if size > n.left {
		return nil, errStale{"is cut short"}
	}
	n.body = grown(n.body, int(size))
	if err := n.read(n.body); err != nil {
		return nil, err
	}
	if crc32.Checksum(n.body, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errStale{"is damaged"}
	}
	return n.body, nil
}

// all calls each with every neighbourhood, which is each's to keep, and its place.
func (n *neighbourReader) all(each func(place int, h *neighbourhood) error) error {
	for lo := 0; lo < n.head.Built; lo += hoodsAtATime {
		b, err := n.section(mostSectionBytes)
		if err != nil {
			return err
		}
		for place := lo; place < min(lo+hoodsAtATime, n.head.Built); place++ {
			var h *neighbourhood
			if h, b, err = n.head.decode(b); err != nil {
				return err
			}
			if err := each(place, h); err != nil {
				return err
			}
		}
		if len(b) > 0 {
			return errStale{"has a section that is too long"}
		}
	}
	if n.left > 0 {
		return errStale{fmt.Sprintf("goes on for %d bytes behind its end", n.left)}
	}
	return nil
}

// decode reads a neighbourhood from the front of b, and returns what is behind it. All
// that it takes lies in b, so its memory is bounded by that of the file.
func (head *neighbourHead) decode(b []byte) (*neighbourhood, []byte, error) {
	layers := len(head.Layers)
	if len(b) < 8+12*layers {
		return nil, nil, errStale{"has a section that is too short"}
	}
	members, least := int64(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:])
	b = b[8:]
	switch {
	case members > int64(head.Rows), int64(len(b)) < 12*int64(layers)+members*int64(4+8*layers):
		return nil, nil, errStale{"has a section that is too short"}
	case least >= uint32(head.Rows) && least != math.MaxInt32:
		return nil, nil, errStale{fmt.Sprintf("names row %d of %d", least, head.Rows)}
	}
	h := &neighbourhood{
		rows: make([]int32, members), cosines: make([]float64, members*int64(layers)),
		borders: make([]border, layers), least: int32(least),
	}
	for i := range h.borders {
		h.borders[i] = border{math.Float64frombits(binary.LittleEndian.Uint64(b)), int32(binary.LittleEndian.Uint32(b[8:]))}
		b = b[12:]
		if row := h.borders[i].row; row < -1 || int(row) >= head.Rows {
			return nil, nil, errStale{fmt.Sprintf("ends a list with row %d of %d", row, head.Rows)}
		}
	}
	before := int32(-1)
	for i := range h.rows {
		h.rows[i] = int32(binary.LittleEndian.Uint32(b))
		b = b[4:]
		if h.rows[i] <= before || int(h.rows[i]) >= head.Rows {
			return nil, nil, errStale{fmt.Sprintf("has row %d of %d behind row %d", h.rows[i], head.Rows, before)}
		}
		before = h.rows[i]
	}
	for i := range h.cosines {
		h.cosines[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	return h, b, nil
}
