//go:build unix

package picture

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchShelf returns the picture files that the benchmarks show: photographs if STRATA_BENCH_PHOTOS is set, else
// drawn ones.
func benchShelf(b *testing.B, n int) *fileShelf {
	b.Helper()
	if os.Getenv("STRATA_BENCH_PHOTOS") == "" {
		return newShelf(b, n)
	}
	s := &fileShelf{}
	files := testImages(b)
	for i := range n {
		file, err := os.ReadFile(files[i*len(files)/n])
		if err != nil {
			b.Fatal(err)
		}
		s.files = append(s.files, file)
	}
	return s
}

// processorTime returns what the process has used in all its threads.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const benchPictures = 40

// showFrame makes a screen of forty pictures and writes it until the terminal has them all.
func showFrame(b *testing.B, s *Screen, r *benchRenderer, thumbs *Thumbs, trace traceLines, offset int) {
	var placements []Placement
	for i := range benchPictures {
		p, err := thumbs.Picture(b.Context(), (i+offset)%benchPictures, Box{8, 4}, QualityShared)
		if err != nil || p.Err != nil {
			b.Fatal(err, p.Err)
		}
		placements = append(placements, p.Placement(28+i%10*9, 1+i/10*8))
	}
	r.write(b, s.Stage(placements))
	for line := range trace {
		if strings.HasPrefix(line, "rest") {
			return
		}
	}
}

// benchRenderer writes whole frames of text around the marker.
type benchRenderer struct {
	out io.Writer
}

func (r *benchRenderer) write(b *testing.B, marker string) {
	frame := "\x1b[H" + strings.Repeat(strings.Repeat("text ", 5)+strings.Repeat(" ", 91)+"\r\n", testRows-1) + marker + "\x1b[40;H"
	if _, err := io.WriteString(r.out, frame); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkColdFrame decodes, scales and encodes forty 224×224 JPEGs for 64×68 pixels and writes them; the goal is
// 60 ms of processor time.
func BenchmarkColdFrame(b *testing.B) {
	shelf := benchShelf(b, benchPictures)
	terminal := sixelTerminal()
	thumbs := newTestThumbs(b, shelf, terminal, Options{})
	trace := make(traceLines, 100)
	s := NewScreen(io.Discard, terminal, trace)
	defer s.Close()
	r := &benchRenderer{out: s}
	if _, err := io.WriteString(s, "\x1b[?1049h"); err != nil {
		b.Fatal(err)
	}
	start := processorTime(b)
	for b.Loop() {
		cold := NewThumbs(shelf.read, len(shelf.files), terminal, Options{})
		cold.palette = thumbs.palette
		close(cold.ready)
		s.Invalidate()
		showFrame(b, s, r, cold, trace, 0)
	}
	b.ReportMetric(float64((processorTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/frame")
}

// BenchmarkWarmFrame shows forty pictures that are kept, each in another's place; the goal is 5 ms.
func BenchmarkWarmFrame(b *testing.B) {
	terminal := sixelTerminal()
	thumbs := newTestThumbs(b, benchShelf(b, benchPictures), terminal, Options{})
	trace := make(traceLines, 100)
	s := NewScreen(io.Discard, terminal, trace)
	defer s.Close()
	r := &benchRenderer{out: s}
	if _, err := io.WriteString(s, "\x1b[?1049h"); err != nil {
		b.Fatal(err)
	}
	showFrame(b, s, r, thumbs, trace, 0)
	start, offset := processorTime(b), 0
	for b.Loop() {
		offset++
		showFrame(b, s, r, thumbs, trace, offset)
	}
	b.ReportMetric(float64((processorTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/frame")
}

// BenchmarkPrepare makes the shared palette from 128 pictures.
func BenchmarkPrepare(b *testing.B) {
	shelf := benchShelf(b, seedCount)
	start := processorTime(b)
	for b.Loop() {
		thumbs := NewThumbs(shelf.read, len(shelf.files), sixelTerminal(), Options{})
		if err := thumbs.Prepare(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((processorTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms")
}
