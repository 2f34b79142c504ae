package command

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strata/engine/inert"
	"strata/experiments"
)

// flagMistake says in plain words what is wrong with a flag of cmd.
func flagMistake(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		lacking *pflag.ValueRequiredError
		value   *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown):
		if !cmd.HasParent() && cmd.Flags().NArg() > 0 {
			if err := commandMistake(cmd, cmd.Flags().Args()); err != nil {
				return err
			}
		}
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return usagef("%s has no flag -%s (see %s --help)", cmd.Name(), unknown.GetSpecifiedName(), cmd.CommandPath())
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if name := nearest(unknown.GetSpecifiedName(), names); name != "" {
			return usagef("%s has no flag --%s; did you mean --%s?", cmd.Name(), unknown.GetSpecifiedName(), name)
		}
		return usagef("%s has no flag --%s (see %s --help)", cmd.Name(), unknown.GetSpecifiedName(), cmd.CommandPath())
	case errors.As(err, &lacking):
		f := lacking.GetFlag()
		return usagef("%s needs a value, %s", written(f), flagKinds[f.Name].value)
	case errors.As(err, &value):
		f, problem := value.GetFlag(), value.Unwrap()
		switch kind := valueTypes[f.Value.Type()].long; {
		case errors.Is(problem, strconv.ErrRange):
			return usagef("%s is too large or too small: %q", written(f), value.GetValue())
		case kind == "":
			return usagef("%s is a switch: it takes no value but true or false, not %q", written(f), value.GetValue())
		default:
			return usagef("%s is %s, not %q", written(f), kind, value.GetValue())
		}
	case errors.As(err, &syntax):
		return usagef("%q is not a flag: a flag is --NAME or --NAME=VALUE", syntax.GetSpecifiedFlag())
	}
	return usageError{err}
}

// written returns a flag as people write it.
func written(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// nearest returns the one of the names that is spelled most like text, or "".
// Cobra's measure is for commands, so the names become some.
func nearest(text string, names []string) string {
	var book cobra.Command
	for _, name := range names {
		book.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for d := range max(1, min(2, len(text)/3)) {
		book.SuggestionsMinimumDistance = d + 1
		if found := book.SuggestionsFor(text); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// rootArguments checks that there are a gallery and a log, or a gallery, or nothing. What is
// neither a folder nor a command may be a command with a slip.
func rootArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || len(args) == 1 && isFolder(args[0]) || len(args) == 2 && isFolder(args[0]) && !isFolder(args[1]) {
		return nil
	}
	if err := commandMistake(cmd, args); err != nil {
		return err
	}
	if len(args) > 1 {
		return usagef("strata opens one gallery, not %d (see strata --help for its commands)", len(args))
	}
	return nil
}

// commandMistake returns the error of arguments that begin with the name of a
// command, nearly; nil: they do not.
func commandMistake(root *cobra.Command, args []string) error {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if name := nearest(args[0], names); name != "" && !isFolder(args[0]) {
		return usagef("there is no folder and no command %q; did you mean %q?", args[0], name)
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || path == experiments.Builtin
}

// takes returns a check that a command has as many arguments as it names in its
// usage line.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs %s (see %s --help)", cmd.Name(), strings.Join(names[len(args):], " and "), cmd.CommandPath())
		case len(args) > len(names) && len(names) == 0:
			return usagef("%s takes no argument, not %q", cmd.Name(), args[0])
		case len(args) > len(names):
			return usagef("%s takes %s and nothing more, not %q", cmd.Name(), strings.Join(names, " and "), args[len(names)])
		}
		return nil
	}
}

// takesGallery returns a check that a command has one argument, a gallery. More
// arguments are taken for values of the flag, as --scheme: the error has the line
// as it should be.
func takesGallery(flag string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < 2 {
			return takes("GALLERY")(cmd, args)
		}
		return usagef("%s takes one gallery: use --%s, as in %s", cmd.Name(), flag, corrected(cmd, args[1:], flag))
	}
}

// corrected returns the command line with the flag before each of the last
// arguments that are not those of other flags.
func corrected(cmd *cobra.Command, extra []string, flag string) string {
	line := cmd.CommandPath() + " " + inert.Shell(cmd.Flags().Arg(0))
	for _, arg := range extra {
		line += fmt.Sprintf(" --%s %s", flag, inert.Shell(arg))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
			if f.Value.Type() != "stringArray" {
				values = []string{strings.Join(values, ",")}
			}
		}
		for _, value := range values {
			line += " " + written(f)
			if f.NoOptDefVal == "" {
				line += " " + inert.Shell(value)
			} else if value != f.NoOptDefVal {
				line += "=" + inert.Shell(value)
			}
		}
	})
	return line
}
