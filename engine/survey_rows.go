package engine

// runs calls do with the rows lo to hi, run by run, in order: with the number of
// the first row of a run and the elements of its rows, one behind the other.
func (l *Layer) runs(lo, hi int, do func(row int, b []byte)) {
	size := l.bytes()
	do(lo, l.raw()[lo*size:hi*size])
}
