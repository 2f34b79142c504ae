package experiments

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"strata/engine/aside"
)

// output is a file that is complete, and not yet under its name.
type output struct {
	file *aside.File // nil when nothing is to be written
	size int64
	sum  hash.Hash
}

// prepare writes an output aside, in the folder of path. When dry, it is only
// measured and hashed.
func prepare(path string, dry bool, write func(io.Writer) error) (*output, error) {
	o := &output{sum: sha256.New()}
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
		o.abandon()
		return nil, err
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

// abandon removes what was written aside, unless it was published.
func (o *output) abandon() {
	if o.file != nil {
		o.file.Abandon()
	}
}

// publish gives outputs their names.
func publish(outputs []*output) error {
	var files []*aside.File
	for _, o := range outputs {
		if o.file != nil {
			files = append(files, o.file)
		}
	}
	return aside.Publish(files...)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	o, err := prepare(path, false, write)
	if err != nil {
		return err
	}
	return publish([]*output{o})
}

// writeRun writes the files of a run so that they appear together: none has its
// name before all are complete, and the last, the manifest, has it only beside the
// files that it is of. Their folders are made.
func writeRun(files ...outputFile) error {
	var outputs []*aside.File
	defer func() {
		for _, o := range outputs {
			o.Abandon()
		}
	}()
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o777); err != nil {
			return err
		}
		o, err := prepare(f.path, false, f.write)
		if err != nil {
			return err
		}
		outputs = append(outputs, o.file)
	}
	last := len(outputs) - 1
	return aside.PublishSealed(outputs[last], outputs[:last]...)
}

// checkFolder says whether a folder for output can be one.
func checkFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s: the output goes into a folder, this is a file", dir)
	}
	return nil
}

// checkReport returns an error for a file that no report can be.
func checkReport(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: the report is a file, this is a folder", path)
	}
	return nil
}
