package experiments

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"strata/engine"
)

// Folder says where the files of a study go, and how they are written.
type Folder struct {
	Out     string   // the folder of the tables and of manifest.json; "": no file is written
	Formats []Format // of the tables; nil: CSV
	CSVSafe bool     // cells of CSV that a spreadsheet would compute get a ' before them
	Page    string   // the file of the report, with Out; "": none
	Version string   // of the program
	Command []string
	Now     func() time.Time // nil: time.Now
}

// check returns an error for places that cannot be written to. A study checks them
// before it begins.
func (f Folder) check() error {
	if err := checkFolder(f.Out); err != nil {
		return err
	}
	return checkReport(f.Page)
}

// now returns the time.
func (f Folder) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// manifest returns a manifest that names the program, the machine and the gallery.
// A study adds what it measured.
func (f Folder) manifest(ctx context.Context, g *engine.Gallery, started time.Time) (Manifest, error) {
	print, err := g.Fingerprint(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Version: f.Version, Command: f.Command,
		Gallery: ManifestGallery{Name: g.Name, Path: g.Path, Fingerprint: print, Items: g.Len(), Derived: []string{}, Faults: []string{}},
		Machine: Machine{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version()},
		Started: started, Seconds: max(0, f.now().Sub(started).Seconds()), // the clock may go back
	}
	for _, l := range g.AllLayers() {
		r := g.Recipe(l.Name)
		if r == nil {
			m.Gallery.Layers = append(m.Gallery.Layers, fmt.Sprintf("%s %s %dx%d", l.Name, l.Type, l.Rows, l.Dim))
		} else {
			m.Gallery.Derived = append(m.Gallery.Derived, derivedLine(l, r))
		}
		m.Gallery.Faults = append(m.Gallery.Faults, g.Faults(l)...)
	}
	return m, nil
}

// derivedLine says which derived layer a result comes from. A derived layer is an
// input that is known by its hash: another machine may compute another one.
func derivedLine(l *engine.Layer, r *engine.Recipe) string {
	return fmt.Sprintf("%s %s %dx%d sha256:%s", l.Name, l.Type, l.Rows, l.Dim, r.Matrix.SHA256)
}

// write writes tables, each in every format, further files, and the manifest. All
// appear together or, on failure, none. Without a folder only further files are written.
func (f Folder) write(manifest any, tables []namedTable, more ...outputFile) error {
	files := more
	if f.Out != "" {
		files = append(tableFiles(f.Out, f.Formats, tables...), more...)
		files = append(files, outputFile{filepath.Join(f.Out, manifestName), func(w io.Writer) error { return writeJSON(w, manifest) }})
	}
	if len(files) == 0 {
		return nil
	}
	return writeRun(csvSafe(f.CSVSafe, files)...)
}

// texts returns conditions as a manifest has them.
func texts(conditions []engine.Condition) []string {
	out := []string{}
	for _, c := range conditions {
		out = append(out, c.String())
	}
	return out
}
