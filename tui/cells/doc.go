// Package cells writes styled text in the cells of a terminal: numbers and names that fit a width, the screen's styles,
// rectangles and the canvas that puts pieces of lines at their places. It knows neither galleries nor panes.
package cells
