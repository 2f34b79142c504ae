// Package derive fits transforms to the rows of a layer, applies them, and keeps the derived layer
// with a recipe of its origin.
//
// # Nouns
//
// A stage is a fitted transform. A feed passes the rows of a layer through stages. A recipe names
// the source by its fingerprint, the rows of the fit, and the hashes of the files.
//
// # Transforms
//
// A derived layer has float32 values, row by row; a row is zero if the source has no score. Let μ
// be the mean, σ the standard deviations and V the principal axes of the rows of the fit. A row x
// becomes
//
//	centre           x/|x| − μ
//	pcaN             (x/|x| − μ)·V, N components
//	whitenN@POWER    the same, component i divided by σᵢ to the POWER (1 if not given, at most 4)
//	zscore           (x − μ)/σ, feature by feature; 0 where σ is 0
//	ldaN@LABEL       (x/|x| − μ)·E, N discriminant axes
//	wccn@LABEL       x/|x|·L⁻ᵀ, where W = L·Lᵀ
//	matrix(FILE)     x/|x|·M, rounded to float32
//
// W is the covariance of unit rows within the classes of the label, shrunk by the rule of Ledoit and
// Wolf; E maximises the scatter between the means of classes against W. Both are fitted on
// Beside.FitPart, with the same bits on every processor.
//
// Values of a float64 layer are rounded to float32 first. Then rows are scaled to length 1, as in
// cosines; only zscore takes the features unscaled. Each transform of a chain is fitted to the
// output of the one before. Rows that are zero or not finite are excluded from a fit.
//
// # Files
//
// A derived layer is computed once and kept as three files: C.pca256.npy, the matrix;
// C.pca256.fit.npy, the fitted parameters; and C.pca256.json, the recipe, which is written last. It
// is computed again if the source's fingerprint differs from that of the recipe. Its bytes do not
// depend on the number of threads. Another processor may round the axes differently, so the recipe
// has the hashes of the files.
//
// # Ownership and concurrency
//
// Stages are read-only once fitted and may be applied concurrently, each goroutine with its own
// Workspace. A Feed is for one goroutine, and starts several itself. A Recipe is for one goroutine
// until it is written.
package derive
