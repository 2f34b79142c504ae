package prompt

import "slices"

// maxPast is the number of lines that are kept to be typed again.
const maxPast = 100

// Past are the lines that were typed before, the oldest first. It is never changed in place.
type Past []string

// With returns the lines with one more; one that stood there before moves to the end.
func (p Past) With(line string) Past {
	lines := slices.DeleteFunc(slices.Clone(p), func(l string) bool { return l == line })
	lines = append(lines, line)
	return lines[max(0, len(lines)-maxPast):]
}

// Recalled returns the prompt with the line that was typed so many lines before the one that it shows; negative: after
// it. After the last stands what is being typed.
func (p Prompt) Recalled(by int) Prompt {
	if p.recalled == 0 {
		p.draft = p.Input.Value()
	}
	p.recalled = min(max(p.recalled+by, 0), len(p.Past))
	text := p.draft
	if p.recalled > 0 {
		text = p.Past[len(p.Past)-p.recalled]
	}
	p.Input.SetValue(text)
	p.Input.CursorEnd()
	return p
}
