package derive

import (
	"strata/engine/scheme"
)

// work.go estimates what fitting and transforming take, for progress.

// FitWork is the work of fitting a factor to fitted rows of a layer with dim features, and of
// transforming all rows.
func FitWork(f scheme.Factor, dim, fitted, rows int) float64 {
	load, work := float64(4*dim), 0.0
	for _, t := range f.Transforms {
		out, passes := dim, 1
		if t.Kind != scheme.Centre {
			passes = 2
		}
		if t.N > 0 {
			out = t.N
		}
		if t.N > 0 || t.Kind == scheme.WCCN {
			work += axesWork(dim) + float64(fitted)*float64(dim)*float64(dim)/2
		}
		work += float64(passes) * float64(fitted) * load
		load += transformWork(t, dim, out)
		dim = out
	}
	return work + float64(rows)*load
}

// transformWork is the work of transforming a row, in multiplications of a scan.
func transformWork(t scheme.Transform, in, out int) float64 {
	if t.Kind == scheme.Centre || t.Kind == scheme.ZScore {
		return float64(8 * in)
	}
	return float64(8*in + in*out)
}

// axesWork is the work of finding the axes, in multiplications of a scan.
func axesWork(dim int) float64 { return 8 * float64(dim) * float64(dim) * float64(dim) }
