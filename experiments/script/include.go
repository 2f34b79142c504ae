package script

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"strata/engine/fence"
)

// maxIncludes bounds the files that a script consists of.
const maxIncludes = 1000

// MaxScript bounds them, in bytes. A file that is included twice counts twice.
const MaxScript = 64 << 20

// variable is how a variable stands in a step.
var variable = regexp.MustCompile(`\$\{([A-Za-z][A-Za-z0-9_]*)\}`)

// variableName is the name of one.
var variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// IncludeOutside is the flag that allows a script to include what Reading.Outside says.
const IncludeOutside = "include-outside"

// Reading says how a script is read.
type Reading struct {
	Set     map[string]string // gives variables values, which set steps of the script do not change
	Outside bool              // files that lie outside of the script's folder may be included
}

// scriptReader reads a script from its file and those that it includes.
type scriptReader struct {
	script *Script
	folder string            // of the script, without links; "" where it may include any file
	given  map[string]string // variables that a set step does not change
	values map[string]string
	open   []scriptFile // the files that are being read, from the first
	files  int
	bytes  int64 // of the files that were read
}

type scriptFile struct {
	path string
	info os.FileInfo
}

// ReadScript parses the script in a file.
//
// Two lines are no steps, and only files have them: "set NAME VALUE" gives a
// variable its value, which stands for ${NAME} in later lines; "include FILE" is
// replaced by the lines of another script, whose path starts at the folder of the
// file that names it. It lies in the folder of the script or below, also when links on
// the way are followed, unless o allows others. An error in an included file names that
// file. Columns are those of the line with its variables replaced.
func ReadScript(path string, o Reading) (*Script, error) {
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		if !variableName.MatchString(name) {
			return nil, fmt.Errorf("%q is not the name of a variable: a letter, then letters, digits and _", name)
		}
	}
	r := &scriptReader{script: &Script{Name: path, Variables: map[string]bool{}}, given: o.Set, values: map[string]string{}}
	maps.Copy(r.values, o.Set)
	if !o.Outside {
		var err error
		if r.folder, err = resolved(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	if err := r.read(path); err != nil {
		return nil, err
	}
	return r.script, nil
}

// read adds the lines of a file.
func (r *scriptReader) read(path string) error {
	f, err := fence.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if r.bytes += info.Size(); info.Size() > fence.Metadata || r.bytes > MaxScript {
		return fmt.Errorf("%s: a script has at most %d bytes, and %d with all that it includes", path, fence.Metadata, MaxScript)
	}
	for i, other := range r.open {
		if os.SameFile(info, other.info) {
			return fmt.Errorf("a script includes itself: %s", r.way(i, path))
		}
	}
	if r.files++; r.files > maxIncludes {
		return fmt.Errorf("more than %d included files", maxIncludes)
	}
	r.open = append(r.open, scriptFile{path, info})
	defer func() { r.open = r.open[:len(r.open)-1] }()
	p := &scriptParser{script: r.script, name: path, special: r.special, replace: r.replace}
	return p.parse(io.LimitReader(f, info.Size()))
}

// way names the files from one that is open to one that it includes.
func (r *scriptReader) way(from int, path string) string {
	var names []string
	for _, f := range r.open[from:] {
		names = append(names, f.path)
	}
	return strings.Join(append(names, path), " includes ")
}

// special executes a line that is no step, and reports whether it was one.
func (r *scriptReader) special(line string) (bool, error) {
	p := &parser{line: line}
	keyword := p.until(isBlank)
	if keyword != "set" && keyword != "include" {
		return false, nil
	}
	p.skip()
	if keyword == "set" {
		return true, r.set(p)
	}
	start := p.pos
	name, err := p.name("the name of a script")
	if err != nil {
		return true, err
	}
	if p.skip(); !p.done() {
		return true, p.fail(p.pos, "expected the end of the line, found %s; a name with blanks or commas stands in double quotes", p.next())
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.open[len(r.open)-1].path), path)
	}
	if err = r.inside(path); err == nil {
		err = r.read(path)
	}
	var se *Error
	if err == nil || errors.As(err, &se) {
		return true, err
	}
	return true, p.fail(start, "%v", err)
}

// inside checks that a file lies below the script's folder, wherever links lead.
func (r *scriptReader) inside(path string) error {
	if r.folder == "" {
		return nil
	}
	place, err := resolved(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // reading says so
	}
	if file, errFile := filepath.EvalSymlinks(path); errFile == nil && err == nil {
		place, err = resolved(file)
	}
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(r.folder, place); err == nil && filepath.IsLocal(rel) {
		return nil
	}
	return fmt.Errorf("%s lies outside of the script's folder: --%s allows it", path, IncludeOutside)
}

// resolved returns the path of what a path leads to, from the root and without links.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// set reads NAME VALUE.
func (r *scriptReader) set(p *parser) error {
	start := p.pos
	name := p.until(isBlank)
	if !variableName.MatchString(name) {
		return p.fail(start, "expected the name of a variable, a letter, then letters, digits and _, found %q", name)
	}
	p.skip()
	value, err := p.text()
	if err != nil {
		return err
	}
	if p.skip(); !p.done() {
		return p.fail(p.pos, "expected the end of the line, found %s", p.next())
	}
	r.script.Variables[name] = true
	if _, given := r.given[name]; !given {
		r.values[name] = value
	}
	return nil
}

// replace puts their values in the place of variables. In a script without any,
// ${NAME} is text: ids may hold it.
func (r *scriptReader) replace(line string) (string, error) {
	if len(r.values) == 0 {
		return line, nil
	}
	size := len(line)
	for _, at := range variable.FindAllStringSubmatchIndex(line, -1) {
		if size += len(r.values[line[at[2]:at[3]]]); size > MaxLine {
			p := &parser{line: line}
			return "", p.fail(at[0], "with its variables the line has more than %d bytes", MaxLine)
		}
	}
	if r.bytes += int64(size - len(line)); r.bytes > MaxScript {
		p := &parser{line: line}
		return "", p.fail(0, "with its variables the script has more than %d bytes", MaxScript)
	}
	var unknown string
	out := variable.ReplaceAllStringFunc(line, func(found string) string {
		name := found[2 : len(found)-1]
		r.script.Variables[name] = true
		value, ok := r.values[name]
		if !ok && unknown == "" {
			unknown = name
		}
		return value
	})
	if unknown != "" {
		p := &parser{line: line}
		return "", p.fail(strings.Index(line, "${"+unknown+"}"), "the variable %s has no value (there is %s)",
			unknown, strings.Join(slices.Sorted(maps.Keys(r.values)), ", "))
	}
	return out, nil
}
