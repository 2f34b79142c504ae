// Package tui is the screen: a query's picture, schemes as rows of ten pictures, and the keys that change them.
//
// # Nouns
//
// The desk is what the keys have set: a query, an item or a picture from outside the gallery, and schemes. A frame is
// what is shown: a desk with its answer; it may be older than the desk, and what it says of itself, the query's id and
// the schemes, is its own. A pane formats a part of the screen; the layout says where. An action is a key with what it
// does and when. The findings are pages of what evaluations and a mine step found; a visit is a walk from one of their
// rows through queries, and a sheet shows items as pictures where no ranking is. A step is what the session executes and logs: every key that changes desk or record ends in one.
//
// # How it runs
//
// Model is the one tea.Model. Update routes messages and neither waits nor reads files; what takes time is a command of
// commands.go with a number, and its answer a message with the same number. A newer command of the same purpose cancels
// the older one, whose late answer is dropped: paging and sliding never wait for what they have left behind. A slider
// previews while it moves and becomes a step when it has rested for 0.2 s.
//
// # Pictures
//
// Thumbs makes the pictures of a gallery off the loop, with one palette for all small ones, and keeps the latest. The
// view leaves a picture's cells blank, and Screen, the program's output, writes it there: text first, then what is new,
// one picture at a time, and never one of an older frame. Where the terminal has no sixel, half-blocks are part of the
// text. Probe asks the terminal what it can do and Doctor tells.
//
// # Ownership and concurrency
//
// The session belongs to the caller, and with it the gallery: the screen opens, scans and closes nothing. Model is a
// value that only the loop changes; what commands share with it, session, gallery and Thumbs, may be used concurrently.
// Run returns when every command has ended and the terminal is as it was.
//
//	terminal := tui.Probe(os.Stdin, os.Stdout, os.Getenv, tui.GraphicsAuto, 0)
//	err := tui.Run(ctx, tui.Config{Session: session, Terminal: terminal, Input: os.Stdin, Output: os.Stdout})
package tui
