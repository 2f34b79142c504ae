// Package aside writes files that appear whole or not at all, however the program ends. It prevents
// two programs from writing one file at once.
//
// A file is written beside its path, as .NAME.RANDOM.aside. It is synced to the disk and renamed,
// and then the folder is synced, as is the folder of a new folder. The next program that writes into
// the folder removes the temporary files of killed programs. A writer holds a lock on its file, which ends with the process; a
// temporary file without a lock belongs to no process. Clocks matter only on systems and disks
// without locks.
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
// A File is for one goroutine, but several may call WriteAt. Errors name the path, not the
// temporary file.
package aside
