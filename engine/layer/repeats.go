package layer

import (
	"bytes"
	"cmp"
	"context"
	"hash/maphash"
	"math"
	"slices"
	"sync"
)

// repeats.go finds rows that are equal to an earlier one, by the hashes of their bytes.

// hashedBytes is the number of bytes of a row that are hashed at first. With the length they tell
// almost all rows apart. Of the others, all bytes are hashed.
const hashedBytes = 64

// hash returns the hash of a row's first bytes and its squared length.
func (s *Surveyor) hash(row []byte, square float64) uint64 {
	const mix = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio
	return maphash.Bytes(s.Seed, row[:min(len(row), hashedBytes)]) ^ math.Float64bits(square)*mix
}

// hashParts is the number of parts into which rows are divided by the first byte of their hash.
const hashParts = 256

// hashed is a row and the hash of its bytes.
type hashed struct {
	hash uint64
	row  int32
}

// repeats finds rows that are equal to another row. Equal rows have the same hash, so they are in
// the same part. Parts are sorted apart, on all processors.
func (s *Surveyor) repeats(ctx context.Context) error {
	all, ends := s.byHash()
	var mu sync.Mutex
	return Parallel(ctx, hashParts, 1, func(lo, hi int) {
		for part := lo; part < hi; part++ {
			groups(all[ends[part]:ends[part+1]], func(rows []hashed) {
				for i := range rows {
					s.Layer.Runs(int(rows[i].row), int(rows[i].row)+1, func(_ int, b []byte) { rows[i].hash = maphash.Bytes(s.Seed, b) })
				}
				groups(rows, func(rows []hashed) { s.repeatsOf(rows, &mu) })
			})
		}
	})
}

// byHash returns the rows that have a score, part by part. Part p is all[ends[p]:ends[p+1]].
func (s *Surveyor) byHash() (all []hashed, ends [hashParts + 1]int) {
	for row, h := range s.Hashes {
		if Scores(s.Squares[row]) {
			ends[h>>56+1]++
		}
	}
	for p := range hashParts {
		ends[p+1] += ends[p]
	}
	all = make([]hashed, ends[hashParts])
	at := ends
	for row, h := range s.Hashes {
		if Scores(s.Squares[row]) {
			all[at[h>>56]] = hashed{h, int32(row)}
			at[h>>56]++
		}
	}
	return all, ends
}

// groups sorts rows by hash, then by row, and calls do with those of each hash, if they are several.
func groups(rows []hashed, do func(rows []hashed)) {
	slices.SortFunc(rows, func(a, b hashed) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Compare(a.row, b.row)
	})
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].hash == rows[0].hash {
			n++
		}
		if n > 1 {
			do(rows[:n])
		}
		rows = rows[n:]
	}
}

// repeatsOf counts the rows that are equal to the first of them. Equal hashes of all bytes almost always
// mean equal rows.
func (s *Surveyor) repeatsOf(rows []hashed, mu *sync.Mutex) {
	var first []byte
	s.Layer.Runs(int(rows[0].row), int(rows[0].row)+1, func(_ int, b []byte) { first = bytes.Clone(b) })
	for _, other := range rows[1:] {
		equal := false
		s.Layer.Runs(int(other.row), int(other.row)+1, func(_ int, b []byte) { equal = bytes.Equal(b, first) })
		if !equal {
			continue
		}
		mu.Lock()
		s.Repeated.Rows++
		if row := int(other.row); s.Repeated.First < 0 || row < s.Repeated.First {
			s.Repeated.First, s.RepeatOf = row, int(rows[0].row)
		}
		mu.Unlock()
	}
}
