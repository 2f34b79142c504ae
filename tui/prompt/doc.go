// Package prompt asks: for a line of text at the foot of the screen, or, in a popup over its middle, for a choice from a
// list. A popup also shows texts to read.
package prompt
