package kernel

// dotBytesDotprod sets dst[i*apart:i*apart+n], for i from 0 to 3, to the products of q with as many rows of stride 8-bit
// codes, in four streams, apart rows apart; with apart 0, they are one stream. n is at least 1.
//
//go:noescape
func dotBytesDotprod(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotBytesNEON is dotBytesDotprod in 16-bit products.
//
//go:noescape
func dotBytesNEON(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotNibblesDotprod is dotBytesDotprod for 4-bit codes.
//
//go:noescape
func dotNibblesDotprod(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotNibblesNEON is dotNibblesDotprod in 16-bit products.
//
//go:noescape
func dotNibblesNEON(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// tile4Dotprod sets dst[i*ld:i*ld+4], for i from 0 to 3, to the products of four queries with four rows, all of stride bytes.
//
//go:noescape
func tile4Dotprod(dst *int32, ld int, q *int8, rows *uint8, stride int)

func dotBytes(dst []int32, rows []uint8, stride int, query []int8) {
	if !vector {
		dotBytesRef(dst, rows, stride, query)
		return
	}
	for len(dst) > 0 {
		n, apart := streams(len(dst), stride, 4)
		if dotprod {
			dotBytesDotprod(&dst[0], &rows[0], stride, &query[0], n, apart)
		} else {
			dotBytesNEON(&dst[0], &rows[0], stride, &query[0], n, apart)
		}
		n += 3 * apart
		dst, rows = dst[n:], rows[n*stride:]
	}
}

func dotNibbles(dst []int32, rows []uint8, stride int, query []int8) {
	if !vector {
		dotNibblesRef(dst, rows, stride, query)
		return
	}
	for len(dst) > 0 {
		n, apart := streams(len(dst), stride, 4)
		if dotprod {
			dotNibblesDotprod(&dst[0], &rows[0], stride, &query[0], n, apart)
		} else {
			dotNibblesNEON(&dst[0], &rows[0], stride, &query[0], n, apart)
		}
		n += 3 * apart
		dst, rows = dst[n:], rows[n*stride:]
	}
}

// slightFaster is the choice of SlightFaster.
func slightFaster() bool { return false }

func slight(q []int8) bool { return slightRef(q) }

// tileBytes multiplies four queries by four rows. It multiplies the remaining queries and rows
// query by query.
func tileBytes(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	if !vector {
		tileBytesRef(dst, ld, queries, rows, stride)
		return
	}
	nq, nx := len(queries)/stride, len(rows)/stride
	wholeQueries, wholeRows := 0, 0
	if dotprod {
		wholeQueries, wholeRows = nq&^3, nx&^3
	}
	for j := 0; j < wholeRows; j += 4 {
		for i := 0; i < wholeQueries; i += 4 {
			at := dst[i*ld+j:]
			_ = at[3*ld+3]
			tile4Dotprod(&at[0], ld, &queries[i*stride], &rows[j*stride], stride)
		}
	}
	if wholeRows > 0 && wholeQueries < nq {
		tileByDots(dst[wholeQueries*ld:], ld, queries[wholeQueries*stride:], rows[:wholeRows*stride], stride)
	}
	if wholeRows < nx {
		tileByDots(dst[wholeRows:], ld, queries, rows[wholeRows*stride:], stride)
	}
}
