// Package pane has the parts of the screen that show a ranking: the query, the rows of pictures, their sliders and
// figures, the hit that is looked at, the table of evaluated schemes and the status line.
//
// A pane owns its state and is a value. Board is the state of them all, as the keys have set it: a desk, the query and
// the schemes, with the frame, the desk that is shown with its answer. Layout says where everything is. A Scene puts
// board, layout, styles and gallery together, and every pane is formatted from it: what takes time is none of a pane's.
package pane
