package pane

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

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
)

// String says what goes on.
func (t Task) String() string { return [...]string{"evaluating", "comparing", "mining"}[t] }

// Noun names the task.
func (t Task) Noun() string { return [...]string{"the evaluation", "the comparison", "the mining"}[t] }

// key is the key that cancels the task.
func (t Task) key() string { return [...]string{"E", "E", "M"}[t] }

// Evaluation is the task that runs in the background, if one does.
type Evaluation struct {
	Seq      int
	Task     Task
	Cancel   context.CancelFunc // nil when none runs
	Began    time.Time
	Progress *Counted
	Bar      progress.Model
	Warned   bool // its user was told that it runs, and wanted to quit
}

// Counted is what a task has done, written by its goroutines.
type Counted struct{ Done, Of atomic.Int64 }

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

// view shows the share done, the rate and the time left.
func (e Evaluation) view(s cells.Styles, now time.Time, width int) string {
	done, of := e.Progress.Done.Load(), e.Progress.Of.Load()
	head, cancels := e.Task.String()+" ", "  "+e.Task.key()+" cancels"
	if of == 0 {
		return head + s.Faint.Render(cancels)
	}
	text := fmt.Sprintf(" %s of %s queries", cells.Thousands(done), cells.Thousands(of))
	if took := now.Sub(e.Began); done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		left := time.Duration(float64(of-done)/rate*1e9) * time.Nanosecond
		text += fmt.Sprintf(" · %s/s · %s left", cells.Thousands(int(rate)), left.Round(time.Second))
	}
	bar := e.Bar
	cancels = s.Faint.Render(cancels)
	free := width - ansi.StringWidth(head+text)
	if free < ansi.StringWidth(cancels)+6 {
		cancels = ""
	}
	bar.Width = max(min(24, free-ansi.StringWidth(cancels)), 1)
	return head + bar.ViewAs(float64(done)/float64(of)) + text + cancels
}
