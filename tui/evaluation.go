package tui

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"strata/tui/cells"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/x/ansi"
)

// task is what takes its time in the background.
type task int

const (
	evaluating task = iota
	comparing
	mining
)

// String says what goes on.
func (t task) String() string { return [...]string{"evaluating", "comparing", "mining"}[t] }

// noun names the task.
func (t task) noun() string { return [...]string{"the evaluation", "the comparison", "the mining"}[t] }

// key is the key that cancels the task.
func (t task) key() string { return [...]string{"E", "E", "M"}[t] }

// evaluation is the task that runs in the background, if one does.
type evaluation struct {
	seq      int
	task     task
	cancel   context.CancelFunc // nil when none runs
	began    time.Time
	progress *counted
	bar      progress.Model
}

// counted is what a task has done, written by its goroutines.
type counted struct{ done, of atomic.Int64 }

func (e evaluation) running() bool { return e.cancel != nil }

// mining reports whether a pair is mined.
func (e evaluation) mining() bool { return e.running() && e.task == mining }

// busy returns an error while something runs.
func (e evaluation) busy() error {
	if !e.running() {
		return nil
	}
	return fmt.Errorf("%s runs; %s cancels it", e.task.noun(), e.task.key())
}

// view shows the share done, the rate and the time left.
func (e evaluation) view(s cells.Styles, now time.Time, width int) string {
	done, of := e.progress.done.Load(), e.progress.of.Load()
	head, cancels := e.task.String()+" ", "  "+e.task.key()+" cancels"
	if of == 0 {
		return head + s.Faint.Render(cancels)
	}
	text := fmt.Sprintf(" %s of %s queries", cells.Thousands(done), cells.Thousands(of))
	if took := now.Sub(e.began); done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		left := time.Duration(float64(of-done)/rate*1e9) * time.Nanosecond
		text += fmt.Sprintf(" · %s/s · %s left", cells.Thousands(int(rate)), left.Round(time.Second))
	}
	bar := e.bar
	cancels = s.Faint.Render(cancels)
	free := width - ansi.StringWidth(head+text)
	if free < ansi.StringWidth(cancels)+6 {
		cancels = ""
	}
	bar.Width = max(min(24, free-ansi.StringWidth(cancels)), 1)
	return head + bar.ViewAs(float64(done)/float64(of)) + text + cancels
}
