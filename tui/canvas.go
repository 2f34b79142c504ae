package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/tui/picture"
)

// rect is a rectangle of cells; X and Y are those of its top left cell, from 0.
type rect struct{ X, Y, W, H int }

// has reports whether a cell lies in the rectangle.
func (r rect) has(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// meets reports whether two rectangles share a cell.
func (r rect) meets(o rect) bool {
	return r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
}

// canvas collects styled pieces of lines at their places; pieces do not overlap, and those of a line are put from left
// to right.
type canvas struct {
	lines []string
	ends  []int // cells written, by line
	width int
}

func newCanvas(size picture.Box) *canvas {
	return &canvas{lines: make([]string, size.Rows), ends: make([]int, size.Rows), width: size.Cols}
}

// put writes lines, each of w cells, at (x, y) and below.
func (c *canvas) put(x, y, w int, lines ...string) {
	w = min(w, c.width-x)
	for i, line := range lines {
		if y+i < 0 || y+i >= len(c.lines) || x < c.ends[y+i] || w <= 0 {
			continue
		}
		c.lines[y+i] += strings.Repeat(" ", x-c.ends[y+i]) + padded(line, w)
		c.ends[y+i] = x + w
	}
}

// finished returns the lines filled up with blanks.
func (c *canvas) finished() []string {
	for i := range c.lines {
		c.lines[i] += strings.Repeat(" ", max(0, c.width-c.ends[i]))
	}
	return c.lines
}

func padLines(lines []string, size picture.Box) []string {
	for len(lines) < size.Rows {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = padded(lines[i], size.Cols)
	}
	return lines[:size.Rows]
}

// overlay writes box over lines with its top left cell at (x, y). What does not fit is cut off.
func overlay(lines, box []string, x, y int) {
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

// centred returns the rectangle of a box of lines in the middle of the screen.
func centred(lines []string, screen picture.Box) rect {
	w := 0
	for _, l := range lines {
		w = max(w, ansi.StringWidth(l))
	}
	return rect{X: max(0, (screen.Cols-w)/2), Y: max(0, (screen.Rows-1-len(lines))/2), W: w, H: len(lines)}
}
