package extract

import (
	"fmt"

	"strata/engine"
	"strata/engine/manifest"
)

// RecipeOf returns the Recipe of a gallery's Extractor, which it does not open:
// it needs neither model nor library. A gallery whose gallery.yaml names no model
// is an error.
func RecipeOf(g *engine.Gallery) (string, error) {
	record := g.Manifest()
	if record == nil || record.Model == nil {
		return "", fmt.Errorf("%s: no %s names a model", g.Name, manifest.FileName)
	}
	return recipeHash(record)
}
