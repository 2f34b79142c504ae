package neighbour

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"strata/engine/code"
	"strata/engine/layer"
)

// format.go reads and writes neighbourhoods. All numbers are little-endian:
//
//	magic    16 bytes
//	section  the head, JSON: see Head
//	section  hoodsAtATime neighbourhoods; fewer in the last section
//	…
//
// A section is its length, 4 bytes, the CRC-32C of its bytes, 4 bytes, and its bytes. A
// neighbourhood is
//
//	members  uint32
//	least    uint32     the lowest candidate that is no member
//	borders  by layer: float64, int32
//	rows     members × uint32, ascending
//	cosines  by layer: members × float64
//
// The file ends after the last section.

// The first bytes of a file of neighbourhoods, and the limits of its sections.
const (
	NeighbourMagic   = "strata hoods 1\n\x00" // begins the file, and has the format's number
	hoodsAtATime     = 64
	mostHeadBytes    = 1 << 20
	mostSectionBytes = 1 << 30
)

// Head says which gallery, queries and layers the neighbourhoods belong to.
type Head struct {
	M          int     `json:"m"`
	Seed       uint64  `json:"seed"`
	Rows       int     `json:"rows"`       // rows of the gallery
	Order      string  `json:"order"`      // hash of the queries in their order
	Candidates string  `json:"candidates"` // hash of each query's candidates
	Built      int     `json:"built"`      // the file holds this many queries, the first of the order
	Layers     []Layer `json:"layers"`
}

// Layer identifies the matrix of a layer when the file was written.
type Layer struct {
	Name     string `json:"name"`
	Print    string `json:"print"`    // fingerprint: a hash of a sample of its blocks
	Content  string `json:"content"`  // hash of all its bytes
	Modified int64  `json:"modified"` // the time of its file, in nanoseconds
}

// WriteNeighbours writes a head and its neighbourhoods. hood returns the neighbourhood at a place.
func WriteNeighbours(w io.Writer, head Head, hood func(place int) *Neighbourhood) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, NeighbourMagic); err != nil {
		return err
	}
	if err := writeSection(w, text); err != nil {
		return err
	}
	var b []byte
	for lo := 0; lo < head.Built; lo += hoodsAtATime {
		b = b[:0]
		for place := lo; place < min(lo+hoodsAtATime, head.Built); place++ {
			b = hood(place).Append(b)
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
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(b, code.Castagnoli))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// Append appends the neighbourhood's bytes.
func (h *Neighbourhood) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.Rows)))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.Least))
	for _, e := range h.Borders {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(e.Cosine))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Row))
	}
	for _, row := range h.Rows {
		b = binary.LittleEndian.AppendUint32(b, uint32(row))
	}
	for _, c := range h.Cosines {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(c))
	}
	return b
}

// neighbourReader reads a file of neighbourhoods, section by section. A code.ErrStale says what is
// wrong with the file.
type neighbourReader struct {
	r    io.Reader
	left int64 // bytes of the file
	Head Head
	body []byte
}

// NewNeighbourReader reads the head of a file of size bytes.
func NewNeighbourReader(r io.Reader, size int64) (*neighbourReader, error) {
	n := &neighbourReader{r: r, left: size}
	magic := make([]byte, len(NeighbourMagic))
	if err := n.read(magic); err != nil {
		return nil, err
	}
	switch same := string(magic) == NeighbourMagic; {
	case !same && bytes.HasPrefix(magic, []byte("strata hoods ")):
		return nil, code.ErrStale{Why: "is of another version"}
	case !same:
		return nil, code.ErrStale{Why: "holds no neighbours"}
	}
	text, err := n.section(mostHeadBytes)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &n.Head); err != nil {
		return nil, code.ErrStale{Why: "has a damaged head"}
	}
	h := n.Head
	if h.M < 1 || h.M > maxNeighbours || h.Rows < 1 || h.Rows > math.MaxInt32 || h.Built < 0 || h.Built > h.Rows || len(h.Layers) == 0 {
		return nil, code.ErrStale{Why: "has a head with numbers out of range"}
	}
	return n, nil
}

