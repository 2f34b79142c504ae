package experiments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/fence"
	"strata/experiments/check"
	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/script"
)

// Builtin is the name of the built-in gallery. A folder of that name is written
// ./demo.
const Builtin = "demo"

// ReplayOptions says how a script is run again.
type ReplayOptions struct {
	Open      func(ctx context.Context, name string) (*engine.Gallery, error)
	Extractor func(ctx context.Context, g *engine.Gallery) (check.Extractor, error) // of Options
	Recipe    func(g *engine.Gallery) (string, error)                               // of Options

	Gallery string    // opened instead of those that the script names; "": those
	Out     string    // a folder for NAME.strata and, in NAME, the exports; "": none
	Log     io.Writer // the script with its results; nil: none
	Seed    uint64    // of every evaluation, instead of those that the script names; 0: those
	CSVSafe bool      // of Options
	Check   bool      // compare the script's indented lines; nothing is written then
	// Tolerance is by how much a number may differ with Check, for another processor;
	// 0: by nothing. Then hashes of exports and of features are not compared.
	Tolerance float64
	Budget    int64  // of Options
	Version   string // of Options
}

// ReplayReport counts what a replay did.
type ReplayReport struct {
	Steps    int
	Compared int // indented lines, with Check
	Passed   int // of those: hashes that a tolerance does not compare
}

// Replay runs the steps of a script in a new session. A relative path in the
// script starts at the script's folder.
//
// With Check, the lines under each step are compared with what the step gives,
// and the first that differs is returned as a *Difference. A step without any
// lines under it is run, but not compared, so that a script is checked as far as
// it says what it expects. A step that fails is a *StepError, and ends the replay; a
// require step that is not met is one for each of its lines, which are returned together
// at the end.
func Replay(ctx context.Context, script *script.Script, o ReplayOptions) (report ReplayReport, err error) {
	r := replay{script: script, o: o, placed: map[string]string{}}
	if err := r.checkOut(); err != nil {
		return report, err
	}
	s := NewSession(Options{
		Open: r.open, Budget: o.Budget, Log: r.log(), DryRun: o.Check,
		SkipContent: true, Codes: UseCodes, Version: o.Version, place: r.place, locate: r.locate,
		Extractor: o.Extractor, Recipe: o.Recipe, CSVSafe: o.CSVSafe,
	})
	defer func() {
		if closeErr := s.Close(); err == nil {
			err = closeErr
		}
	}()
	defer func() {
		if r.unmet != nil {
			err = errors.Join(append(r.unmet, err)...)
		}
	}()
	for _, line := range script.Lines {
		results, err := s.Do(ctx, o.seeded(line.Step))
		if r.noteUnmet(line, err) {
			continue
		}
		if err != nil {
			return report, &StepError{File: line.File, Line: line.Line, Err: err}
		}
		report.Steps++
		if !o.Check {
			continue
		}
		var got Result
		if len(results) > 0 {
			got = results[0]
		}
		r.other(line.Derived, got.Derived)
		if err := r.compare(line, got.Lines); err != nil {
			return report, err
		}
		report.Compared += len(line.Expected)
	}
	report.Passed = r.passed
	if o.Out == "" || o.Check || r.unmet != nil {
		return report, nil
	}
	return report, run.WriteFile(r.logPath(), func(w io.Writer) error {
		_, err := w.Write(r.kept.Bytes())
		return err
	})
}

// noteUnmet keeps what a step requires and an evaluation does not meet, an error a line.
func (r *replay) noteUnmet(line script.Line, err error) bool {
	var unmet *eval.Unmet
	if !errors.As(err, &unmet) {
		return false
	}
	for _, text := range unmet.Lines {
		r.unmet = append(r.unmet, &StepError{File: line.File, Line: line.Line, Err: &eval.Unmet{Lines: []string{text}}})
	}
	return true
}

// other remembers the first derived layer that is not the one the script had.
func (r *replay) other(script, got []string) {
	for _, s := range script {
		name, _, _ := strings.Cut(s, " ")
		for _, g := range got {
			if other, _, _ := strings.Cut(g, " "); other == name && g != s && r.derived == "" {
				r.derived = name
			}
		}
	}
}

// compare compares the lines under a step with what the step gave.
func (r *replay) compare(line script.Line, got []string) error {
	file, last := line.File, line.Line
	for i, e := range line.Expected {
		if i >= len(got) {
			return &Difference{File: file, Line: e.Line, Expected: e.Text, Kind: ExtraLine, Derived: r.derived}
		}
		if !r.agree(line.Step, e.Text, got[i]) {
			return &Difference{
				File: file, Line: e.Line, Expected: e.Text, Got: got[i], Derived: r.derived, Hint: hint(line.Step, e.Text, got[i]),
			}
		}
		last = e.Line
	}
	if n := len(line.Expected); n > 0 && n < len(got) {
		return &Difference{File: file, Line: last, Got: got[n], Kind: MissingLine, Derived: r.derived}
	}
	return nil
}

// hint says what may be the reason of a difference: features of one picture, of
// one model, may differ in the last bits from one processor to the next.
func hint(step script.Step, expected, got string) string {
	if hint := setHint(expected, got); hint != "" {
		return hint
	}
	_, image := step.(script.Image)
	if !image || !strings.HasPrefix(expected, featuresLine) || !strings.HasPrefix(got, featuresLine) {
		return ""
	}
	return "features that are computed anew, on another processor or with another library, may differ in the last bits; " +
		"those of the log lie in the folder .strata/" + imagesFolder + " of its gallery"
}

// replay is one run of a script.
type replay struct {
	script  *script.Script
	o       ReplayOptions
	kept    bytes.Buffer      // the log, with Out
	placed  map[string]string // the exports by where they are written
	derived string            // a derived layer that is not the one the script had, or ""
	unmet   []error           // by require steps
	passed  int               // lines whose hashes are not compared
}

