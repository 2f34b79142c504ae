package command

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"strata/experiments"
	"strata/experiments/script"
)

func resumeCommand() *cobra.Command {
	var f screenFlags
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Open the last session where it was left",
		Long: `Resume opens the workbench where the last session ended: its gallery, with its
rows, its query and its filter. Nothing is measured again. The last session is that of
the last log in the state folder. "strata GALLERY LOG" does so with any log, also with
one that --log has put elsewhere.`,
		Example: "strata resume",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := sessions()
			if err != nil {
				return err
			}
			log, err := lastLog(folder)
			if err != nil {
				return err
			}
			left, err := script.ReadLog(log)
			if err != nil {
				return err
			}
			gallery, err := experiments.LeftGallery(left)
			if err != nil {
				return usageError{err}
			}
			return workbench(cmd, f, gallery, left)
		},
	}
	f.add(cmd.Flags())
	return cmd
}

// lastLog returns the log in a folder that was written last.
func lastLog(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	type log struct {
		name    string
		written time.Time
	}
	var logs []log
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && info.Size() > 0 && filepath.Ext(e.Name()) == ".strata" {
			logs = append(logs, log{e.Name(), info.ModTime()})
		}
	}
	if len(logs) == 0 {
		return "", usagef("there is no session to go on with: %s has no log; to go on with one of --log: strata GALLERY LOG", folder)
	}
	last := slices.MaxFunc(logs, func(a, b log) int {
		return cmp.Or(a.written.Compare(b.written), cmp.Compare(a.name, b.name))
	})
	return filepath.Join(folder, last.name), nil
}
