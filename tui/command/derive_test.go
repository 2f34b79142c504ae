package command

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/fixtures"
	"strata/fixtures/need"
)

// TestDerived derives layers of the built-in gallery and of photographs and has
// NumPy compute them again from their definitions, and count the hits of schemes
// that use them.
func TestDerived(t *testing.T) {
	need.Long(t)
	python := need.NumPy(t)
	for _, c := range []struct {
		gallery string
		factors []string
	}{
		{"", []string{"pattern|pca16", "B|whiten8@0.5", "A|centre|pca32", "A|zscore|whiten12"}},
		{"myntra-224", []string{"A|zscore", "B|centre|pca64", "pattern|whiten32@0.5", "A|zscore|pca32"}},
	} {
		t.Run("gallery "+c.gallery, func(t *testing.T) {
			dir := t.TempDir()
			if c.gallery == "" {
				if err := os.CopyFS(dir, fixtures.Demo()); err != nil {
					t.Fatal(err)
				}
			} else {
				linkMatrices(t, need.Gallery(t, c.gallery), dir)
			}
			for _, f := range c.factors {
				if text, err := exec.CommandContext(t.Context(), "strata", "derive", dir, f).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", f, err, text)
				}
			}
			text, err := exec.CommandContext(t.Context(), python, append([]string{"../../fixtures/derived.py", dir}, c.factors...)...).CombinedOutput()
			if err != nil || strings.Count(string(text), "\n") != len(c.factors) {
				t.Errorf("%v\n%s", err, text)
			}
			t.Logf("%s", text)
			if c.gallery != "" {
				return
			}
			out := filepath.Join(t.TempDir(), "out")
			args := []string{"eval", dir, "--out", out}
			for _, s := range []string{"B+0.5*pattern|pca16", "concat(A,2*B|whiten8@0.5)", "rrf(B,A|zscore|whiten12)"} {
				args = append(args, "--scheme", s)
			}
			if text, err := exec.CommandContext(t.Context(), "strata", args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			text, err = exec.CommandContext(t.Context(), python, "../../fixtures/oracle.py", dir, out).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			t.Logf("%s", text)
		})
	}
}

// linkMatrices makes a gallery of second names of another one's files, so that what is
// derived lies elsewhere.
func linkMatrices(t *testing.T, from, to string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, "*.npy"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, filepath.Join(from, "items.csv")) {
		if err := os.Link(f, filepath.Join(to, filepath.Base(f))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeriveInterrupted kills and interrupts the program while it computes a
// layer of many rows: no file has its name, and the next run makes the bytes of a
// run that nobody stopped.
func TestDeriveInterrupted(t *testing.T) {
	need.Long(t)
	dir := t.TempDir()
	many(t, dir, 60_000, 128)
	kept := filepath.Join(dir, ".strata")
	for _, signal := range []os.Signal{os.Kill, os.Interrupt} {
		for !stopWriting(t, dir, filepath.Join(kept, ".A.whiten64.zscore.npy.*"), signal) {
			if err := os.RemoveAll(kept); err != nil { // it was faster than the signal
				t.Fatal(err)
			}
		}
		named, err := filepath.Glob(filepath.Join(kept, "A*"))
		if err != nil || len(named) > 0 {
			t.Errorf("%v leaves %v, %v", signal, named, err)
		}
		left, _ := filepath.Glob(filepath.Join(kept, ".A*"))
		if signal == os.Interrupt && len(left) > 0 {
			t.Errorf("an interrupt leaves %v", left)
		}
		for _, name := range left {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	hash := func(threads string) string {
		cmd := exec.CommandContext(t.Context(), "strata", "derive", dir, "A|whiten64|zscore")
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+threads)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		_, sum, _ := strings.Cut(string(out), "sha256:")
		return sum
	}
	first := hash("2")
	if err := os.RemoveAll(kept); err != nil {
		t.Fatal(err)
	}
	if again := hash("1"); again != first || len(first) < 64 {
		t.Errorf("after interrupts the hash is %q, otherwise %q", first, again)
	}
}

// stopWriting derives A|whiten64|zscore and sends the signal once there is a file
// of the pattern. It reports false when the program ended before that.
func stopWriting(t *testing.T, dir, pattern string, signal os.Signal) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "strata", "derive", dir, "A|whiten64|zscore")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("it ended by itself: %v", err)
			}
			return false
		default:
		}
		if files, _ := filepath.Glob(pattern); len(files) > 0 {
			break
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		<-ended
		return false
	}
	if err := <-ended; err == nil {
		return false
	}
	if code := cmd.ProcessState.ExitCode(); signal == os.Interrupt && code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	return true
}

// many writes a gallery of a float32 layer A.
func many(t *testing.T, dir string, rows, dim int) {
	t.Helper()
	write := func(name string, text func(io.Writer) error) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := text(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("items.csv", func(w io.Writer) error { return writeItems(w, rows) })
	write("A.npy", func(w io.Writer) error { return writeMatrix(w, rows, dim) })
}

// writeItems writes an items table.
func writeItems(w io.Writer, rows int) error {
	b := []byte("id\n")
	for i := range rows {
		b = fmt.Appendf(b, "i%d\n", i)
	}
	_, err := w.Write(b)
	return err
}

// writeMatrix writes a .npy file of float32 values that are drawn from a seed.
func writeMatrix(w io.Writer, rows, dim int) error {
	b := fmt.Appendf(nil, "\x93NUMPY\x01\x00\x76\x00%-117s\n", fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, dim))
	rng := rand.New(rand.NewPCG(1, 1))
	for range rows {
		for i := range dim {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(1+rng.Float32()/float32(1+i%17)))
		}
	}
	_, err := w.Write(b)
	return err
}
