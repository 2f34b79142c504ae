package pane

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"strata/experiments"
	"strata/tui/cells"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/x/ansi"
)

// Task is what takes its time in the background.
type Task int

// The tasks.
const (
	Evaluating Task = iota
	Comparing
	Mining
	Tuning
)

// String says what goes on.
func (t Task) String() string { return [...]string{"evaluating", "comparing", "mining", "tuning"}[t] }

// Noun names the task.
func (t Task) Noun() string {
	return [...]string{"the evaluation", "the comparison", "the mining", "the tuning"}[t]
}

// key is the key that cancels the task.
func (t Task) key() string { return [...]string{"E", "E", "M", "E"}[t] }

// Evaluation is the task that runs in the background, if one does.
type Evaluation struct {
	Seq      int
	Task     Task
	Cancel   context.CancelFunc // nil when none runs
	Progress *Counted
	Bar      progress.Model
	Warned   bool // its user was told that it runs, and wanted to quit
}

// Counted is how far a task is, written by its goroutines.
type Counted struct {
	mu    sync.Mutex
	now   experiments.Progress
	began time.Time // the phase
}

// Set says how far the task is.
func (c *Counted) Set(p experiments.Progress, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.Phase != p.Phase || c.began.IsZero() {
		c.began = now
	}
	c.now = p
}

// at returns how far the task is, and when its phase began.
func (c *Counted) at() (experiments.Progress, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, c.began
}

// Running reports whether a task runs.
func (e Evaluation) Running() bool { return e.Cancel != nil }

// Mining reports whether a pair is mined.
func (e Evaluation) Mining() bool { return e.Running() && e.Task == Mining }

// Busy returns an error while something runs.
func (e Evaluation) Busy() error {
	if !e.Running() {
		return nil
	}
	return fmt.Errorf("%s runs; %s cancels it", e.Task.Noun(), e.Task.key())
}

// view names the phase, and shows its share done, its rate and its time left; where nothing is counted, its time.
func (e Evaluation) view(s *cells.Styles, now time.Time, width int) string {
	p, began := e.Progress.at()
	head, cancels := e.Task.String()+" ", "  "+e.Task.key()+" cancels"
	if p.Phase != "" {
		head = e.Task.String() + ": " + p.Phase + " "
	}
	took := now.Sub(began)
	if p.Of == 0 {
		if took >= time.Second && !began.IsZero() {
			head += "· " + took.Round(time.Second).String()
		}
		return head + s.Faint.Render(cancels)
	}
	text := fmt.Sprintf(" %s of %s %s", cells.Thousands(p.Done), cells.Thousands(p.Of), cmp.Or(p.Unit, "queries"))
	if p.Done > 0 && took > 0 {
		rate := float64(p.Done) / took.Seconds()
		left := time.Duration(float64(p.Of-p.Done)/rate*1e9) * time.Nanosecond
		text += fmt.Sprintf(" · %s/s · %s left", cells.Thousands(int(rate)), left.Round(time.Second))
	}
	bar := e.Bar
	cancels = s.Faint.Render(cancels)
	free := width - ansi.StringWidth(head+text)
	if free < ansi.StringWidth(cancels)+6 {
		cancels = ""
	}
	bar.Width = max(min(24, free-ansi.StringWidth(cancels)), 1)
	return head + bar.ViewAs(float64(p.Done)/float64(p.Of)) + text + cancels
}
