package picture

import (
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// hand puts the pictures of a protocol on a terminal and takes them off. A Screen calls it in the order in which what it
// returns is written; between the calls the cursor is where the text left it.
type hand interface {
	// arrange returns what is drawn one by one for the pictures of a frame.
	arrange(frame []Placement) []Placement
	// put returns what draws p, in pieces, over the picture that has the same cells, if there is one.
	put(p Placement, over *Placement) [][]byte
	// broken returns what ends p after a piece that is not the last.
	broken(p Placement) []byte
	// erase appends what takes p off. It may move the cursor.
	erase(b []byte, p Placement) []byte
	// overwrites reports whether cells beside a picture are blanked by spaces: an erasure takes its line's pictures off.
	overwrites() bool
	// swept returns what is written after the text has erased the whole screen.
	swept() string
	// leave returns what is written when no picture is shown any more.
	leave() string
}

// pieces cuts what is written for a picture into what is written at a time.
func pieces(b []byte) [][]byte { return slices.Collect(slices.Chunk(b, pictureChunk)) }

// appendErase gives the cells of p the terminal's background.
func appendErase(b []byte, p Placement) []byte {
	b = append(b, ansi.ResetStyle...)
	for row := range p.Box.Rows {
		b = append(b, ansi.CursorPosition(p.Col+1, p.Row+row+1)...)
		b = append(b, ansi.EraseCharacter(p.Box.Cols)...)
	}
	return b
}

// cellHand is for protocols whose pictures stand in place of the text of their cells: whatever erases the text erases
// them, and a picture drawn over another stands in its place, except where the other reaches farther.
type cellHand struct {
	end string // ends a picture of which a part was written
}

func (h *cellHand) arrange(frame []Placement) []Placement { return frame }

func (h *cellHand) put(p Placement, over *Placement) [][]byte {
	b := []byte(ansi.SaveCursor)
	if over != nil && (over.PixelW > p.PixelW || over.PixelH > p.PixelH) {
		b = appendErase(b, *over)
	}
	b = append(b, ansi.CursorPosition(p.Col+1, p.Row+1)...)
	b = append(b, p.Bytes...)
	return pieces(append(b, ansi.RestoreCursor...))
}

func (h *cellHand) broken(Placement) []byte { return []byte(h.end + ansi.RestoreCursor) }

func (h *cellHand) erase(b []byte, p Placement) []byte { return appendErase(b, p) }

func (h *cellHand) overwrites() bool { return false }

func (h *cellHand) swept() string { return "" }

func (h *cellHand) leave() string { return "" }
