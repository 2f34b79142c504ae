package kernel_test

import (
	"testing"

	"strata/engine/kernel"
)

// eachReader is eachKernel with AVX2 beside AVX-512.
func eachReader(t *testing.T, test func(t *testing.T)) {
	eachKernel(t, test)
	t.Run("avx2", func(t *testing.T) {
		kernel.ForceAVX2(t)
		test(t)
	})
}
