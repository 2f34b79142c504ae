// Package fence opens files that somebody else may have put there to do harm.
//
// Open and ReadFile take a path that a user or a file names. They accept regular
// files only, do not wait for anybody (a named pipe is refused, not read), and
// ReadFile reads no more than its limit.
//
// A Folder is a folder that the program fills itself, inside a folder that came
// from elsewhere: .strata in a gallery. Within it nothing is followed and nothing is
// shared: every folder on the way is a real folder, and every file a regular file
// with this one name. A symbolic link, a second hard link, a named pipe or a device is an
// *Error, whatever it leads to. So nothing outside the folder can be written,
// made, cut or removed through it.
//
//	own := fence.In(gallery, ".strata")
//	if err := own.Make(); err != nil {
//		return err // fence.Refused(err): it is a link, or in one
//	}
//	part, err := own.Update("A.codes.part")
//
// Names within a Folder have slashes. A Folder is a value and may be used
// concurrently. Its methods open it anew each time; they are for files, not for rows.
package fence
