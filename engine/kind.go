package engine

import (
	"fmt"
	slash "path"
	"slices"
	"strings"

	"strata/engine/layer"
)

// kind says what a folder is taken for: by who writes such files, or else by its files.
func (g *Gallery) kind(files tableFiles, m *Manifest) string {
	text := g.writer(files, m)
	if text == "" {
		text = "a folder of items without layers that were opened, " + files.shown
		if kinds := g.matrixKinds(); kinds != "" {
			text = fmt.Sprintf("a folder of %s with %s", kinds, files.shown)
		}
	}
	if m != nil && m.Pictures != nil && len(m.Pictures.Archives) > 0 {
		text += ", pictures in archives (" + strings.Join(m.Pictures.Archives, ", ") + ")"
	}
	return text
}

// writer returns the program whose output a folder seems to be, or "".
func (g *Gallery) writer(files tableFiles, m *Manifest) string {
	first := files.names[0]
	n, isShard := numbered(slash.Base(first))
	shards := fmt.Sprintf("%d shards", len(files.names))
	if len(files.names) == 1 {
		shards = "1 shard"
	}
	_, standard := parseShard(slash.Base(first))
	switch {
	case isShard && n.base == "metadata" && slices.ContainsFunc(g.Layers, func(l *layer.Layer) bool { return l.Name == "img_emb" || l.Name == "text_emb" }):
		return "clip-retrieval output, " + shards
	case standard && slash.Dir(first) == "data":
		return "a data set of the Hugging Face hub, " + shards
	case isShard && len(files.names) > 1:
		return fmt.Sprintf("a table in %s, %s", shards, files.shown) + g.withMatrices()
	case m != nil && m.Model != nil && slices.ContainsFunc(g.Layers, func(l *layer.Layer) bool { return m.Layers[l.Name] != nil && m.Layers[l.Name].Tap != "" }):
		return fmt.Sprintf("layers that strata extracted with %s, %s", slash.Base(m.Model.File), files.shown)
	}
	return ""
}

// withMatrices names the kinds of the layers' files behind what the folder is.
func (g *Gallery) withMatrices() string {
	if kinds := g.matrixKinds(); kinds != "" {
		return ", with " + kinds
	}
	return ""
}

// matrixKinds names the kinds of files that the layers lie in.
func (g *Gallery) matrixKinds() string {
	var kinds []string
	for _, l := range g.Layers {
		path, _, _ := strings.Cut(l.File, " and ")
		if ext := strings.ToLower(slash.Ext(path)); !slices.Contains(kinds, ext) {
			kinds = append(kinds, ext)
		}
	}
	slices.Sort(kinds)
	switch len(kinds) {
	case 0:
		return ""
	case 1:
		return kinds[0] + " matrices"
	}
	return strings.Join(kinds[:len(kinds)-1], ", ") + " and " + kinds[len(kinds)-1] + " matrices"
}
