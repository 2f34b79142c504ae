package kernel

// A tile consists of panels of rows, some bytes deep. A panel stays in the first-level cache while
// up to panelQueries queries are multiplied with it, tileQueries at a time.
const (
	tileQueries  = 6
	panelQueries = 48 * tileQueries

	panelRows  = 64
	panelDepth = 256

	slimRows  = 16 // of a panel of tileAVX2
	slimDepth = 512
)

// slightFaster is the choice of SlightFaster.
func slightFaster() bool { return vector && !vnni }

func slight(q []int8) bool {
	if !vector || len(q) == 0 {
		return slightRef(q)
	}
	return slightAVX2(&q[0], len(q)) == 0
}

// tileBytes multiplies whole panels. It multiplies the remaining rows and queries query by query.
func tileBytes(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	if !vector {
		tileBytesRef(dst, ld, queries, rows, stride)
		return
	}
	nq, nx := len(queries)/stride, len(rows)/stride
	wholeQueries, wholeRows := 0, 0
	switch {
	case vnni:
		wholeQueries, wholeRows = nq/tileQueries*tileQueries, nx/panelRows*panelRows
	case nq >= tileQueries && nx >= slimRows && slight(queries):
		wholeQueries, wholeRows = nq, nx/slimRows*slimRows
	}
	for i, n := 0, 0; i < wholeQueries && wholeRows > 0; i += n {
		n = min(panelQueries, wholeQueries-i)
		if left := wholeQueries - i - n; left > 0 && left < tileQueries {
			n -= tileQueries // the last ones are whole blocks, too
		}
		part := queries[i*stride:][:n*stride]
		if vnni {
			tilePanels(dst[i*ld:], ld, part, rows[:wholeRows*stride], stride)
		} else {
			tileSlim(dst[i*ld:], ld, part, rows[:wholeRows*stride], stride)
		}
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

// tileSlim multiplies whole panels of rows with tileQueries to panelQueries slight queries.
func tileSlim(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	var bias [panelQueries]int32
	var panel [slimRows * slimDepth]uint8
	nq, nx := len(queries)/stride, len(rows)/stride
	for i := range nq {
		bias[i] = sumBytesAVX2(&queries[i*stride], stride)
	}
	for j := 0; j < nx; j += slimRows {
		for k := 0; k < stride; k += slimDepth {
			n := min(slimDepth, stride-k)
			packCodesAVX2(&panel[0], &rows[j*stride+k], stride, n)
			for next := 0; next < nq; next += tileQueries {
				i := min(next, nq-tileQueries) // the last block begins with queries of the one before
				var first *int32
				if k == 0 {
					first = &bias[i]
				}
				at := dst[i*ld+j:]
				_ = at[(tileQueries-1)*ld+slimRows-1]
				tileAVX2(&at[0], ld, &queries[i*stride+k], stride, &panel[0], n, first, next-i)
			}
		}
	}
}
