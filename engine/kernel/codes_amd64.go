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

// slightAVX2 returns 0 if n values, a multiple of 32, are slight.
//
//go:noescape
func slightAVX2(q *int8, n int) int32

// sumBytesAVX2 is sumBytesVNNI for a multiple of 32 values.
//
//go:noescape
func sumBytesAVX2(q *int8, n int) int32

// packCodesAVX2 is packCodes for 16 rows and a multiple of 32 bytes. It uses the whole panel.
//
//go:noescape
func packCodesAVX2(panel, rows *uint8, stride, n int)

// tileAVX2 is tileVNNI for slight queries and a panel of 16 rows. It does not set the products of the first skip queries.
//
//go:noescape
func tileAVX2(dst *int32, ld int, q *int8, stride int, panel *uint8, n int, bias *int32, skip int)

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
