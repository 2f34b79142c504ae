package experiments

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/fence"
	"strata/engine/rank"
	"strata/experiments/check"
)

// imagesFolder holds the features of new pictures, in the folder of what is
// derived from a gallery.
const imagesFolder = "images"

// keptFormat is in the first line of a file of kept features.
const keptFormat = "strata features 1"

// maxKept is the size of the largest file of kept features that is read.
const maxKept = fence.Metadata

// keptHeader is the first line of a file of kept features, as JSON. The values
// follow, float32 in little-endian order, layer by layer; the hash of the features
// is their checksum.
type keptHeader struct {
	Format   string        `json:"format"`
	Picture  string        `json:"picture"`
	Recipe   string        `json:"recipe"`
	Features string        `json:"features"`
	Parity   *check.Parity `json:"parity"`
	Layers   []keptLayer   `json:"layers"`
}

type keptLayer struct {
	Name string `json:"name"`
	Dim  int    `json:"dim"`
}

// keptName returns the name of a picture's file of features.
func keptName(picture, recipe string) string {
	sum := sha256.Sum256([]byte(recipe))
	return path.Join(imagesFolder, strings.TrimPrefix(picture, "sha256:")+"-"+hex.EncodeToString(sum[:8])+".features")
}

// recall takes the features that are kept for the picture and a recipe, if there
// are such. A file that does not hold them whole is noted, and passed over.
func (p *Picture) recall(g *engine.Gallery, recipe string) bool {
	name := keptName(p.Hash, recipe)
	dir, err := g.FindDerived(name)
	if err != nil {
		return false
	}
	head, vectors, err := readKept(g, dir, name)
	if err == nil && (head.Picture != p.Hash || head.Recipe != recipe) {
		err = errors.New("it is of another picture or model")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		p.notes = append(p.notes, fmt.Sprintf("%s is not used: %v", dir.File(name), err))
		return false
	}
	p.vectors, p.Features, p.Parity, p.Kept = vectors, head.Features, head.Parity, dir.File(name)
	return true
}

// keep writes the features.
func (p *Picture) keep(g *engine.Gallery, recipe string, features map[string][]float32) error {
	folder, err := g.DerivedFolder(imagesFolder)
	if err != nil {
		return err
	}
	head := keptHeader{Format: keptFormat, Picture: p.Hash, Recipe: recipe, Features: p.Features, Parity: p.Parity}
	var values []byte
	for _, name := range slices.Sorted(maps.Keys(features)) {
		head.Layers = append(head.Layers, keptLayer{name, len(features[name])})
		for _, x := range features[name] {
			values = binary.LittleEndian.AppendUint32(values, math.Float32bits(x))
		}
	}
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return folder.WriteBytes(path.Base(keptName(p.Hash, recipe)), append(append(line, '\n'), values...))
}

// readKept reads a file of kept features and checks it against its checksum.
func readKept(g *engine.Gallery, dir fence.Folder, name string) (head keptHeader, _ *rank.Vectors, _ error) {
	file, err := dir.ReadFile(name, maxKept)
	if err != nil {
		return head, nil, err
	}
	line, values, _ := bytes.Cut(file, []byte("\n"))
	if err := json.Unmarshal(line, &head); err != nil || head.Format != keptFormat {
		return head, nil, fmt.Errorf("its first line is not that of %q", keptFormat)
	}
	features := map[string][]float32{}
	for _, l := range head.Layers {
		if l.Dim < 0 || l.Dim > len(values)/4 {
			return head, nil, fmt.Errorf("layer %s has %d values, %d bytes are left", l.Name, l.Dim, len(values))
		}
		v := make([]float32, l.Dim)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(values[4*i:]))
		}
		features[l.Name], values = v, values[4*l.Dim:]
	}
	if len(values) > 0 {
		return head, nil, fmt.Errorf("%d bytes follow the last layer", len(values))
	}
	vectors, err := g.NewVectors(features)
	if err != nil {
		return head, nil, err
	}
	if hash := vectors.Hash(); hash != head.Features {
		return head, nil, fmt.Errorf("its values have the hash %s, its first line says %s", hash, head.Features)
	}
	return head, vectors, nil
}
