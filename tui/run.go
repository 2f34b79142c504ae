package tui

import (
	"context"
	"errors"

	"strata/tui/picture"

	tea "github.com/charmbracelet/bubbletea"
)

// Run shows the screen until its user quits or ctx ends, and returns when the terminal is as it was, every command has
// ended and nothing more is written. The session stays open.
func Run(ctx context.Context, c Config) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	c.Light = c.Light || c.Terminal.Light
	m, err := NewModel(within, c)
	if err != nil {
		return err
	}
	screen := picture.NewScreen(c.Output, c.Terminal, c.Trace)
	m.screen = screen
	options := []tea.ProgramOption{
		tea.WithContext(within), tea.WithoutSignalHandler(), // ctx ends with a signal; Bubble Tea would wait for itself
		tea.WithAltScreen(), tea.WithInput(picture.NewInput(c.Input)), tea.WithOutput(screen),
	}
	if c.Mouse {
		options = append(options, tea.WithMouseCellMotion())
	}
	if c.Terminal.Tmux {
		options = append(options, tea.WithReportFocus())
	}
	_, err = tea.NewProgram(m, options...).Run()
	cancel()
	m.crew.close()
	if ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic) {
		err = context.Cause(ctx)
	}
	return errors.Join(err, screen.Close())
}