// read fills b.
func (n *neighbourReader) read(b []byte) error {
	if int64(len(b)) > n.left {
		return code.ErrStale{Why: "is cut short"}
	}
	n.left -= int64(len(b))
	_, err := io.ReadFull(n.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return code.ErrStale{Why: "is cut short while it is read"}
	}
	return err
}

// section reads a section of at most the given number of bytes. It is valid until the next call.
func (n *neighbourReader) section(most int64) ([]byte, error) {
	var head [8]byte
	if err := n.read(head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[:]))
	if size > most {
		return nil, code.ErrStale{Why: fmt.Sprintf("has a section of %d bytes: there are at most %d", size, most)}
	}
	if size > n.left {
		return nil, code.ErrStale{Why: "is cut short"}
	}
	n.body = layer.Grown(n.body, int(size))
	if err := n.read(n.body); err != nil {
		return nil, err
	}
	if crc32.Checksum(n.body, code.Castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, code.ErrStale{Why: "is damaged"}
	}
	return n.body, nil
}

// All calls each with every neighbourhood and its place. each may keep the neighbourhood.
func (n *neighbourReader) All(each func(place int, h *Neighbourhood) error) error {
	for lo := 0; lo < n.Head.Built; lo += hoodsAtATime {
		b, err := n.section(mostSectionBytes)
		if err != nil {
			return err
		}
		for place := lo; place < min(lo+hoodsAtATime, n.Head.Built); place++ {
			var h *Neighbourhood
			if h, b, err = n.Head.decode(b); err != nil {
				return err
			}
			if err := each(place, h); err != nil {
				return err
			}
		}
		if len(b) > 0 {
			return code.ErrStale{Why: "has a section that is too long"}
		}
	}
	if n.left > 0 {
		return code.ErrStale{Why: fmt.Sprintf("goes on for %d bytes behind its end", n.left)}
	}
	return nil
}

// decode reads a neighbourhood from the front of b, and returns the rest of b. It allocates no more
// than b holds, so the file's size bounds its memory.
func (head *Head) decode(b []byte) (*Neighbourhood, []byte, error) {
	layers := len(head.Layers)
	if len(b) < 8+12*layers {
		return nil, nil, code.ErrStale{Why: "has a section that is too short"}
	}
	members, least := int64(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:])
	b = b[8:]
	switch {
	case members > int64(head.Rows), int64(len(b)) < 12*int64(layers)+members*int64(4+8*layers):
		return nil, nil, code.ErrStale{Why: "has a section that is too short"}
	case least >= uint32(head.Rows) && least != math.MaxInt32:
		return nil, nil, code.ErrStale{Why: fmt.Sprintf("names row %d of %d", least, head.Rows)}
	}
	h := &Neighbourhood{
		Rows: make([]int32, members), Cosines: make([]float64, members*int64(layers)),
		Borders: make([]Border, layers), Least: int32(least),
	}
	for i := range h.Borders {
		h.Borders[i] = Border{math.Float64frombits(binary.LittleEndian.Uint64(b)), int32(binary.LittleEndian.Uint32(b[8:]))}
		b = b[12:]
		if row := h.Borders[i].Row; row < -1 || int(row) >= head.Rows {
			return nil, nil, code.ErrStale{Why: fmt.Sprintf("ends a list with row %d of %d", row, head.Rows)}
		}
	}
	before := int32(-1)
	for i := range h.Rows {
		h.Rows[i] = int32(binary.LittleEndian.Uint32(b))
		b = b[4:]
		if h.Rows[i] <= before || int(h.Rows[i]) >= head.Rows {
			return nil, nil, code.ErrStale{Why: fmt.Sprintf("has row %d of %d behind row %d", h.Rows[i], head.Rows, before)}
		}
		before = h.Rows[i]
	}
	for i := range h.Cosines {
		h.Cosines[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	return h, b, nil
}
