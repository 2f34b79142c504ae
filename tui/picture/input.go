package picture

import (
	"bytes"
	"os"
)

// maxReply is the longest string that is taken for a reply.
const maxReply = 256

// Input is a terminal's input without the strings that answer a Probe too late: read as keys, the name "kitty" would be
// five commands. Other replies are no keys. It is for one reader.
//
// Of a reply whose start is cut between two reads, the bytes before the cut are read as keys: the first is all that the
// escape key sends. Nothing else of a reply is, however it is cut. A reply ends at any control byte, so that keys are
// not lost to one that has no end.
type Input struct {
	*os.File
	within int    // bytes of a reply whose end has not come; 0: not within one
	held   bool   // the last byte was an escape within a reply: its end or a key
	began  []byte // the last bytes that were read as keys may begin a reply
}

// NewInput returns the keys of a terminal.
func NewInput(in *os.File) *Input { return &Input{File: in} }

// replyStarts are what the replies begin with: a version, an answer about graphics, and the background's colour.
var replyStarts = [][]byte{[]byte("\x1bP>|"), []byte("\x1b_G"), []byte("\x1b]11;")}

// The control bytes that mean something to a reply.
const (
	bell   = '\a' // ends a reply, in some terminals
	escape = '\x1b'
	space  = ' ' // the first byte that is no control
	del    = '\x7f'
)

// Read reads keys into two bytes at least. It may return 0 bytes without an error, after a read of nothing but replies.
func (i *Input) Read(p []byte) (int, error) {
	room := len(p)
	if i.held {
		room--
	}
	n, err := i.File.Read(p[:room])
	return i.keep(p, n), err
}

// keep takes replies out of the n bytes that were read, and returns the number of bytes that stay. If an escape is
// held, p has room for one byte more.
func (i *Input) keep(p []byte, n int) int {
	if i.held && n > 0 {
		copy(p[1:], p[:n])
		p[0], i.held = escape, false
		n++
	}
	rest, kept := p[:n], p[:0]
	for len(rest) > 0 {
		if i.within > 0 {
			rest = i.pass(rest)
			continue
		}
		start, length := i.startAt(rest)
		if !start {
			kept = append(kept, rest[:length]...)
		}
		rest = rest[length:]
	}
	return len(kept)
}

// pass returns what follows those bytes of a reply that b begins with. They are none if its end was left out.
func (i *Input) pass(b []byte) []byte {
	switch c := b[0]; {
	case c == escape && len(b) == 1:
		i.held = true
		return nil
	case bytes.HasPrefix(b, []byte(stringTerminator)):
		i.within = 0
		return b[len(stringTerminator):]
	case c == bell:
		i.within = 0
		return b[1:]
	case c < space || c == del || i.within == maxReply:
		i.within = 0
		return b
	}
	i.within++
	return b[1:]
}

// startAt reports whether b begins with the start of a reply, or with what continues one that was cut, and returns the
// number of its bytes. Otherwise it returns how many bytes are keys: one, or all if they may begin a reply.
func (i *Input) startAt(b []byte) (start bool, length int) {
	began := i.began
	i.began = nil
	for _, s := range replyStarts {
		more, ok := bytes.CutPrefix(s, began)
		switch {
		case !ok:
		case bytes.HasPrefix(b, more):
			i.within = len(s)
			return true, len(more)
		case bytes.HasPrefix(more, b):
			i.began = s[:len(began)+len(b)]
			return false, len(b)
		}
	}
	if len(began) > 0 {
		return i.startAt(b)
	}
	return false, 1
}
