// Package picture shows pictures between a terminal's text. It knows no gallery: pictures have numbers, and whoever
// makes a Thumbs says how a number's image is decoded.
//
// Probe asks the terminal what it can do, and Doctor tells it to a person. Thumbs makes the pictures for that terminal
// off the loop, with one palette for all small ones, and keeps the latest. Screen, a program's output, writes them where
// the view left their cells blank: text first, then what is new, one picture at a time, and never one of an older frame.
// Where the terminal offers no such pictures, half-blocks are part of the text.
//
// Which terminal this is, and how a picture is drawn, are two questions: terminal.go asks, sixel.go and halfblock.go
// draw, and the table in driver.go joins them.
package picture
