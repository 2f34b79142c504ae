// Package derive fits transforms to the rows of a layer, applies them, and keeps the
// derived layer with a recipe that says what it was made of.
//
// # Nouns
//
// A stage is a transform that was fitted. A feed passes the rows of a layer through
// stages. A recipe names the source by its fingerprint, the rows that were fitted on, and
// the hashes of the files.
//
// # Transforms
//
// A derived layer has float32 values, row by row, zero where the source has no score.
// With the mean μ, the standard deviations σ and the principal axes V of the rows it is
// fitted on, a row x becomes
//
//	centre           x/|x| − μ
//	pcaN             (x/|x| − μ)·V, N components
//	whitenN@POWER    the same, component i divided by σᵢ to the POWER (1 if not given, at most 4)
//	zscore           (x − μ)/σ, feature by feature; 0 where σ is 0
//
// Values of a float64 layer are rounded to float32 before. Rows are scaled to length 1
// first, as cosines do; zscore alone takes the features as they are. Each transform of a
// chain is fitted to the output of the one before. Rows that are zero or not finite are
// left out of a fit.
//
// # Files
//
// A derived layer is computed once and kept as three files: C.pca256.npy, the matrix;
// C.pca256.fit.npy, the fitted parameters; and C.pca256.json, the recipe, which is
// written last. It is computed again when the recipe names another fingerprint than that
// of the source. Its bytes do not depend on the number of threads; another processor may
// round the axes otherwise, so the recipe has the hash of the files.
//
// # Ownership and concurrency
//
// Stages are read-only once fitted and may be applied concurrently, each goroutine with a
// Workspace of its own. A Feed is for one goroutine, and uses several itself. A Recipe is
// for one goroutine until it is written.
package derive
