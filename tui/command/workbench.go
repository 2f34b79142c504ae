package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strata/engine/extract"
	"strata/engine/inert"
	"strata/experiments"
	"strata/experiments/script"
	"strata/tui"
	"strata/tui/picture"
)

// sessionsFolder holds the logs of sessions, in the user's state folder.
const sessionsFolder = "strata/sessions"

// screenFlags are the flags of the workbench.
type screenFlags struct {
	log, graphics, trace string
	colors               int
	noMouse, csvSafe     bool
	model                modelFlags
}

// add adds the flags to those of a command.
func (f *screenFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.log, "log", "", "write the session's log to this file (default: a new one in the state folder)")
	flags.StringVar(&f.graphics, "graphics", "auto", "show pictures by "+picture.GraphicsNames())
	flags.IntVar(&f.colors, "colors", 255, "colours of small pictures, 2 to 255: fewer are fewer bytes")
	f.model.add(flags)
	flags.BoolVar(&f.noMouse, "no-mouse", false, "leave the mouse to the terminal")
	flags.BoolVar(&f.csvSafe, "csv-safe", false, csvSafeUsage)
	flags.StringVar(&f.trace, "trace", "", "write a line for every frame to this file")
	if err := flags.MarkHidden("trace"); err != nil {
		panic("main: no flag is named trace")
	}
}

// workbench opens the gallery, where a log left it unless that is nil, and shows the screen until its user quits.
func workbench(cmd *cobra.Command, f screenFlags, gallery string, left *script.Script) (err error) {
	graphics, err := picture.ParseGraphics(f.graphics)
	switch {
	case err != nil:
		return usageError{err}
	case f.colors < 2 || f.colors > 255:
		return usagef("--colors is from 2 to 255, not %d", f.colors)
	case !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stderr.Fd()):
		return usagef("the workbench needs a terminal; search, eval and replay do not (see strata --help)")
	}
	settings, err := readSettings(settingsPath())
	if err != nil {
		return err
	}
	log, err := openLog(f.log, gallery)
	if err != nil {
		return fmt.Errorf("session log: %w", err)
	}
	defer func() { err = errors.Join(err, experiments.CloseLog(log)) }()
	config := tui.Config{
		Input: os.Stdin, Output: os.Stderr, Colors: f.colors, Mouse: !f.noMouse,
		LogPath: log.Name(), Now: time.Now, Settings: settings,
	}
	if f.trace != "" {
		trace, err := os.OpenFile(f.trace, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		defer trace.Close()
		config.Trace = trace
	}
	probed := make(chan picture.Terminal, 1)
	go func() { probed <- picture.Probe(os.Stdin, os.Stderr, os.Getenv, graphics, 0) }()
	f.model.agreement.asks = false // the terminal is the screen's
	session := experiments.NewSession(experiments.Options{
		Open: openGallery, Budget: columnBudget, Log: log, Now: time.Now, Version: version(), ContentWait: 2 * time.Second,
		Extractor: f.model.extractor, Recipe: extract.RecipeOf,
		Codes: experiments.BuildCodes, LogLater: true, CSVSafe: f.csvSafe, Neighbours: neighbourBudget,
	})
	defer func() { err = errors.Join(err, session.Close()) }()
	if left == nil {
		_, err = session.Do(cmd.Context(), script.Gallery{Name: gallery})
	} else {
		config.Moments, err = session.Resume(cmd.Context(), gallery, left)
	}
	config.Terminal = <-probed // even after an error: it gives the terminal back
	if errors.As(err, new(*experiments.StepError)) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	config.Session = session
	if err := tui.Run(cmd.Context(), config); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.ErrOrStderr(), "session log: "+inert.Line(log.Name()))
	return err
}

// openLog opens the log that the user named, or a new one in the state folder.
func openLog(path, gallery string) (*os.File, error) {
	if path != "" {
		return experiments.OpenLog(path)
	}
	folder, err := sessions()
	if err != nil {
		return nil, err
	}
	return experiments.CreateLog(folder, gallery, time.Now())
}

// sessions returns the folder of the logs, which it makes.
func sessions() (string, error) {
	first, err := xdg.StateFile(filepath.Join(sessionsFolder, "x"))
	return filepath.Dir(first), err
}
