package tui_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	"image/png"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"strata/fixtures"
	"strata/fixtures/need"
)

// These tests run the program in a real xterm with sixel, on an X server without
// a screen, press keys, and look at the pixels. A screen has settled when the
// program's trace says that all pictures of the newest frame are on the terminal
// and nothing follows for a while.

// The cell of the font that the tests ask for.
const cellW, cellH = 8, 17

// settled is how long the trace must be silent; patience, how long a step may take.
const (
	settled  = 1200 * time.Millisecond
	patience = 180 * time.Second
)

// terminal is a program running in an xterm.
type terminal struct {
	t       *testing.T
	program string
	pid     int // of xterm
	window  string
	env     []string
	trace   chan string
	log     string // the session's log
	places  []place
	rested  bool // once
	done    chan error

	emulator emulator
	atLeast  float64 // dB of a picture with its source
}

// place is where a picture is on the screen, in pixels.
type place struct{ x, y, w, h int }

func (p place) rect() image.Rectangle { return image.Rect(p.x, p.y, p.x+p.w, p.y+p.h) }

// buildStrata builds the program.
func buildStrata(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "strata")
	if out, err := exec.Command("go", "build", "-o", path, "strata").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// startX starts an X server and returns its display.
func startX(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1800x1200x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	return ":" + strings.TrimSpace(line)
}

// startTerminal runs the program in an xterm of cols × rows cells.
func startTerminal(t *testing.T, cols, rows int, hold bool) *terminal {
	t.Helper()
	return startIn(t, xterm, cols, rows, hold)
}

// startIn runs the program in a terminal of cols × rows cells.
func startIn(t *testing.T, e emulator, cols, rows int, hold bool) *terminal {
	t.Helper()
	need.Programs(t, e.name, "Xvfb", "xdotool", "import")
	program := buildStrata(t)
	dir := t.TempDir()
	term := &terminal{t: t, program: program, trace: make(chan string, 1000), log: filepath.Join(dir, "log.strata"), done: make(chan error, 1)}
	term.emulator, term.atLeast = e, 22
	term.env = append(os.Environ(), "LIBGL_ALWAYS_SOFTWARE=1", "DISPLAY="+startX(t), "XDG_STATE_HOME="+dir, "XDG_CACHE_HOME="+dir, "NO_COLOR=", "COLORTERM=")
	if e.compositor != nil {
		term.env = append(term.env, e.compositor(t, term.env, cols*e.cellW, rows*e.cellH)...)
	}
	fifo := filepath.Join(dir, "trace")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	trace, err := os.OpenFile(fifo, os.O_RDWR, 0) // for writing too, so that neither side waits for the other
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { trace.Close() })
	go func() {
		for lines := bufio.NewScanner(trace); lines.Scan(); {
			term.trace <- lines.Text()
		}
	}()
	command := e.command(cols, rows)
	if hold { // xterm's window stays when the program has ended
		command = slices.Insert(command, 1, "-hold")
	}
	cmd := exec.Command(command[0], slices.Concat(command[1:], []string{program, "--trace", fifo, "--log", term.log}, e.args)...)
	cmd.Env = term.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term.pid = cmd.Process.Pid
	go func() { term.done <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-term.done
	})
	term.find(cols, rows)
	term.settle()
	return term
}

// find finds the terminal's window, and gives it the keys.
func (x *terminal) find(cols, rows int) {
	x.t.Helper()
	if x.emulator.compositor != nil {
		x.window = "root"
		x.xdotool("mousemove", "300", "300", "click", "1")
		return
	}
	by := []string{"--pid", fmt.Sprint(x.pid)}
	if x.emulator.byClass {
		by = []string{"--class", x.emulator.name}
	}
	x.window = strings.Fields(x.xdotool(append([]string{"search", "--sync", "--onlyvisible"}, by...)...))[0]
	x.xdotool("windowfocus", "--sync", x.window)
	if x.emulator.cellW == 0 {
		var w, h int
		_, size, _ := strings.Cut(x.xdotool("getwindowgeometry", "--shell", x.window), "WIDTH=")
		if _, err := fmt.Sscanf(size, "%d\nHEIGHT=%d", &w, &h); err != nil || w%cols != 0 || h%rows != 0 {
			x.t.Fatalf("%d×%d cells in a window of %q: %v", cols, rows, size, err)
		}
		x.emulator.cellW, x.emulator.cellH = w/cols, h/rows
	}
}

