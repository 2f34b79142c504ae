package run

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"strata/engine"
	"strata/engine/derive"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/experiments/table"
)

// Folder says where the files of a study go, and how they are written.
type Folder struct {
	Out     string         // the folder of the tables and of manifest.json; "": no file is written
	Formats []table.Format // of the tables; nil: CSV
	CSVSafe bool           // cells of CSV that a spreadsheet would compute get a ' before them
	Page    string         // the file of the report, with Out; "": none
	Version string         // of the program
	Command []string
	Now     func() time.Time // nil: time.Now
}

// Claim returns an error for places that cannot be written to, and for a folder that
// another run writes into. A study claims its folder before it begins, until release.
func (f Folder) Claim() (release func(), err error) {
	if err := CheckReport(f.Page); err != nil {
		return nil, err
	}
	return claim(f.Out)
}

// Clock returns the time.
func (f Folder) Clock() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// Manifest returns a manifest that names the program, the machine and the gallery.
// A study adds what it measured.
func (f Folder) Manifest(ctx context.Context, g *engine.Gallery, started time.Time) (Manifest, error) {
	print, err := g.Fingerprint(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Version: f.Version, Command: f.Command,
		Gallery: ManifestGallery{Name: g.Name, Path: g.Path, Fingerprint: print, Items: g.Len(), Derived: []string{}, Faults: []string{}},
		Machine: Machine{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version()},
		Started: started,
	}
	m.took(f.Clock())
	for _, l := range g.AllLayers() {
		r := g.Recipe(l.Name)
		if r == nil {
			m.Gallery.Layers = append(m.Gallery.Layers, fmt.Sprintf("%s %s %dx%d", l.Name, l.Type, l.Rows, l.Dim))
		} else {
			m.Gallery.Derived = append(m.Gallery.Derived, DerivedLine(l, r))
		}
		m.Gallery.Faults = append(m.Gallery.Faults, g.Faults(l)...)
	}
	return m, nil
}

// DerivedLine says which derived layer a result comes from. A derived layer is an
// input that is known by its hash: another machine may compute another one.
func DerivedLine(l *layer.Layer, r *derive.Recipe) string {
	return fmt.Sprintf("%s %s %dx%d sha256:%s", l.Name, l.Type, l.Rows, l.Dim, r.Matrix.SHA256)
}

// Write writes tables, each in every format, further files, and the manifest, which is a
// pointer to a Manifest or to what has one embedded: its Seconds become those until then. All
// appear together or, on failure, none. Without a folder only further files are written.
func (f Folder) Write(manifest any, tables []table.Named, more ...table.File) error {
	files := more
	if f.Out != "" {
		files = append(table.Files(f.Out, f.Formats, tables...), more...)
		files = append(files, table.File{Path: filepath.Join(f.Out, ManifestName), Write: func(w io.Writer) error {
			if m, ok := manifest.(interface{ took(now time.Time) }); ok {
				m.took(f.Clock())
			}
			return table.WriteJSON(w, manifest)
		}})
	}
	if len(files) == 0 {
		return nil
	}
	return writeRun(table.CSVSafe(f.CSVSafe, files)...)
}

// Texts returns conditions as a manifest has them.
func Texts(conditions []scheme.Condition) []string {
	out := []string{}
	for _, c := range conditions {
		out = append(out, c.String())
	}
	return out
}
