package cells

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/tui/picture"
)

// Rect is a rectangle of cells. X and Y are the position of its top left cell, from 0.
type Rect struct{ X, Y, W, H int }

// Has reports whether a cell lies in the rectangle.
func (r Rect) Has(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// Meets reports whether two rectangles share a cell.
func (r Rect) Meets(o Rect) bool {
	return r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
}

// Canvas collects styled pieces of lines. Pieces must not overlap, and those of a line are put from
// left to right.
type Canvas struct {
	lines []string
	ends  []int // cells written, by line
	Width int
}

// NewCanvas returns an empty canvas.
func NewCanvas(size picture.Box) *Canvas {
	return &Canvas{lines: make([]string, size.Rows), ends: make([]int, size.Rows), Width: size.Cols}
}

// Put writes lines, each of w cells, at (x, y) and below.
func (c *Canvas) Put(x, y, w int, lines ...string) {
	w = min(w, c.Width-x)
	for i, line := range lines {
		if y+i < 0 || y+i >= len(c.lines) || x < c.ends[y+i] || w <= 0 {
			continue
		}
		c.lines[y+i] += strings.Repeat(" ", x-c.ends[y+i]) + Padded(line, w)
		c.ends[y+i] = x + w
	}
}

// Finished returns the lines, padded with blanks.
func (c *Canvas) Finished() []string {
	for i := range c.lines {
		c.lines[i] += strings.Repeat(" ", max(0, c.Width-c.ends[i]))
	}
	return c.lines
}

// PadLines returns lines of exactly the size.
func PadLines(lines []string, size picture.Box) []string {
	for len(lines) < size.Rows {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = Padded(lines[i], size.Cols)
	}
	return lines[:size.Rows]
}

// Overlay writes box over lines, with its top left cell at (x, y). It cuts off parts outside the
// lines.
func Overlay(lines, box []string, x, y int) {
	for i, b := range box {
		if y+i < 0 || y+i >= len(lines) {
			continue
		}
		line := lines[y+i]
		b = ansi.Truncate(b, max(ansi.StringWidth(line)-x, 0), "")
		w := ansi.StringWidth(b)
		lines[y+i] = ansi.Truncate(line, x, "") + b + ansi.TruncateLeft(line, x+w, "")
	}
}

// Centred returns the rectangle of a box of lines in the middle of the screen.
func Centred(lines []string, screen picture.Box) Rect {
	w := 0
	for _, l := range lines {
		w = max(w, ansi.StringWidth(l))
	}
	return Rect{X: max(0, (screen.Cols-w)/2), Y: max(0, (screen.Rows-1-len(lines))/2), W: w, H: len(lines)}
}
