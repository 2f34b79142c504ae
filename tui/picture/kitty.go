package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
)

// drawKitty fills in m as a PNG of whole cells: kitty scales a picture to the cells of its placeholders, and so does not
// scale this one. What the picture leaves over is transparent.
func (t *Thumbs) drawKitty(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error {
	return t.drawPNG(ctx, p, m, e, key, true)
}

// drawKittyDirect fills in m as a PNG of the picture's size.
func (t *Thumbs) drawKittyDirect(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error {
	return t.drawPNG(ctx, p, m, e, key, false)
}

func (t *Thumbs) drawPNG(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey, whole bool) error {
	painted, err := t.painted(ctx, p, m, key)
	if err != nil {
		return err
	}
	if whole {
		painted = padded(painted, p.Covers.Cols*key.cellW, p.Covers.Rows*key.cellH)
	}
	e.out.Reset()
	if err := e.png.Encode(&e.out, painted); err != nil {
		return err
	}
	p.Bytes = bytes.Clone(e.out.Bytes())
	sum := sha256.Sum256(p.Bytes)
	p.Key = fmt.Sprintf("%s %d×%d", sum[:16], p.Covers.Cols, p.Covers.Rows)
	return nil
}

// padded returns m in the top left corner of w×h pixels that are transparent elsewhere.
func padded(m *image.Paletted, w, h int) *image.Paletted {
	if m.Rect.Dx() == w && m.Rect.Dy() == h {
		return m
	}
	out := image.NewPaletted(image.Rect(0, 0, w, h), append(slices.Clone(m.Palette), color.Transparent))
	for i := range out.Pix {
		out.Pix[i] = uint8(len(m.Palette))
	}
	for y := range m.Rect.Dy() {
		copy(out.Pix[y*out.Stride:], m.Pix[y*m.Stride:y*m.Stride+m.Rect.Dx()])
	}
	return out
}

// What a terminal may keep of the pictures that it was sent.
const (
	maxSent      = 1024
	maxSentBytes = 64 << 20
)

// sentPicture is a picture that the terminal has.
type sentPicture struct {
	id    uint32
	bytes int   // in the terminal
	used  int64 // when it was last drawn
}

// kittyStore sends pictures to the terminal, each once, and deletes those that were not drawn for the longest time.
type kittyStore struct {
	wrap   func(string) string // what a command is sent in
	sent   map[string]sentPicture
	needed map[string]bool // by the newest frame
	serial uint32          // of the last number
	bytes  int
	clock  int64
}

func newKittyStore(t Terminal) kittyStore {
	s := kittyStore{wrap: func(command string) string { return command }, sent: make(map[string]sentPicture), serial: rand.Uint32N(numbers)}
	if t.Tmux {
		s.wrap = ansi.TmuxPassthrough
	}
	return s
}

func (s *kittyStore) arrange(frame []Placement) []Placement {
	s.needed = make(map[string]bool, len(frame))
	for _, p := range frame {
		s.needed[p.Key] = true
	}
	return frame
}

// send returns the number of p and what sends it in pieces, none if the terminal has it. how says what is done with it.
func (s *kittyStore) send(p Placement, how kitty.Options) (id uint32, all [][]byte) {
	s.clock++
	if had, ok := s.sent[p.Key]; ok {
		had.used = s.clock
		s.sent[p.Key] = had
		return had.id, nil
	}
	first := s.evict()
	id = s.number()
	s.sent[p.Key] = sentPicture{id, 4 * p.PixelW * p.PixelH, s.clock}
	s.bytes += 4 * p.PixelW * p.PixelH
	how.ID, how.Format, how.Quiet = int(id), kitty.PNG, 2
	options := how.Options()
	data := base64.StdEncoding.EncodeToString(p.Bytes)
	for len(data) > 0 {
		n := min(len(data), kitty.MaxChunkSize)
		more := "m=1"
		if n == len(data) {
			more = "m=0"
		}
		command := s.wrap(ansi.KittyGraphics([]byte(data[:n]), append(options, more)...))
		all = append(all, append(first, command...))
		data, options, first = data[n:], []string{"q=2"}, nil
	}
	return id, all
}

// numbers is how many numbers there are.
const numbers = 255 * 256

// number returns a number that no picture has. Its lowest byte can be said as one of 256 colours, its highest by a
// placeholder; the bytes between are 0.
func (s *kittyStore) number() uint32 {
	for {
		s.serial = (s.serial + 1) % numbers
		id := s.serial/255<<24 | 1 + s.serial%255
		taken := false
		for _, p := range s.sent {
			taken = taken || p.id == id
		}
		if !taken {
			return id
		}
	}
}

// evict returns what makes room for a picture.
func (s *kittyStore) evict() (b []byte) {
	for len(s.sent) >= maxSent || s.bytes > maxSentBytes {
		oldest := ""
		for key, p := range s.sent {
			if !s.needed[key] && (oldest == "" || p.used < s.sent[oldest].used) {
				oldest = key
			}
		}
		if oldest == "" {
			break
		}
		b = append(b, s.remove(oldest)...)
	}
	return b
}

// remove returns what takes a picture from the terminal.
func (s *kittyStore) remove(key string) string {
	p, ok := s.sent[key]
	if !ok {
		return ""
	}
	delete(s.sent, key)
	s.bytes -= p.bytes
	return s.command(kitty.Options{Action: kitty.Delete, Delete: kitty.DeleteID, DeleteResources: true, ID: int(p.id)})
}

// command returns a command without data.
func (s *kittyStore) command(o kitty.Options) string {
	o.Quiet = 2
	options := slices.DeleteFunc(o.Options(), func(s string) bool { return s == "f=32" })
	return s.wrap(ansi.KittyGraphics(nil, options...))
}

// broken ends a picture of which a part was sent: what came is too short for a PNG.
func (s *kittyStore) broken(p Placement) []byte {
	return []byte(s.wrap(ansi.KittyGraphics(nil, "q=2", "m=0")) + s.remove(p.Key))
}

func (s *kittyStore) overwrites() bool { return false }

// leave returns what takes all pictures from the terminal, in the order in which they were sent.
func (s *kittyStore) leave() string {
	keys := make([]string, 0, len(s.sent))
	for key := range s.sent {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return int(s.sent[a].id) - int(s.sent[b].id) })
	var b bytes.Buffer
	for _, key := range keys {
		b.WriteString(s.remove(key))
	}
	return b.String()
}

// kittyHand puts placeholders into the cells of a picture. They are text: what erases text erases them, and within tmux
// they move with its windows.
type kittyHand struct{ kittyStore }

func newKittyHand(t Terminal) hand { return &kittyHand{newKittyStore(t)} }

func (h *kittyHand) put(p Placement, _ *Placement) [][]byte {
	id, all := h.send(p, kitty.Options{
		Action: kitty.TransmitAndPut, VirtualPlacement: true, Columns: p.Box.Cols, Rows: p.Box.Rows,
	})
	b := []byte(ansi.SaveCursor)
	b = fmt.Appendf(b, "\x1b[0;38;5;%dm", id&0xff)
	for row := range p.Box.Rows {
		b = append(b, ansi.CursorPosition(p.Col+1, p.Row+row+1)...)
		for col := range p.Box.Cols {
			b = append(b, string(kitty.Placeholder)...)
			if col == 0 { // those after it follow from the first
				b = append(b, string([]rune{kitty.Diacritic(row), kitty.Diacritic(0), kitty.Diacritic(int(id >> 24))})...)
			}
		}
	}
	return withLast(all, append(b, ansi.ResetStyle+ansi.RestoreCursor...))
}

func (h *kittyHand) erase(b []byte, p Placement) []byte { return appendErase(b, p) }

func (h *kittyHand) swept() string { return "" }

// withLast writes b together with the last piece.
func withLast(all [][]byte, b []byte) [][]byte {
	if len(all) == 0 {
		return [][]byte{b}
	}
	all[len(all)-1] = append(all[len(all)-1], b...)
	return all
}

// kittyDirectHand lays pictures over the text of their cells, which stays. A picture there is known by its cell.
type kittyDirectHand struct {
	kittyStore
	placed map[int]uint32 // by placement: the picture's number
	lifts  string         // what takes off the picture that the last one put replaces
}

func newKittyDirectHand(t Terminal) hand {
	return &kittyDirectHand{kittyStore: newKittyStore(t), placed: make(map[int]uint32)}
}

// placement returns the number of the placement in p's cells.
func placement(p Placement) int { return p.Row<<12 | p.Col + 1 }

func (h *kittyDirectHand) put(p Placement, _ *Placement) [][]byte {
	id, all := h.send(p, kitty.Options{Action: kitty.Transmit})
	at := placement(p)
	b := ansi.SaveCursor + ansi.CursorPosition(p.Col+1, p.Row+1) +
		h.command(kitty.Options{Action: kitty.Put, ID: int(id), PlacementID: at, DoNotMoveCursor: true}) + ansi.RestoreCursor
	h.lifts = ""
	if old, ok := h.placed[at]; ok && old != id {
		h.lifts = h.lift(at, old)
	}
	h.placed[at] = id
	return withLast(all, []byte(b+h.lifts))
}

// lift takes a picture off its cells; the terminal keeps it.
func (h *kittyDirectHand) lift(at int, id uint32) string {
	return h.command(kitty.Options{Action: kitty.Delete, Delete: kitty.DeleteID, ID: int(id), PlacementID: at})
}

func (h *kittyDirectHand) broken(p Placement) []byte {
	delete(h.placed, placement(p))
	return append(h.kittyStore.broken(p), h.lifts...)
}

func (h *kittyDirectHand) erase(b []byte, p Placement) []byte {
	at := placement(p)
	id, ok := h.placed[at]
	if !ok {
		return b
	}
	delete(h.placed, at)
	return append(b, h.lift(at, id)...)
}

// swept deletes all: kitty erases the pictures of an erased screen, and those that are placed nowhere else.
func (h *kittyDirectHand) swept() string { return h.leave() }

func (h *kittyDirectHand) leave() string {
	clear(h.placed)
	return h.kittyStore.leave()
}

// offersKitty says how the terminal offers kitty's graphics with placeholders.
func offersKitty(b brand, r replies) string {
	if !r.kitty || b == brandKitty && slices.Compare(versionNumbers(r.version), []int{0, 28}) < 0 {
		return ""
	}
	return b.String() + " answers the graphics query, and has placeholders"
}

// offersKittyDirect says how the terminal offers kitty's graphics. Within tmux only placeholders are where they should be.
func offersKittyDirect(_ brand, r replies) string {
	if !r.kitty || r.inner != "" {
		return ""
	}
	return "the terminal answers the graphics query"
}
