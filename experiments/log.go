package experiments

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"strata/engine/aside"
	"strata/experiments/script"
)

// format is the number of the script and log format, in the header of a log.
const format = 1

// log appends results to the log in one write. Without results it does nothing.
func (s *Session) log(results []Result) error {
	var b strings.Builder
	for i := range results {
		r := &results[i]
		if _, ok := r.Step.(script.Gallery); ok {
			print := r.Lines[len(r.Lines)-1]
			fmt.Fprintf(&b, "# strata %d  gallery %s  seed %d\n", format, print, script.Evaluate{}.DrawSeed())
		}
		r.write(&b)
	}
	return s.append(b.String())
}

// append writes text to the log. After a failure, which may have left half a
// line, it writes nothing more and returns the same error; or, with LogLater, keeps
// what is missing, goes on with it the next time, and returns nothing.
func (s *Session) append(text string) error {
	if s.o.Log == nil || text == "" {
		return nil
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	s.backlog = append(s.backlog, text...)
	return s.writeBacklog()
}

// writeBacklog writes what is not in the log. logMu is held.
func (s *Session) writeBacklog() error {
	if len(s.backlog) == 0 || s.logErr != nil && !s.o.LogLater {
		return s.logErr
	}
	n, err := s.o.Log.Write(s.backlog)
	s.backlog = s.backlog[min(max(n, 0), len(s.backlog)):]
	s.logErr = nil
	s.unlogged.Store(nil)
	if err != nil {
		err = fmt.Errorf("writing the log: %w", err)
		s.logErr = err
		s.unlogged.Store(&err)
	}
	if s.o.LogLater {
		return nil
	}
	return s.logErr
}

// Unlogged returns why the last steps are not in the log, or nil.
func (s *Session) Unlogged() error {
	if err := s.unlogged.Load(); err != nil {
		return *err
	}
	return nil
}

// CreateLog creates a session's log in a folder, for appending. It is named by
// the time and the gallery, and by a number if there is such a one.
func CreateLog(folder, gallery string, now time.Time) (*os.File, error) {
	abs, err := filepath.Abs(gallery)
	if err != nil {
		return nil, err
	}
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '/' {
			return '-'
		}
		return r
	}, filepath.Base(abs))
	for n := 0; ; n++ {
		suffix := ""
		if n > 0 {
			suffix = fmt.Sprintf("-%d", n)
		}
		file := now.Format("2006-01-02T15-04-05") + "-" + name + suffix + ".strata"
		f, err := os.OpenFile(filepath.Join(folder, file), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil {
			if err = aside.SyncFolder(folder); err != nil {
				err = errors.Join(err, f.Close())
			}
		}
		return f, err
	}
}

// OpenLog opens a file, which may exist, for appending a log. If it ends within a
// line, as a log does whose disk was full, that line is ended first. Zeros at its end,
// which some disks leave when the power fails, are cut off. A file into
// which another session writes is refused: the steps of two would be mixed.
func OpenLog(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		err = aside.SyncFolder(filepath.Dir(path))
	}
	if err == nil && info.Mode().IsRegular() {
		if locked, lockErr := aside.TryLock(f); lockErr == nil && !locked { // there are disks without locks
			err = fmt.Errorf("%s: another session writes its log into this file", path)
		}
	}
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		err = endLine(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// endLine cuts off the zeros at a file's end, and ends its last line.
func endLine(f *os.File, size int64) error {
	var last [1]byte
	end := size
	for ; end > 0; end-- {
		if _, err := f.ReadAt(last[:], end-1); err != nil {
			return err
		}
		if last[0] != 0 {
			break
		}
	}
	if end < size {
		if err := f.Truncate(end); err != nil {
			return err
		}
	}
	if end == 0 || last[0] == '\n' {
		return nil
	}
	_, err := f.WriteString("\n")
	return err
}

// CloseLog brings a log to the disk and closes it, and removes one into which nothing was written.
// A log is not synced before, so that no step waits for the disk: when the power fails, the steps of
// some seconds may be missing at its end.
func CloseLog(log *os.File) error {
	info, err := log.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = log.Sync()
	}
	err = errors.Join(err, log.Close())
	if err == nil && info.Size() == 0 && info.Mode().IsRegular() {
		err = os.Remove(log.Name())
	}
	return err
}
