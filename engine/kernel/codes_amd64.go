package kernel

// dotBytesVNNI sets dst[i*apart:i*apart+n], for i from 0 to 3, to the products of q with as many rows of stride 8-bit codes,
// in four streams, apart rows apart; with apart 0, they are one stream. n is at least 1.
//
//go:noescape
func dotBytesVNNI(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotBytesAVX2 is dotBytesVNNI with 16-bit values. VPMADDWD sums their products in 32 bits;
// VPMADDUBSW would saturate.
//
//go:noescape
func dotBytesAVX2(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotNibblesVNNI is dotBytesVNNI for 4-bit codes.
//
//go:noescape
func dotNibblesVNNI(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// dotNibblesAVX2 is dotNibblesVNNI by VPMADDUBSW: a pair of products is at most 2·15·128, so nothing saturates.
//
//go:noescape
func dotNibblesAVX2(dst *int32, rows *uint8, stride int, q *int8, n, apart int)

// sumBytesVNNI returns 128 times the sum of n values, a multiple of 64.
//
//go:noescape
func sumBytesVNNI(q *int8, n int) int32

// packCodes moves n bytes, a multiple of 64, of 64 rows, stride bytes apart, to the panel: four
// bytes of each row, then the next four of each. It leaves up to 63 bytes at the start of the panel
// unused, to begin at a multiple of 64 bytes.
//
//go:noescape
func packCodes(panel, rows *uint8, stride, n int)

// tileVNNI adds the products of six queries, stride bytes apart, with a panel of n bytes of 64 rows
// to dst. If bias is not nil, it sets dst to the products less bias[0:6] instead.
//
//go:noescape
func tileVNNI(dst *int32, ld int, q *int8, stride int, panel *uint8, n int, bias *int32)

func dotBytes(dst []int32, rows []uint8, stride int, query []int8) {
	if !vector {
		dotBytesRef(dst, rows, stride, query)
		return
	}
	for len(dst) > 0 {
		n, apart := streams(len(dst), stride, 4)
		if vnni {
			dotBytesVNNI(&dst[0], &rows[0], stride, &query[0], n, apart)
		} else {
			dotBytesAVX2(&dst[0], &rows[0], stride, &query[0], n, apart)
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
		if vnni {
			dotNibblesVNNI(&dst[0], &rows[0], stride, &query[0], n, apart)
		} else {
			dotNibblesAVX2(&dst[0], &rows[0], stride, &query[0], n, apart)
		}
		n += 3 * apart
		dst, rows = dst[n:], rows[n*stride:]
	}
}

// A tile consists of panels of panelRows rows, panelDepth bytes deep. A panel stays in the
// first-level cache while up to panelQueries queries are multiplied with it, tileQueries at a time.
const (
	panelRows    = 64
	panelDepth   = 256
	tileQueries  = 6
	panelQueries = 48 * tileQueries
)

// tileBytes multiplies whole panels. It multiplies the remaining rows and queries query by query.
func tileBytes(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	if !vector {
		tileBytesRef(dst, ld, queries, rows, stride)
		return
	}
	nq, nx := len(queries)/stride, len(rows)/stride
	wholeQueries, wholeRows := 0, 0
	if vnni {
		wholeQueries, wholeRows = nq/tileQueries*tileQueries, nx/panelRows*panelRows
	}
	for i := 0; i < wholeQueries && wholeRows > 0; i += panelQueries {
		n := min(panelQueries, wholeQueries-i)
		tilePanels(dst[i*ld:], ld, queries[i*stride:][:n*stride], rows[:wholeRows*stride], stride)
	}
	if wholeRows > 0 && wholeQueries < nq {
		tileByDots(dst[wholeQueries*ld:], ld, queries[wholeQueries*stride:], rows[:wholeRows*stride], stride)
	}
	if wholeRows < nx {
		tileByDots(dst[wholeRows:], ld, queries, rows[wholeRows*stride:], stride)
	}
}

// tilePanels multiplies whole panels of rows with a multiple of tileQueries queries, at most
// panelQueries.
func tilePanels(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	var bias [panelQueries]int32
	var panel [panelRows*panelDepth + 63]uint8
	nq, nx := len(queries)/stride, len(rows)/stride
	for i := range nq {
		bias[i] = sumBytesVNNI(&queries[i*stride], stride)
	}
	for j := 0; j < nx; j += panelRows {
		for k := 0; k < stride; k += panelDepth {
			n := min(panelDepth, stride-k)
			packCodes(&panel[0], &rows[j*stride+k], stride, n)
			for i := 0; i < nq; i += tileQueries {
				var first *int32
				if k == 0 {
					first = &bias[i]
				}
				at := dst[i*ld+j:]
				_ = at[(tileQueries-1)*ld+panelRows-1]
				tileVNNI(&at[0], ld, &queries[i*stride+k], stride, &panel[0], n, first)
			}
		}
	}
}
