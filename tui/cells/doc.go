// Package cells writes styled text into the cells of a terminal: numbers and names that fit a
// width, the screen's styles, rectangles, and the canvas that places pieces of lines. It depends on
// neither galleries nor panes.
package cells
