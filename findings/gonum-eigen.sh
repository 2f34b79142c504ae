#!/usr/bin/env bash
# gonum.org/v1/gonum v0.17.0, the eigenvectors of a symmetric matrix (mat.EigenSym).
#
# The textbook cost is in the reduction to tridiagonal form and in forming its
# orthogonal matrix (Dsytrd, Dorgtr), which are products of matrices. Here most of the
# time goes into Dsteqr: QL and QR steps on the tridiagonal matrix, whose plane rotations
# turn the vectors two columns at a time. LAPACK's faster ways (divide and conquer, relatively robust
# representations) are not in gonum. A principal component analysis of features waits
# for that one routine.
#
# Seen, 400 features: 0.15 s for Dsytrd and Dorgtr, 0.44 s for Dsteqr.
source "$(dirname "$0")/setup.bash"
modules gonum.org/v1/gonum@v0.17.0

cat >main.go <<'GO'
package main

import (
	"fmt"
	"math/rand"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"
)

func main() {
	const n = 400
	var (
		routines gonum.Implementation
		random   = rand.New(rand.NewSource(1))
		a        = make([]float64, n*n)
		d        = make([]float64, n)
		e, tau   = make([]float64, n-1), make([]float64, n-1)
		work     = make([]float64, 64*n)
	)
	for i := range n {
		for j := range i + 1 {
			a[i*n+j] = random.NormFloat64()
			a[j*n+i] = a[i*n+j]
		}
	}
	start := time.Now()
	routines.Dsytrd(blas.Upper, n, a, n, d, e, tau, work, len(work))
	routines.Dorgtr(blas.Upper, n, a, n, tau, work, len(work))
	reduced := time.Since(start)
	start = time.Now()
	routines.Dsteqr(lapack.EVOrig, n, d, e, a, n, work)
	fmt.Println(reduced.Milliseconds(), time.Since(start).Milliseconds())
}
GO
go mod tidy 2>>log
# The least of three, since other work disturbs.
read -r reduced steps < <(for _ in 1 2 3; do go run .; done | sort -n -k2 | head -1)
echo "milliseconds: $reduced for Dsytrd and Dorgtr, $steps for Dsteqr"
((steps > reduced)) || changed "Dsteqr is no longer the slower part"
