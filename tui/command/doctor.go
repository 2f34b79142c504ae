package command

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"strata/engine/kernel"
	"strata/engine/native"
	"strata/tui/picture"
)

func doctorCommand() *cobra.Command {
	var graphics string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what the terminal can do, what was chosen and why, with a picture in each way",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked, err := picture.ParseGraphics(graphics)
			if err != nil {
				return usageError{err}
			}
			t := picture.Probe(os.Stdin, os.Stderr, os.Getenv, asked, 0)
			facts := []picture.Fact{
				{Name: "strata", Text: version()},
				{Name: "processor", Text: fmt.Sprintf("%s/%s, %d in use", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))},
				{Name: "kernels", Text: kernelFact()},
				{Name: "session logs", Text: filepath.Join(xdg.StateHome, sessionsFolder)},
				{Name: "settings", Text: settingsPath()},
			}
			if err := picture.Doctor(shown(cmd), t, append(facts, runtimeFacts()...)...); err != nil {
				return err
			}
			if !term.IsTerminal(os.Stdout.Fd()) {
				return nil
			}
			return picture.Samples(cmd.Context(), cmd.OutOrStdout(), t)
		},
	}
	cmd.Flags().StringVar(&graphics, "graphics", "auto", "the choice to explain: "+picture.GraphicsNames())
	return cmd
}

// kernelFact says for doctor which kernels run, and which there are.
func kernelFact() string {
	path, _ := kernel.Path() // a wrong name was refused before
	text := path + ", of " + strings.Join(kernel.Paths(), ", ")
	if os.Getenv(kernel.PathVariable) != "" {
		text += ", as " + kernel.PathVariable + " says"
	}
	return text
}

// runtimeFacts says for doctor which ONNX Runtime was found, and where it was
// looked for.
func runtimeFacts() []picture.Fact {
	library, err := native.FindLibrary("", os.Getenv)
	found := picture.Fact{Name: "ONNX Runtime", Text: fmt.Sprintf("%s, %s", library.Version, library.Path)}
	if err != nil {
		found.Text = err.Error()
	}
	facts := []picture.Fact{found}
	for _, p := range library.Looked {
		facts = append(facts, picture.Fact{Name: "  looked at", Text: fmt.Sprintf("%s (%s): %s", p.Path, p.Why, p.Found)})
	}
	return facts
}
