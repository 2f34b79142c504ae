package command

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"

	"strata/engine/extract"
	"strata/engine/inert"
)

// phase is a part of the work of a command.
type phase struct {
	name   string
	unit   string  // what is counted
	weight float64 // the time it takes beside the other phases, roughly; 0: unknown
}

// progress shows on a terminal, in one line that is written again, the phase of a
// command, the share of all phases that is done and the time that is left for all.
// Where a phase is of unknown length, the line has the time since the beginning.
// Elsewhere nothing is shown. Its methods may be called by several goroutines.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	began time.Time
	dirty bool      // there is a line on the terminal
	last  time.Time // that of the last line where there is no terminal

	phases []phase
	at     int // the phase that runs
	done   int // of what it counts
	passes int // complete counts of a phase of unknown length
}

// linePause is the time between two lines of an extraction where there is no
// terminal.
const linePause = 30 * time.Second

// newProgress returns the progress of a command with these phases, in their order.
func newProgress(out io.Writer, phases ...phase) *progress {
	f, ok := out.(term.File)
	p := &progress{out: out, terminal: ok && term.IsTerminal(f.Fd()), now: time.Now, phases: phases}
	p.began = p.now()
	p.last = p.began
	return p
}

// counter returns a function that is told how much of a phase is done, or nil
// where nothing is shown. A complete count ends a phase, and so does one that
// begins again.
func (p *progress) counter() func(done, of int) {
	if !p.terminal {
		return nil
	}
	return p.count
}

func (p *progress) count(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done < p.done {
		p.next()
	}
	p.done = done
	share := float64(done) / float64(max(of, 1))
	text := fmt.Sprintf("%s  %d of %d %s", p.name(), done, of, p.phases[p.at].unit)
	if done >= of {
		p.next()
		share, text = 0, p.name()
	}
	p.write(text + p.rest(share))
}

// next begins the next phase, or the next pass of one of unknown length.
func (p *progress) next() {
	p.done = 0
	switch {
	case p.phases[p.at].weight == 0:
		p.passes++
	case p.at+1 < len(p.phases):
		p.at++
	}
}

// become makes the phase one of unknown length with another name and unit, which
// begins with its first pass.
func (p *progress) become(name, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phases[p.at], p.done, p.passes = phase{name: name, unit: unit}, 0, 0
}

// name returns the name of the phase, with the number of its pass.
func (p *progress) name() string {
	if ph := p.phases[p.at]; ph.weight > 0 || ph.unit == "" {
		return ph.name
	}
	return fmt.Sprintf("%s, pass %d", p.phases[p.at].name, p.passes+1)
}

// sharer returns a function that is told what is being done, which begins with a
// phase's name, and its share; or nil where nothing is shown.
func (p *progress) sharer() func(what string, share float64) {
	if !p.terminal {
		return nil
	}
	return func(what string, share float64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.dirty { // what was shown before has ended
			p.began = p.now()
		}
		for i, ph := range p.phases {
			if strings.HasPrefix(what, ph.name) {
				p.at = i
			}
		}
		p.write(inert.Text(what) + p.rest(share))
	}
}

// namer returns a function that is told what is being done, or nil where nothing
// is shown. How long the whole takes is unknown.
func (p *progress) namer() func(what string) {
	if !p.terminal {
		return nil
	}
	return func(what string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.write(inert.Text(what) + "  " + p.elapsed().Round(time.Second).String())
	}
}

func (p *progress) elapsed() time.Duration { return max(0, p.now().Sub(p.began)) }

// rest returns the share of all phases that is done, when a share of this one is,
// and the time that is left for all if the rest goes on as fast.
func (p *progress) rest(share float64) string {
	elapsed := p.elapsed()
	var before, all float64
	for i, ph := range p.phases {
		if i < p.at {
			before += ph.weight
		}
		all += ph.weight
	}
	if p.phases[p.at].weight == 0 {
		return "  " + elapsed.Round(time.Second).String()
	}
	share = (before + share*p.phases[p.at].weight) / all
	text := fmt.Sprintf("  %d %%", min(99, int(100*share)))
	if share > 0 && elapsed >= time.Second/2 {
		left := time.Duration(float64(elapsed) * (1 - share) / share)
		text += fmt.Sprintf("  about %s left", left.Round(time.Second))
	}
	return text
}

// extraction shows how far an extraction is: on a terminal, and elsewhere a line
// now and then. What was there when it began does not count for its speed.
func (p *progress) extraction(x extract.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal && p.now().Sub(p.last) < linePause || x.Finished {
		return
	}
	p.last = p.now()
	text := fmt.Sprintf("%d of %d pictures", x.Done, x.Rows)
	if n := x.Done - x.Had; n > 0 && x.Wall > 0 {
		rate := float64(n) / x.Wall.Seconds()
		left := time.Duration(float64(x.Rows-x.Done) / rate * float64(time.Second))
		text += fmt.Sprintf("  %.1f a second  about %s left", rate, left.Round(time.Second))
	}
	if x.Done == x.Rows {
		text = fmt.Sprintf("writing the layers of %d pictures", x.Rows)
	}
	if x.Broken > 0 {
		text += fmt.Sprintf("  %d broken", x.Broken)
	}
	if !p.terminal {
		_, _ = fmt.Fprintln(p.out, text) // progress only, as all that is written here
		return
	}
	p.write(text)
}

// write replaces the line on the terminal.
func (p *progress) write(text string) {
	_, _ = fmt.Fprint(p.out, "\r"+text+"\x1b[K")
	p.dirty = true
}

// end takes the line off the terminal.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dirty {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
	p.dirty = false
}
