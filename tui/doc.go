// Package tui is the screen: a query's picture, schemes as rows of ten pictures, and the keys that change them.
//
// # Rooms
//
// This package has the model, which routes messages, the keys and what they do. What is seen stands beside it: pane has
// the parts of the screen that show a ranking, page the lists and sheets of findings, relief the landscape of weights,
// prompt what asks for a line or a choice, cells what writes text, and picture what shows pictures between the text.
// Imports run tui -> page, relief -> pane -> cells -> picture; a room gets values, never the model.
//
// # Nouns
//
// The desk is what the keys have set: a query, an item or a picture from outside the gallery, and schemes. A frame is
// what is shown: a desk with its answer. It may be older than the desk, and what it says of itself, the query's id and
// the schemes, is its own. A pane owns a part of the screen and its state; the layout says where. An action is a key
// with what it does and when. The findings are pages of what evaluations and a mine step found; a visit is a walk from
// one of their rows through queries, and a sheet shows items as pictures where no ranking is. A step is what the session
// executes and logs: every key that changes desk or record ends in one. A moment is what undo goes back to: the values
// that the keys have set, kept whenever they have come to rest.
//
// # How it runs
//
// Model is the one tea.Model: the panes, the jobs under way, and the worker that the jobs' commands work with, each
// within the one before, and what the keys do. Update routes messages and neither waits nor reads files; what takes
// time is a command of commands.go with a number, and its answer a message with the same number. A newer command of the
// same purpose cancels the older one, whose late answer is dropped: paging and sliding never wait for what they have
// left behind. A slider previews while it moves and becomes a step when it has rested for 0.2 s.
//
// # Ownership and concurrency
//
// The session belongs to the caller, and with it the gallery: the screen opens, scans and closes nothing. Model is a
// value that only the loop changes; what commands share with it, session, gallery and thumbnails, may be used
// concurrently. Run returns when every command has ended and the terminal is as it was.
//
//	terminal := picture.Probe(os.Stdin, os.Stdout, os.Getenv, picture.GraphicsAuto, 0)
//	err := tui.Run(ctx, tui.Config{Session: session, Terminal: terminal, Input: os.Stdin, Output: os.Stdout})
package tui