func (x *terminal) xdotool(args ...string) string {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xdotool", args...)
	cmd.Env = x.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		x.t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// press presses keys, named as in xdotool, and waits for the screen to settle.
func (x *terminal) press(keys ...string) {
	x.t.Helper()
	to := []string{"key", "--window", x.window, "--clearmodifiers"}
	if x.window == "root" {
		to = []string{"key"} // to where the keys go
	}
	x.xdotool(append(to, keys...)...)
	x.settle()
}

var restPlaces = regexp.MustCompile(`^rest \d+ drawn=\d+ bytes=\d+ at=(.*)$`)

// settle waits until every picture of the newest frame is on the terminal,
// nothing is written any more, and neither terminal nor program works, and notes where
// the pictures are.
func (x *terminal) settle() {
	x.t.Helper()
	late := time.After(patience)
	resting := x.rested // a key may change nothing
	worked := ""
	for {
		var quiet <-chan time.Time
		if resting {
			quiet = time.After(settled)
		}
		select {
		case line := <-x.trace:
			m := restPlaces.FindStringSubmatch(line)
			if resting = m != nil; resting {
				x.rested, x.places = true, x.parsePlaces(m[1])
			}
		case <-quiet:
			if now := x.work(); now != worked {
				worked = now
				continue
			}
			return
		case err := <-x.done:
			x.done <- err
			return
		case <-late:
			x.t.Fatal("the screen does not settle")
		}
	}
}

// work says how much processor time xterm and the program have used, in tenths of a
// second; where a thread of theirs waits for a processor it is never the same twice. On a
// busy machine, silence alone does not say that a key was dealt with.
func (x *terminal) work() string {
	x.t.Helper()
	ticks := 0
	for _, pid := range []int{x.pid, x.child()} {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		for _, path := range tasks {
			stat, err := os.ReadFile(path)
			if err != nil {
				continue // it has ended
			}
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
			if fields[0] == "R" {
				return time.Now().String()
			}
			for _, field := range fields[11:13] { // utime, stime
				n, err := strconv.Atoi(field)
				if err != nil {
					x.t.Fatal(err)
				}
				ticks += n
			}
		}
	}
	return fmt.Sprint((ticks + 5) / 10)
}

func (x *terminal) parsePlaces(text string) []place {
	x.t.Helper()
	cellW, cellH := x.emulator.cellW, x.emulator.cellH
	var places []place
	for at := range strings.SplitSeq(text, ";") {
		if at == "" {
			continue
		}
		var col, row int
		var p place
		if _, err := fmt.Sscanf(at, "%d,%d,%dx%d", &col, &row, &p.w, &p.h); err != nil {
			x.t.Fatalf("trace: %q: %v", at, err)
		}
		p.x, p.y = col*cellW, row*cellH
		places = append(places, p)
	}
	// The query, which is the largest, then the rows of schemes.
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.w*b.h/(cellW*cellH*64), a.w*a.h/(cellW*cellH*64)), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	return places
}

// shot returns the terminal's pixels and keeps them in STRATA_SHOTS, if set.
func (x *terminal) shot(name string) image.Image {
	x.t.Helper()
	cmd := exec.Command("import", "-window", x.window, "png:-")
	cmd.Env = x.env
	out, err := cmd.Output()
	if err != nil {
		x.t.Fatalf("import: %v", err)
	}
	if dir := os.Getenv("STRATA_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), out, 0o666); err != nil {
			x.t.Fatal(err)
		}
	}
	m, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		x.t.Fatal(err)
	}
	return m
}

var (
	queryLine = regexp.MustCompile(`(?m)^query\s+(\S+)$`)
	hitLine   = regexp.MustCompile(`(?m)^    \d+  (\S+)  `)
)