// log returns where the session's log goes.
func (r *replay) log() io.Writer {
	var to []io.Writer
	switch {
	case r.o.Check:
		return nil
	case r.o.Log != nil:
		to = append(to, r.o.Log)
	}
	if r.o.Out != "" {
		to = append(to, &r.kept)
	}
	if len(to) == 0 {
		return nil
	}
	return io.MultiWriter(to...)
}

// folder returns the script's folder.
func (r *replay) folder() string { return filepath.Dir(r.script.Name) }

// name returns the script's name without folder and extension.
func (r *replay) name() string { return OutName(r.script.Name) }

// OutName returns the name that a script's outputs have: that of its file,
// without folder and extension.
func OutName(script string) string {
	base := filepath.Base(script)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func (r *replay) logPath() string { return filepath.Join(r.o.Out, r.name()+".strata") }

// checkOut makes the folder Out and refuses to write over the script itself.
func (r *replay) checkOut() error {
	if r.o.Out == "" || r.o.Check {
		return nil
	}
	if err := aside.MakeFolder(r.o.Out); err != nil {
		return err
	}
	return r.spares(r.logPath())
}

// spares returns an error if a path leads to a file that the script consists of.
func (r *replay) spares(path string) error {
	there, err := os.Stat(path)
	if err != nil {
		return nil //nolint:nilerr // nothing is written over
	}
	names := []string{r.script.Name}
	for _, line := range r.script.Lines {
		if line.File != names[len(names)-1] {
			names = append(names, line.File)
		}
	}
	for _, name := range names {
		if file, err := os.Stat(name); err == nil && os.SameFile(file, there) {
			return fmt.Errorf("%s is the script itself, or one that it includes: choose another folder for the output", path)
		}
	}
	return nil
}

// open opens the gallery that a step names.
func (r *replay) open(ctx context.Context, name string) (*engine.Gallery, error) {
	as := name
	switch {
	case r.o.Gallery != "":
		name = r.o.Gallery
	case name != Builtin && !filepath.IsAbs(name):
		name = filepath.Join(r.folder(), name)
	}
	g, err := r.o.Open(ctx, name)
	if err == nil && r.o.Check {
		g.Flagging().Set(rewound(g.Flags(), r.ofGallery(as)))
	}
	return g, err
}

// ofGallery returns the lines of steps on the gallery that the script calls so.
func (r *replay) ofGallery(name string) []script.Line {
	var lines []script.Line
	on := false
	for _, line := range r.script.Lines {
		if step, ok := line.Step.(script.Gallery); ok {
			on = step.Name == name
		} else if on {
			lines = append(lines, line)
		}
	}
	return lines
}

// locate returns where a picture, or a run, is read.
func (r *replay) locate(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.folder(), path)
}

// place returns where an export is written: below the script's folder or, with Out,
// below a folder of the script's name there. One that the script puts elsewhere, by a
// path from the root or by "..", goes under its last name there. The folders on the
// way are made, and none is a link. Two files of one name are refused. A check, which
// writes nothing, makes none.
func (r *replay) place(file string) (string, error) {
	local := file
	if !filepath.IsLocal(file) {
		local = filepath.Base(file)
	}
	base, sub := r.folder(), filepath.Dir(local)
	if r.o.Check {
		return filepath.Join(base, local), nil
	}
	if r.o.Out != "" {
		base, sub = r.o.Out, filepath.Join(r.name(), sub)
	}
	dir := fence.In(base, filepath.ToSlash(sub))
	path := dir.File(filepath.Base(local))
	if other, ok := r.placed[path]; ok && other != file {
		return "", fmt.Errorf("the exports %s and %s would both be written as %s", other, file, path)
	}
	if err := r.spares(path); err != nil {
		return "", err
	}
	r.placed[path] = file
	return path, dir.Make()
}

// seeded returns a step with the seed that the options ask for, if they do and it
// has one.
func (o ReplayOptions) seeded(step script.Step) script.Step {
	if s, ok := step.(script.Seeded); ok && o.Seed != 0 {
		return s.WithSeed(o.Seed)
	}
	return step
}

// agree reports whether a line is the expected one, within the tolerance. With one,
// lines that are a hash of what the tolerance allows to differ are passed over: those of
// exports, and of features.
func (r *replay) agree(step script.Step, expected, got string) bool {
	if expected == got {
		return true
	}
	if r.o.Tolerance == 0 {
		return false
	}
	_, export := step.(script.Export)
	_, image := step.(script.Image)
	if export || image && strings.HasPrefix(expected, featuresLine) && strings.HasPrefix(got, featuresLine) {
		r.passed++
		return true
	}
	return agreeWithin(expected, got, r.o.Tolerance)
}

// numberWord is a word of a result line, or what stands between words.
var numberWord = regexp.MustCompile(`[^][ ,;:()=]+|[][ ,;:()=]+`)

// agreeWithin reports whether two lines are the same but for numbers that differ by at
// most tolerance. Whole numbers on both sides, which are counts and ranks, are the same.
func agreeWithin(expected, got string, tolerance float64) bool {
	a, b := numberWord.FindAllString(expected, -1), numberWord.FindAllString(got, -1)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		x, errX := strconv.ParseFloat(a[i], 64)
		y, errY := strconv.ParseFloat(b[i], 64)
		if errX != nil || errY != nil || isWhole(a[i]) && isWhole(b[i]) || !(math.Abs(x-y) <= tolerance) {
			return false
		}
	}
	return true
}

func isWhole(word string) bool { return !strings.ContainsAny(word, ".eE") }
