//go:build !amd64

package kernel_test

import "testing"

func eachReader(t *testing.T, test func(t *testing.T)) { eachKernel(t, test) }
