// Package aside writes files so that they appear whole or not at all, whatever
// ends the program, and keeps two programs from writing one file at once.
//
// A file is written beside its place, as .NAME.RANDOM.aside, brought to the disk,
// and renamed; then the folder's names are brought to the disk. What a killed
// program has left is removed by the next one that writes into the same folder: a
// writer holds a lock on its file, which ends with the process, so that what is
// not locked belongs to nobody. The clock has no part in it, but on systems and
// disks without locks.
//
//	f, err := aside.Create("metrics.csv")
//	if err != nil {
//		return err
//	}
//	defer f.Abandon() // does nothing after Publish
//	if _, err := f.Write(table); err != nil {
//		return err
//	}
//	return f.Publish()
//
// A File belongs to one goroutine; WriteAt may be called from several. Errors name
// the place, not what lies beside it.
package aside
