package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"strata/engine/manifest"
)

// modeTake is the mode, in a journal, of layers that are taken from a folder. Taking them
// again costs little.
const modeTake = "take"

// mode returns the mode of a recipe.
func (r *recipe) mode() string {
	for _, f := range r.Facts {
		if f[0] == "mode" {
			return f[1]
		}
	}
	return ""
}

// takeUp gives up parts that were being taken when a program was killed. Layers that it had
// put into their places are replaced.
func (x *extraction) takeUp(had *recipe) {
	if had == nil || had.mode() != modeTake || x.From == "" && !x.probe {
		return
	}
	x.Restart = !x.probe
	for _, f := range had.Facts {
		if name, ok := strings.CutPrefix(f[0], "layer "); ok {
			x.left = append(x.left, name)
		}
	}
}

// take fills the parts with the rows that an extraction into another folder has made, byte
// for byte.
func (x *extraction) take(ctx context.Context, p *parts, sum *Summary) error {
	path := filepath.Join(x.From, manifest.FileName)
	from, err := manifest.Read(os.DirFS(x.From), x.From)
	if err != nil {
		return err
	}
	if from == nil || from.Model == nil || from.Model.SHA256 != x.record.SHA256 {
		return fmt.Errorf("%s: it is not of the model %s", path, x.Model)
	}
	for i := range p.layers {
		if err := x.takeLayer(ctx, &p.layers[i], from); err != nil {
			return err
		}
	}
	p.written, p.broken, p.fresh = sum.Rows, nil, nil
	for _, b := range from.Broken {
		b.Layers = nil
		p.fresh = append(p.fresh, b)
	}
	err = p.sync(true)
	sum.Done, sum.Broken = p.done, len(p.broken)
	return err
}

// takeLayer copies the rows of one layer.
func (x *extraction) takeLayer(ctx context.Context, l *part, from *manifest.Manifest) error {
	path := filepath.Join(x.From, l.name+".npy")
	m, err := openOld(os.DirFS(x.From), l.name+".npy", path)
	if err != nil {
		return err
	}
	var want *manifest.LayerRecord
	for _, t := range x.Taps {
		if t.Name == l.name {
			want = x.layer(t)
		}
	}
	has := from.Layers[l.name]
	if h := m.head; h.Type != l.head.Type || h.Rows != l.head.Rows || h.Dim != l.head.Dim ||
		has == nil || has.Tap != want.Tap || has.Pooling != want.Pooling || has.Seed != want.Seed {
		return errors.Join(fmt.Errorf("%s: it was not made as layer %s is asked for", path, l.name), m.file.Close())
	}
	return errors.Join(m.copyTo(ctx, l), m.file.Close())
}