// shown returns the ids that the log says are on the screen: the query, then the
// hits of the last search, row by row.
func (x *terminal) shown() []string {
	x.t.Helper()
	log, err := os.ReadFile(x.log)
	if err != nil {
		x.t.Fatal(err)
	}
	queries := queryLine.FindAllSubmatch(log, -1)
	if len(queries) == 0 {
		x.t.Fatalf("the log names no query:\n%s", log)
	}
	ids := []string{string(queries[len(queries)-1][1])}
	last := log[bytes.LastIndex(log, []byte("\nsearch")):]
	if next := regexp.MustCompile(`\n[a-z]`).FindIndex(last[1:]); next != nil {
		last = last[:1+next[0]]
	}
	for _, m := range hitLine.FindAllSubmatch(last, -1) {
		ids = append(ids, string(m[1]))
	}
	return ids
}

// pictures returns the demo's pictures by id.
func pictures(t *testing.T) map[string]image.Image {
	t.Helper()
	table, err := fs.ReadFile(fixtures.Demo(), "items.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]image.Image{}
	for _, row := range rows[1:] {
		b, err := fs.ReadFile(fixtures.Demo(), row[1])
		if err != nil {
			t.Fatal(err)
		}
		if all[row[0]], _, err = image.Decode(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// scaled returns the picture at a size.
func scaled(m image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Src, nil)
	return out
}

// drawn returns the picture as the terminal shows it at a place.
func (x *terminal) drawn(m image.Image, at place) *image.RGBA {
	whole := scaled(m, at.w, at.h)
	if !x.emulator.squeezes {
		return whole
	}
	from := (at.h + x.emulator.cellH - 1) / x.emulator.cellH * x.emulator.cellH
	to := from / 6 * 6
	out := image.NewRGBA(image.Rect(0, 0, at.w, (at.h*to+from-1)/from))
	for y := range out.Rect.Dy() {
		draw.Copy(out, image.Pt(0, y), whole, image.Rect(0, y*from/to, at.w, y*from/to+1), draw.Src, nil)
	}
	return out
}

// psnr compares the rectangle of a screenshot with a picture of its size.
func psnr(shot image.Image, at image.Rectangle, m *image.RGBA) float64 {
	var sum float64
	for y := range at.Dy() {
		for x := range at.Dx() {
			r, g, b, _ := shot.At(at.Min.X+x, at.Min.Y+y).RGBA()
			c := m.RGBAAt(x, y)
			for _, d := range []float64{float64(r>>8) - float64(c.R), float64(g>>8) - float64(c.G), float64(b>>8) - float64(c.B)} {
				sum += d * d
			}
		}
	}
	return 10 * math.Log10(255*255/(sum/float64(3*at.Dx()*at.Dy())+1e-9))
}

// check compares every picture on the screen with the one that the log says is
// there: at least 22 dB, and under 16 dB with every other that is shown, but
// those whose pictures themselves are so alike.
func (x *terminal) check(name string, all map[string]image.Image) image.Image {
	x.t.Helper()
	shot := x.shot(name)
	ids := x.shown()
	if len(x.places) != len(ids) && len(x.places)-1 > len(ids) {
		x.t.Errorf("%s: %d pictures are on the screen, the log has %d", name, len(x.places), len(ids))
	}
	least, most, others := math.Inf(1), math.Inf(-1), 0
	for i, p := range x.places {
		if i >= len(ids) {
			break
		}
		own := x.drawn(all[ids[i]], p)
		at := own.Bounds().Add(p.rect().Min)
		got := psnr(shot, at, own)
		least = min(least, got)
		if got < x.atLeast {
			x.t.Errorf("%s: picture %d, %s at %v: %.1f dB", name, i, ids[i], p.rect(), got)
		}
		for _, id := range ids {
			other := x.drawn(all[id], p)
			if psnr(own, own.Bounds(), other) > 15.5 {
				continue
			}
			others++
			db := psnr(shot, at, other)
			most = max(most, db)
			if db >= 16 {
				x.t.Errorf("%s: picture %d is %s, but like %s: %.1f dB", name, i, ids[i], id, db)
			}
		}
	}
	x.t.Logf("%s: %d pictures, at least %.1f dB; with %d others at most %.1f dB", name, len(x.places), least, others, most)
	return shot
}

// blank checks that the rectangles that no picture has any more, and that have
// none of the program's text, are of one colour.
func blank(t *testing.T, name string, shot image.Image, before, after []place) {
	t.Helper()
	vacated := 0
	for _, old := range before {
		free := true
		for _, now := range after {
			free = free && !old.rect().Overlaps(now.rect())
		}
		if !free {
			continue
		}
		vacated++
		first := color.RGBAModel.Convert(shot.At(old.x, old.y))
		for y := old.y; y < old.y+old.h; y++ {
			for px := old.x; px < old.x+old.w; px++ {
				if c := color.RGBAModel.Convert(shot.At(px, y)); c != first {
					t.Errorf("%s: pixel %d,%d of a vacated picture is %v, not %v", name, px, y, c, first)
					return
				}
			}
		}
	}
	if vacated == 0 {
		t.Errorf("%s: no picture went away", name)
	}
}

func TestXterm(t *testing.T) {
	need.Long(t)
	all := pictures(t)
	x := startTerminal(t, 120, 40, false)
	x.check("start", all)
	if n := len(x.places); n < 21 {
		t.Errorf("%d pictures at 120×40", n)
	}
	x.press("n")
	x.check("next", all)

	x.press("Down", "Down", "Down")
	slid := x.check("last row", all)
	x.press("Left", "Left", "Left", "Left", "Left", "Left", "Left", "Left")
	if same(slid, x.check("slider", all)) {
		t.Error("a slider changes nothing on the screen")
	}

	before := x.places
	x.press("question")
	if x.shot("help"); len(x.places) >= len(before) {
		t.Errorf("the help covers none of the %d pictures", len(before))
	}
	x.press("Escape")
	x.check("help closed", all)

	before = x.places
	x.press("x")
	blank(t, "row removed", x.check("row removed", all), before, x.places)

	x.press("Up", "Up") // a small screen scrolls to the row in focus
	x.resize(80, 24)
	x.check("80x24", all)
	x.resize(200, 60)
	x.check("200x60", all)
	x.press("E")
	x.check("evaluated", all)

	x.press("q")
	select {
	case err := <-x.done:
		x.done <- err
		if err != nil {
			t.Errorf("xterm ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("q does not quit")
	}
	x.replay()
}

// resize makes the terminal of cols × rows cells.
func (x *terminal) resize(cols, rows int) {
	x.t.Helper()
	x.xdotool("windowsize", "--sync", x.window, fmt.Sprint(cols*x.emulator.cellW), fmt.Sprint(rows*x.emulator.cellH))
	x.settle()
}

// same reports whether two screenshots are equal.
func same(a, b image.Image) bool { return a.Bounds() == b.Bounds() && sameWithin(a, b, a.Bounds()) }

// replay checks that the session's log agrees with a replay, and that a log with
// one digit changed does not.
func (x *terminal) replay() {
	x.t.Helper()
	out, err := exec.Command(x.program, "replay", "--check", x.log).CombinedOutput()
	if err != nil {
		x.t.Errorf("replay --check: %v\n%s", err, out)
	}
	log, err := os.ReadFile(x.log)
	if err != nil {
		x.t.Fatal(err)
	}
	if !bytes.HasPrefix(log, []byte("# strata 1  gallery sha256:")) {
		x.t.Errorf("the log begins with %.80q", log)
	}
	scores := regexp.MustCompile(`(?m)^    1  \S+  0\.\d+`).FindAllIndex(log, -1)
	if scores == nil {
		x.t.Fatalf("the log has no scores:\n%s", log)
	}
	at := scores[len(scores)/2][1] - 1
	log[at] = '0' + (log[at]-'0'+1)%10
	changed := filepath.Join(x.t.TempDir(), "changed.strata")
	if err := os.WriteFile(changed, log, 0o666); err != nil {
		x.t.Fatal(err)
	}
	out, err = exec.Command(x.program, "replay", "--check", changed).CombinedOutput()
	line := fmt.Sprintf("changed.strata:%d: expected", 1+bytes.Count(log[:at], []byte("\n")))
	if err == nil || !strings.Contains(string(out), line) {
		x.t.Errorf("replay --check of a changed log: %v\n%swant %s", err, out, line)
	}
}

// TestXtermBurst presses next thirty times within about a second: the screen ends
// on the right query, and shows it.
func TestXtermBurst(t *testing.T) {
	need.Long(t)
	all := pictures(t)
	x := startTerminal(t, 120, 40, false)
	x.xdotool("key", "--window", x.window, "--clearmodifiers", "--delay", "30", "--repeat", "30", "n")
	x.settle()
	x.check("burst", all)
	table, err := fs.ReadFile(fixtures.Demo(), "items.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.shown()[0], rows[31][0]; got != want {
		t.Errorf("after thirty presses the query is %s, not %s", got, want)
	}
}

// TestXtermKill kills the program in the middle of a session: the log has all
// that was on the screen, and replays.
func TestXtermKill(t *testing.T) {
	need.Long(t)
	all := pictures(t)
	x := startTerminal(t, 120, 40, true)
	x.press("n", "n", "r", "Down", "Down", "Down", "Left", "Left")
	x.check("before kill", all)
	x.kill()
	x.replay()
	x.check("after kill", all) // the pixels are still there
}

// kill kills the program.
func (x *terminal) kill() {
	x.t.Helper()
	pid := x.child()
	if pid == 0 {
		x.t.Fatal("xterm has no child")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		x.t.Fatal(err)
	}
}

// child returns the process of the program, the only child of xterm; 0 if it has ended.
func (x *terminal) child() int {
	x.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		x.t.Fatal(err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		var state string
		behind := stat[bytes.LastIndexByte(stat, ')')+1:]
		if _, err := fmt.Sscan(string(behind), &state, &parent); err != nil || parent != x.pid {
			continue
		}
		if _, err := fmt.Sscan(string(stat), &pid); err != nil {
			x.t.Fatal(err)
		}
		return pid
	}
	return 0
}

// TestXtermFindings goes from a row of the findings to its pictures and back, to a
// sheet of pictures and from there to others, and at last to where it began.
func TestXtermFindings(t *testing.T) {
	need.Long(t)
	all := pictures(t)
	x := startTerminal(t, 120, 40, false)
	start := x.check("before findings", all)
	began := x.places
	x.press("Down", "M")
	if x.shot("classes"); len(x.places) != 0 {
		t.Errorf("the list has %d pictures", len(x.places))
	}
	x.press("Tab", "Down", "Down")
	list := x.shot("losses")
	x.press("Return")
	x.check("loss", all)
	if len(x.places) != 21 {
		t.Errorf("a query under two schemes has %d pictures", len(x.places))
	}
	x.press("n", "p", "Escape")
	body := image.Rect(0, cellH, 120*cellW, 38*cellH) // memory in use and the time of the log are around it
	if n := differing(list, x.shot("losses again"), body); n > strayPixels {
		t.Errorf("esc does not lead back to the same place: %d pixels differ", n)
	}
	x.press("Tab", "Tab", "Return")
	if x.shot("hub"); len(x.places) < 10 {
		t.Errorf("a hub's sheet has %d pictures", len(x.places))
	}
	sheet := x.places
	x.press("Right", "Return")
	blank(t, "query of a hub", x.check("query of a hub", all), sheet, x.places)
	for range 3 { // one by one: in one read, escape after escape is another key
		x.press("Escape")
	}
	end := x.check("after findings", all)
	if !slices.Equal(x.places, began) {
		t.Errorf("the pictures are at %v, and were at %v", x.places, began)
	}
	for _, p := range x.places {
		if !sameWithin(start, end, p.rect()) {
			t.Errorf("the picture at %v has changed", p.rect())
		}
	}
	x.press("q")
	x.replay()
}

// strayPixels are how many pixels may differ between two screenshots of the same cells: xterm draws the edge of a block
// over the neighbouring cell, if that is drawn before.
const strayPixels = 8

// sameWithin reports whether two screenshots are equal in a rectangle.
func sameWithin(a, b image.Image, r image.Rectangle) bool { return differing(a, b, r) == 0 }

// differing counts the pixels in which two screenshots differ in a rectangle.
func differing(a, b image.Image, r image.Rectangle) (n int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return n
}
