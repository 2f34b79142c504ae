package tui

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/x/ansi"
)

// evaluation is the evaluation that runs in the background, if one does.
type evaluation struct {
	seq      int
	cancel   context.CancelFunc // nil when none runs
	began    time.Time
	progress *counted
	bar      progress.Model
}

// counted is what an evaluation has done, written by its goroutines.
type counted struct{ done, of atomic.Int64 }

func (e evaluation) running() bool { return e.cancel != nil }

// view shows the share done, the rate and the time left.
func (e evaluation) view(s styles, now time.Time, width int) string {
	done, of := e.progress.done.Load(), e.progress.of.Load()
	if of == 0 {
		return "evaluating " + s.faint.Render("  E cancels")
	}
	text := fmt.Sprintf(" %s of %s queries", thousands(done), thousands(of))
	if took := now.Sub(e.began); done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		left := time.Duration(float64(of-done)/rate*1e9) * time.Nanosecond
		text += fmt.Sprintf(" · %s/s · %s left", thousands(int(rate)), left.Round(time.Second))
	}
	bar := e.bar
	cancels := s.faint.Render("  E cancels")
	free := width - ansi.StringWidth("evaluating "+text)
	if free < ansi.StringWidth(cancels)+6 {
		cancels = ""
	}
	bar.Width = max(min(24, free-ansi.StringWidth(cancels)), 1)
	return "evaluating " + bar.ViewAs(float64(done)/float64(of)) + text + cancels
}
