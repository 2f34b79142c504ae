package picture

import (
	"bytes"
	"os"
)

// maxReply is the longest string that is taken for a reply.
const maxReply = 4 << 10

// Input is a terminal's input without the strings that answer a Probe too late: read as keys, the name "kitty" would be
// five commands. Other replies are no keys. It is for one reader.
type Input struct {
	*os.File
	within int // bytes of a reply whose end has not come, 0: not within one
}

// NewInput returns the keys of a terminal.
func NewInput(in *os.File) *Input { return &Input{File: in} }

// replyStarts are what the replies begin with: a version, and an answer about graphics.
var replyStarts = [][]byte{[]byte("\x1bP>|"), []byte("\x1b_G")}

// Read reads keys. It may return 0 bytes without an error, after a read of nothing but replies.
func (i *Input) Read(p []byte) (int, error) {
	n, err := i.File.Read(p)
	return i.keep(p[:n]), err
}

// keep takes replies out of what was read, and returns the number of bytes that stay.
func (i *Input) keep(p []byte) int {
	kept := 0
	for len(p) > kept {
		rest := p[kept:]
		at := 0
		if i.within == 0 {
			if at = replyAt(rest); at < 0 {
				return len(p)
			}
		}
		kept += at
		rest = p[kept:]
		end := bytes.Index(rest, []byte(stringTerminator))
		switch {
		case end >= 0:
			end += len(stringTerminator)
			i.within = 0
		case i.within+len(rest) > maxReply: // no reply
			i.within = 0
			return len(p)
		default:
			end = len(rest)
			i.within += end
		}
		p = p[:kept+copy(rest, rest[end:])]
	}
	return kept
}

// replyAt returns where the first reply begins, -1 if there is none.
func replyAt(b []byte) int {
	first := -1
	for _, start := range replyStarts {
		if at := bytes.Index(b, start); at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}
