package script

import (
	"bytes"
	"io"

	"strata/engine/fence"
)

// ReadLog reads a script that a session wrote, to go on from where it ends. One that ends
// within the line of a step is refused, with an *Error: its disk was full, or it was copied
// in part.
func ReadLog(path string) (*Script, error) {
	script, err := ReadScript(path, Reading{})
	if err != nil {
		return nil, err
	}
	f, err := fence.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fence.Metadata))
	if err != nil {
		return nil, err
	}
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	if len(last) == 0 || last[0] == '#' || isBlank(last[0]) {
		return script, nil
	}
	return nil, &Error{
		File: path, Line: bytes.Count(text, []byte("\n")) + 1, Column: len([]rune(string(last))) + 1, Text: string(last),
		Reason: "the log is cut in this line: it has no end",
	}
}
