package experiments

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// output is a file that is written aside, complete and on disk, and not yet
// under its name.
type output struct {
	path string
	temp string // "" when nothing is to be written
	size int64
	sum  hash.Hash
}

// prepare writes an output aside, in the folder of path. When dry, it is only
// measured and hashed.
func prepare(path string, dry bool, write func(io.Writer) error) (*output, error) {
	o := &output{path: path, sum: sha256.New()}
	if dry {
		return o, write(o)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder", path)
	}
	name := "." + filepath.Base(path) + "." + strconv.FormatUint(rand.Uint64(), 36)
	f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	o.temp = f.Name()
	buffered := bufio.NewWriterSize(io.MultiWriter(f, o), 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		o.abandon()
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	return o, nil
}

// Write counts and hashes; it never fails.
func (o *output) Write(p []byte) (int, error) {
	o.size += int64(len(p))
	return o.sum.Write(p)
}

// line describes the output for a log.
func (o *output) line() string {
	return fmt.Sprintf("%d bytes  sha256:%s", o.size, hex.EncodeToString(o.sum.Sum(nil)))
}

// publish gives the output its name.
func (o *output) publish() error {
	if o.temp == "" {
		return nil
	}
	temp := o.temp
	o.temp = ""
	if err := os.Rename(temp, o.path); err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("%s: %w", o.path, reason(err))
	}
	return nil
}

// abandon removes what was written aside.
func (o *output) abandon() {
	if o.temp != "" {
		_ = os.Remove(o.temp)
		o.temp = ""
	}
}

// reason returns what is wrong with a file, without its name.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// outputFile names what one file holds.
type outputFile struct {
	path  string
	write func(io.Writer) error
}

// writeFiles writes files so that they appear all together: none has its name
// before all are complete.
func writeFiles(files ...outputFile) (err error) {
	var outputs []*output
	defer func() {
		for _, o := range outputs {
			o.abandon()
		}
	}()
	for _, f := range files {
		o, err := prepare(f.path, false, f.write)
		if err != nil {
			return err
		}
		outputs = append(outputs, o)
	}
	for _, o := range outputs {
		if err := o.publish(); err != nil {
			return err
		}
	}
	return nil
}

// writeFolder is writeFiles for the files of a folder, which it makes.
func writeFolder(dir string, files ...outputFile) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return writeFiles(files...)
}

// checkFolder says whether a folder for output can be one.
func checkFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s: the output goes into a folder, this is a file", dir)
	}
	return nil
}
