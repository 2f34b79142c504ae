package run

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"strata/engine/aside"
	"strata/engine/fence"
	"strata/experiments/table"
)

// Output is a file that is complete, and not yet under its name.
type Output struct {
	file *aside.File // nil when nothing is to be written
	size int64
	sum  hash.Hash
}

// Prepare writes an output aside, in the folder of path. When dry, it is only
// measured and hashed.
func Prepare(path string, dry bool, write func(io.Writer) error) (*Output, error) {
	o := &Output{sum: sha256.New()}
	if dry {
		return o, write(o)
	}
	var err error
	if o.file, err = aside.Create(path); err != nil {
		return nil, err
	}
	buffered := bufio.NewWriterSize(io.MultiWriter(o.file, o), 1<<16)
	if err = write(buffered); err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		if o.file.Err() == nil { // which would name the file
			err = fmt.Errorf("%s: %w", path, err)
		}
		o.Abandon()
		return nil, err
	}
	return o, nil
}

// Write counts and hashes; it never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.size += int64(len(p))
	return o.sum.Write(p)
}

// Line describes the output for a log.
func (o *Output) Line() string {
	return fmt.Sprintf("%d bytes  sha256:%s", o.size, hex.EncodeToString(o.sum.Sum(nil)))
}

// Abandon removes what was written aside, unless it was published.
func (o *Output) Abandon() {
	if o.file != nil {
		o.file.Abandon()
	}
}

// Publish gives outputs their names.
func Publish(outputs []*Output) error {
	var files []*aside.File
	for _, o := range outputs {
		if o.file != nil {
			files = append(files, o.file)
		}
	}
	return aside.Publish(files...)
}

// WriteFile writes a file whole or not at all.
func WriteFile(path string, write func(io.Writer) error) error {
	o, err := Prepare(path, false, write)
	if err != nil {
		return err
	}
	return Publish([]*Output{o})
}

// writeRun writes the files of a run so that they appear together: none has its
// name before all are complete, and the last, the manifest, has it only beside the
// files that it is of. Their folders are made.
func writeRun(files ...table.File) error {
	var outputs []*aside.File
	defer func() {
		for _, o := range outputs {
			o.Abandon()
		}
	}()
	for _, f := range files {
		if err := aside.MakeFolder(filepath.Dir(f.Path)); err != nil {
			return err
		}
		o, err := Prepare(f.Path, false, f.Write)
		if err != nil {
			return err
		}
		outputs = append(outputs, o.file)
	}
	last := len(outputs) - 1
	return aside.PublishSealed(outputs[last], outputs[:last]...)
}

// claim checks that a folder for output can be one, and claims it until release is
// called, or the process ends: a second run into it, of this user, is refused, since the
// later of two would replace the files of the other. Without a folder it does nothing.
//
// The claim is a lock on a file of the user's cache, so that nothing lies beside the
// Output. Where there is none, or no locks, nothing is claimed.
func claim(dir string) (release func(), err error) {
	release = func() {}
	if dir == "" {
		return release, nil
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	locks := fence.In(filepath.Join(xdg.CacheHome, "strata"), "outputs")
	if locks.Make() != nil {
		return release, nil
	}
	sum := sha256.Sum256([]byte(path))
	lock, err := locks.Update(hex.EncodeToString(sum[:16]) + ".lock")
	if err != nil {
		return release, nil //nolint:nilerr // a cache that cannot be written refuses no run
	}
	if mine, err := aside.TryLock(lock); err == nil && !mine {
		_ = lock.Close()
		return nil, fmt.Errorf("%s: another run writes its results into this folder: wait for it, or choose another folder", dir)
	}
	return func() { _ = lock.Close() }, nil
}

// checkFolder says whether a folder for output can be one.
func checkFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s: the output goes into a folder, this is a file", dir)
	}
	return nil
}

// CheckReport returns an error for a file that no report can be.
func CheckReport(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: the report is a file, this is a folder", path)
	}
	return nil
}
