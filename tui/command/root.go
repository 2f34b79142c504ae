// Package command is the command line: the tree of commands, a file a command, and
// what they share, flags, errors with their exit codes, and messages.
package command

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/kernel"
	"strata/experiments"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/tui/hush"
)

// columnBudget is the memory for score columns of recent queries, in bytes.
const columnBudget = 1 << 30

// neighbourBudget is the memory for the neighbourhoods of queries, from which the screen takes means, in bytes.
const neighbourBudget = 512 << 20

// Main runs the program, and exits.
func Main() {
	hush.End()
	ctx := withSignals(context.Background())
	root := rootCommand()
	err := root.ExecuteContext(ctx)
	if err != nil {
		printError(ctx, os.Stderr, err)
	}
	os.Exit(exitCode(ctx, err))
}

// manCommand returns the command that prints the manual page of all commands.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Print the manual page",
		Hidden: true,
		Args:   takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), page.Build(roff.NewDocument()))
			return err
		},
	}
}

// version returns the module's version, as far as the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func rootCommand() *cobra.Command {
	var f screenFlags
	root := &cobra.Command{
		Use:   "strata [GALLERY [LOG]]",
		Short: "Compare what the layers of a deep network find similar",
		Long: `Strata opens a gallery, a folder of items.csv and feature matrices (.npy), and
compares ways to combine its layers into one score: by looking, and by precision.
Without a command it is the workbench: pictures, side by side. With the log of a
session it goes on where that ended.

A gallery is named by its folder; "demo" is the built-in one, "./demo" a folder
of that name. A scheme is a layer (A), a weighted sum (B+0.5*pattern), a
concatenation (concat(B,0.5*pattern)) or a fusion of rankings (rrf(A,C)). Wherever
a layer stands, a transformed one may: C|pca256 (see strata derive --help).

Results go to the standard output, progress and errors to the standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; other signals 128
and their number.`,
		Example:           "strata\nstrata shop --graphics sixel\nstrata shop session.strata",
		Version:           version(),
		SilenceErrors:     true, // Main prints them
		SilenceUsage:      true,
		Args:              rootArguments,
		ValidArgsFunction: completeRoot,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return workbench(cmd, f, append(args, experiments.Builtin)[0], nil)
			}
			left, err := script.ReadLog(args[1])
			if err != nil {
				return err
			}
			return workbench(cmd, f, args[0], left)
		},
	}
	follow := root.PersistentFlags().Bool("follow-links", false, "let symbolic links in a gallery's folder, of pictures, matrices and tables, lead out of it")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetContext(context.WithValue(cmd.Context(), followLinks{}, *follow))
		if _, err := kernel.Path(); err != nil {
			return usageError{err}
		}
		return nil
	}
	root.SetFlagErrorFunc(flagMistake)
	root.AddCommand(searchCommand(), evalCommand(), diffCommand(), tuneCommand(), mineCommand(), replayCommand(), resumeCommand(), flagsCommand(),
		itemsCommand(), tapsCommand(), extractCommand(), sweepCommand(), deriveCommand(), importCommand(), checkCommand(), benchCommand(), costCommand(), doctorCommand(), manCommand())
	addHelp(root)
	f.add(root.Flags())
	return root
}

// followLinks is the key of a context's answer to whether links may lead out of
// a gallery: every command opens galleries, many by a session, and all
// hand the context on.
type followLinks struct{}

// linksFollowed reports what --follow-links says.
func linksFollowed(ctx context.Context) bool {
	follow, _ := ctx.Value(followLinks{}).(bool)
	return follow
}

// openGallery opens the built-in gallery or a folder.
func openGallery(ctx context.Context, name string) (*engine.Gallery, error) {
	if name == experiments.Builtin {
		return engine.OpenFS(ctx, name, fixtures.Demo())
	}
	o := engine.OpenOptions{FollowLinks: linksFollowed(ctx)}
	p := newProgress(os.Stderr, phase{name: "unpacking", weight: 1})
	if show := p.sharer(); show != nil {
		o.Unpacking = func(file string, bytes, of int64) {
			show("unpacking "+file, float64(bytes)/float64(of))
			if bytes == of {
				p.end()
			}
		}
	}
	return engine.OpenWith(ctx, name, o)
}

// openShown is openGallery for commands without a screen: on a terminal, the
// standard error shows how far the making of a derived layer is.
func openShown(ctx context.Context, name string) (*engine.Gallery, error) {
	g, err := openGallery(ctx, name)
	p := newProgress(os.Stderr, phase{name: "computing", weight: 1})
	if show := p.sharer(); err == nil && show != nil {
		g.WatchDeriving(func(d engine.Derivation) {
			if d.Layer == "" {
				p.end()
				return
			}
			show("computing "+d.Layer, d.Share)
		})
	}
	return g, err
}

func completeFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeRoot completes a gallery's folder, and then a log.
func completeRoot(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeFolder(cmd, args, text)
	}
	return []string{"strata"}, cobra.ShellCompDirectiveFilterFileExt
}
