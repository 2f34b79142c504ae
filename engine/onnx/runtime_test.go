//go:build cgo

package onnx

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"strata/engine/native"
	"strata/fixtures/hollow"
	"strata/fixtures/need"
)

// startRuntime loads ONNX Runtime, or skips the test.
func startRuntime(t testing.TB) *Runtime {
	t.Helper()
	l, err := native.FindLibrary("", os.Getenv)
	if err != nil {
		need.Missing(t, "no ONNX Runtime (go run ./fixtures/inception gets one): "+err.Error())
	}
	r, err := Load(l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pictures are random inputs of the network of the tests.
func pictures(n, h, w int) (shape []int64, values []float32) {
	random := rand.New(rand.NewPCG(7, 8))
	values = make([]float32, n*3*h*w)
	for i := range values {
		values[i] = random.Float32()
	}
	return []int64{int64(n), 3, int64(h), int64(w)}, values
}

// extract runs the model once for taps.
func extract(t testing.TB, p *Plan) []Output {
	t.Helper()
	s, err := startRuntime(t).Open(t.Context(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	shape, values := pictures(2, 8, 8)
	out, err := s.Run(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plan plans taps given as NAME:POOLING.
func plan(t testing.TB, m *Model, taps ...string) *Plan {
	t.Helper()
	var list []Tap
	for _, text := range taps {
		name, pooling, _ := strings.Cut(text, ":")
		p, err := ParsePooling(pooling)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Tap{Name: text, Tensor: name, Pooling: p})
	}
	p, err := m.Plan(list, 7)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInfer(t *testing.T) {
	r := startRuntime(t)
	m := save(t, network())
	if err := r.Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range m.Tensors() {
		got = append(got, fmt.Sprintf("%s %v %v: %s", x.Name, x.Type, x.Shape, x.What()))
	}
	want := []string{
		"conv1 float32 ?×6×?×?: feature map, 6 channels",
		"relu1 float32 ?×6×?×?: feature map, 6 channels",
		"conv2 float32 ?×5×?×?: feature map, 5 channels",
		"mixed float32 N×11×8×8: feature map, 11 channels",
		"last float32 ?×8×8×11: feature map, 11 channels last",
		"gap float32 ?×11×1×1: feature map, 11 channels",
		"flat float32 ?×11: vector",
		"logits float32 N×300: vector",
		"shape int64 2: other",
	}
	if !slices.Equal(got, want) {
		t.Errorf("learnt\n%s", strings.Join(got, "\n"))
	}
}

// pooled is the plain reference of the poolings, for one picture's map of
// channels × places.
func pooled(t *testing.T, pooling string, x [][]float64, seed uint64) []float64 {
	p, err := ParsePooling(pooling)
	if err != nil {
		t.Fatal(err)
	}
	mean := func(c []float64, f func(float64) float64) float64 {
		sum := 0.0
		for _, v := range c {
			sum += f(v)
		}
		return sum / float64(len(c))
	}
	same := func(v float64) float64 { return v }
	var out []float64
	for _, c := range x {
		m := mean(c, same)
		switch p.Op {
		case GAP:
			out = append(out, m)
		case Max:
			out = append(out, slices.Max(c))
		case GeM:
			out = append(out, math.Pow(mean(c, func(v float64) float64 { return math.Pow(max(v, 1e-6), p.Power) }), 1/p.Power))
		case Std:
			out = append(out, math.Sqrt(mean(c, func(v float64) float64 { return (v - m) * (v - m) })))
		case Flat:
			out = append(out, c...)
		}
	}
	if p.Op == RMAC {
		return regionally(x)
	}
	if p.Op != Cov && p.Op != Gram {
		return out
	}
	z := make([]float64, len(x)*len(x))
	for i, a := range x {
		for j, b := range x {
			ma, mb := mean(a, same), mean(b, same)
			if p.Op == Gram {
				ma, mb = 0, 0
			}
			for k := range a {
				z[i*len(x)+j] += (a[k] - ma) * (b[k] - mb)
			}
		}
	}
	index, signs := projection(int64(len(x)), p.Dim, seed)
	out = make([]float64, p.Dim)
	width := len(index) / 4 / p.Dim
	norm := 0.0
	for i := range out {
		for k := i * width; k < (i+1)*width; k++ {
			v := z[leUint32(index[4*k:])]
			s := float64(math.Float32frombits(leUint32(signs[4*k:])))
			out[i] += s * math.Copysign(math.Sqrt(math.Abs(v)), v)
		}
		norm += out[i] * out[i]
	}
	for i := range out {
		out[i] /= math.Sqrt(norm)
	}
	return out
}

// regionally is R-MAC of a map of channels × 8·8 places, with the regions that the
// paper gives for it: sides 8, 5 and 4.
func regionally(x [][]float64) []float64 {
	sum := make([]float64, len(x))
	unit := func(v []float64) {
		norm := 0.0
		for _, a := range v {
			norm += a * a
		}
		for i := range v {
			v[i] /= math.Sqrt(norm)
		}
	}
	for side, tops := range map[int][]int{8: {0}, 5: {0, 3}, 4: {0, 2, 4}} {
		for _, top := range tops {
			for _, left := range tops {
				v := make([]float64, len(x))
				for c := range x {
					v[c] = math.Inf(-1)
					for k := range side * side {
						v[c] = max(v[c], x[c][(top+k/side)*8+left+k%side])
					}
				}
				unit(v)
				for c := range v {
					sum[c] += v[c]
				}
			}
		}
	}
	unit(sum)
	return sum
}

func leUint32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func TestPoolings(t *testing.T) {
	m := save(t, network())
	if err := startRuntime(t).Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	poolings := []string{"gap", "max", "gem", "gem(1.5)", "std", "rmac", "cov(20)", "cov(66)", "gram(20)", "flat"}
	taps := []string{"mixed:flat"}
	for _, p := range poolings {
		taps = append(taps, "mixed:"+p)
	}
	for _, p := range poolings[:len(poolings)-1] {
		taps = append(taps, "last:"+p) // the same map, channels last
	}
	taps = append(taps, "flat:", "mixed:", "gap:max")
	p := plan(t, m, taps...)
	out := extract(t, p)
	for i, tap := range taps {
		name, pooling, _ := strings.Cut(tap, ":")
		if name == "flat" || pooling == "" || name == "gap" {
			pooling = "gap"
		}
		for row := range 2 {
			var x [][]float64
			for c := range 11 {
				var places []float64
				for k := range 64 {
					places = append(places, float64(out[0].Values[(row*11+c)*64+k]))
				}
				x = append(x, places)
			}
			want := pooled(t, pooling, x, 7)
			dim := len(want)
			if len(out[i].Shape) != 2 || out[i].Shape[1] != int64(dim) || p.Dims[i] != int64(dim) {
				t.Fatalf("%s: shape %v, planned %d, not %d", tap, out[i].Shape, p.Dims[i], dim)
			}
			for k, w := range want {
				got := float64(out[i].Values[row*dim+k])
				if math.Abs(got-w) > 2e-5*max(1, math.Abs(w)) || math.IsNaN(got) {
					t.Fatalf("%s: row %d, value %d: %g, not %g", tap, row, k, got, w)
				}
			}
		}
	}
}

// A cut model has fewer nodes and gives the same bits.
func TestCut(t *testing.T) {
	m := save(t, network())
	early, both := plan(t, m, "relu1:gap", "conv1:flat"), plan(t, m, "relu1:gap", "conv1:flat", "logits")
	if early.Nodes != 2 || both.Nodes != 7 {
		t.Errorf("%d and %d nodes", early.Nodes, both.Nodes)
	}
	if early.Size() >= both.Size()-11*300*4 {
		t.Errorf("%d bytes beside %d: the weights of logits are kept", early.Size(), both.Size())
	}
	a, b := extract(t, early), extract(t, both)
	for i := range a {
		if !slices.Equal(a[i].Values, b[i].Values) {
			t.Errorf("tap %d differs", i)
		}
	}
}

// What the shape of a tensor is that depends on the picture, the first run tells; the
// order of its dimensions is said.
func TestUnknownRank(t *testing.T) {
	r := startRuntime(t)
	m := save(t, model(rankless(), 17))
	if err := r.Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, x := range m.Tensors() {
		if x.Name == "y" && (x.Shape.String() != "?" || x.Kind != Other) {
			t.Errorf("y is %v, %s", x.Shape, x.What())
		}
	}
	p, err := m.Plan([]Tap{{Name: "A", Tensor: "y", Order: "nchw"}, {Name: "B", Tensor: "y", Pooling: Pooling{Op: Flat}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if out := extract(t, p); !slices.Equal(out[0].Shape, []int64{2, 3}) || !slices.Equal(out[1].Shape, []int64{2, 192}) {
		t.Errorf("%v, %v", out[0].Shape, out[1].Shape)
	}
}

// Nodes may stand in any order, as what converts a model's types leaves them.
func TestAnyOrder(t *testing.T) {
	r := startRuntime(t)
	g := &graphBuilder{random: rand.New(rand.NewPCG(9, 9))}
	g.stored("w", 5, 3, 3, 3)
	g.add("Relu", "last", []string{"conv"})
	g.add("Conv", "conv", []string{"cast", "w"})
	g.add("Cast", "cast", []string{"input"}, intAttribute("to", 1))
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	if err := r.Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range m.Tensors() {
		names = append(names, x.Name+" "+x.What())
	}
	if got := strings.Join(names, "; "); got != "cast feature map, 3 channels; conv feature map, 5 channels; last feature map, 5 channels" {
		t.Error(got)
	}
	if out := extract(t, plan(t, m, "last:gap", "conv:gap")); !slices.Equal(out[0].Shape, []int64{2, 5}) {
		t.Errorf("%v", out[0].Shape)
	}
}

// Operators that ONNX Runtime does not have do not matter behind the taps.
func TestForeignOperators(t *testing.T) {
	r := startRuntime(t)
	g := &graphBuilder{random: rand.New(rand.NewPCG(9, 9))}
	g.stored("w", 5, 3, 3, 3)
	g.add("Conv", "conv", []string{"input", "w"})
	node := appendText(appendText(appendText(appendText(nil, 1, "conv"), 2, "special"), 4, "Special"), 7, "acme")
	g.graph = appendMessage(g.graph, 1, node)
	g.add("Relu", "after", []string{"special"})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	g.graph = appendMessage(g.graph, 12, valueBytes("after", Float32, "N", 5, 6, 6))
	for name, imports := range map[string][]byte{
		"imported": appendMessage(nil, 8, appendNumber(appendText(nil, 1, "acme"), 2, 1)),
		"not even": nil,
	} {
		t.Run(name, func(t *testing.T) {
			m := save(t, append(model(g.graph, 17), imports...))
			if err := r.Infer(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, x := range m.Tensors() {
				names = append(names, fmt.Sprintf("%s %v %s", x.Name, x.Shape, x.What()))
			}
			want := "conv ?×5×6×6 feature map, 5 channels; special ? other; after N×5×6×6 feature map, 5 channels, a guess"
			if got := strings.Join(names, "; "); got != want {
				t.Error(got)
			}
			if err := r.InferUnknown(t.Context(), m, "conv"); err != nil {
				t.Fatal(err)
			}
			if out := extract(t, plan(t, m, "conv:gap")); !slices.Equal(out[0].Shape, []int64{2, 5}) {
				t.Errorf("%v", out[0].Shape)
			}
			if _, err := r.Open(t.Context(), plan(t, m, "after:flat"), Options{}); err == nil || !strings.Contains(err.Error(), "acme") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A model that is too large for one message refers to the weights in its file.
func TestReferredWeights(t *testing.T) {
	m := save(t, network())
	taps := []Tap{{Name: "x", Tensor: "logits"}, {Name: "y", Tensor: "mixed"}}
	whole, err := m.plan(taps, 1, nil, maxMessage)
	if err != nil {
		t.Fatal(err)
	}
	referred, err := m.plan(taps, 1, nil, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if referred.Size() > 8000 {
		t.Errorf("%d bytes", referred.Size())
	}
	a, b := extract(t, whole), extract(t, referred)
	for i := range a {
		if !slices.Equal(a[i].Values, b[i].Values) {
			t.Errorf("tap %d differs", i)
		}
	}
	if _, err := m.plan(taps, 1, nil, 100); err == nil || !strings.Contains(err.Error(), "save the model with external data") {
		t.Errorf("limit of 100 bytes: %v", err)
	}
}

// External data are found from the model's folder.
func TestExternalData(t *testing.T) {
	g := &graphBuilder{random: rand.New(rand.NewPCG(3, 4))}
	values := g.floats(6 * 3)
	w := appendNumber(appendNumber(appendNumber(appendNumber(appendNumber(nil, 1, 6), 1, 3), 1, 1), 1, 1), 2, 1)
	w = appendText(w, 8, "w")
	for _, e := range [][2]string{{"location", "net.bin"}, {"offset", "8"}, {"length", "72"}} {
		w = appendMessage(w, 13, appendText(appendText(nil, 1, e[0]), 2, e[1]))
	}
	g.graph = appendMessage(g.graph, 5, appendNumber(w, 14, 1))
	g.add("Conv", "conv", []string{"input", "w"})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	g.graph = appendMessage(g.graph, 12, valueBytes("conv", Float32, "N", 6, 8, 8))
	m := save(t, model(g.graph, 17))
	if err := startRuntime(t).Infer(t.Context(), m); err != nil { // without the file
		t.Fatal(err)
	}
	p := plan(t, m, "conv:gap")
	if _, err := startRuntime(t).Open(t.Context(), p, Options{}); err == nil || !strings.Contains(err.Error(), "not there") {
		t.Errorf("without the file: %v", err)
	}
	data := append([]byte("unused!!"), values...)
	if err := os.WriteFile(filepath.Join(filepath.Dir(m.Path), "net.bin"), data, 0o666); err != nil {
		t.Fatal(err)
	}
	if out := extract(t, p); len(out[0].Values) != 12 || out[0].Values[0] == 0 {
		t.Errorf("%v", out)
	}
}

func TestRunErrors(t *testing.T) {
	r := startRuntime(t)
	m := save(t, network())
	s, err := r.Open(t.Context(), plan(t, m, "logits"), Options{Threads: 2, Spin: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, shape := range map[string][]int64{
		"channels": {1, 4, 8, 8}, "rank": {1, 3, 8}, "too few values": {100, 3, 8, 8}, "negative": {-1, 3, 8, 8},
	} {
		if _, err := s.Run(shape, make([]float32, 256)); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q", name, err)
		}
	}
	if _, err := r.Open(t.Context(), plan(t, m, "logits"), Options{Provider: "cuda"}); err == nil || !strings.Contains(err.Error(), `execution provider "cuda"`) {
		t.Errorf("cuda: %v", err)
	}
	if _, err := Load(native.Library{Path: "/other/libonnxruntime.so"}); err == nil || !strings.Contains(err.Error(), "can load one library") {
		t.Errorf("second library: %v", err)
	}
	if err := os.WriteFile(m.Path, []byte("short"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), plan(t, m, "logits"), Options{}); err == nil || !strings.Contains(err.Error(), "the file has changed") {
		t.Errorf("changed file: %v", err)
	}
}

// An operator that does not exist is refused with the library's reason.
func TestLoadErrors(t *testing.T) {
	g := &graphBuilder{}
	g.add("NoSuchOperator", "y", []string{"x"})
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	r := startRuntime(t)
	if err := r.Infer(t.Context(), m); err == nil || !strings.Contains(err.Error(), "NoSuchOperator") {
		t.Errorf("infer: %v", err)
	}
	if _, err := r.Open(t.Context(), plan(t, m, "y:flat"), Options{}); err == nil || !strings.Contains(err.Error(), "NoSuchOperator") {
		t.Errorf("open: %v", err)
	}
}

func TestRunConcurrently(t *testing.T) {
	s, err := startRuntime(t).Open(t.Context(), plan(t, save(t, network()), "logits"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	shape, values := pictures(2, 8, 8)
	want, err := s.Run(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				got, err := s.Run(shape, values)
				if err != nil || !slices.Equal(got[0].Values, want[0].Values) {
					t.Errorf("%v, or other values", err)
				}
			}
		})
	}
	all.Wait()
}

// child is the variable that makes the test program run one part in a process of
// its own.
const child = "STRATA_ONNX_CHILD"

func TestMain(m *testing.M) {
	switch path := os.Getenv(child); {
	case path == "":
		os.Exit(m.Run())
	case strings.HasSuffix(path, ".onnx"):
		os.Exit(provoke(path))
	default:
		_, err := Load(native.Library{Path: path})
		fmt.Println(err) //nolint:forbidigo // the answer to the test
		os.Exit(0)
	}
}

// provoke loads the library and does what makes it complain. It returns 0 if
// everything went as it should.
func provoke(path string) int {
	l, err := native.FindLibrary("", os.Getenv)
	if err != nil {
		return 2
	}
	r, err := Load(l)
	if err != nil {
		return 3
	}
	m, err := Read(path)
	if err != nil {
		return 4
	}
	if err := r.Infer(context.Background(), m); err != nil {
		return 5
	}
	p, err := m.Plan([]Tap{{Name: "x", Tensor: "mixed", Pooling: Pooling{Op: GAP}}}, 1)
	if err != nil {
		return 6
	}
	s, err := r.Open(context.Background(), p, Options{Threads: 2})
	if err != nil {
		return 7
	}
	shape, values := pictures(1, 8, 8)
	if _, err := s.Run(shape, values); err != nil {
		return 8
	}
	shape[1] = 4
	if _, err := s.Run(shape, append(values, values...)); err == nil {
		return 9
	}
	if sockets() {
		return 10
	}
	return 0
}

// sockets reports whether this process has sockets.
func sockets() bool {
	files, _ := os.ReadDir("/proc/self/fd")
	return slices.ContainsFunc(files, func(f os.DirEntry) bool {
		to, _ := os.Readlink("/proc/self/fd/" + f.Name())
		return strings.HasPrefix(to, "socket:")
	})
}

// The library writes nothing to the terminal, not even about a model with a wrong
// shape and about wrong input, and leaves no files, and the process opens no
// sockets: telemetry is off.
func TestQuiet(t *testing.T) {
	startRuntime(t)
	l, err := native.FindLibrary("", os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	m := save(t, bytes.Replace(network(), valueBytes("mixed", Float32, "N", 11, 8, 8), valueBytes("mixed", Float32, "N", 12, 8, 8), 1))
	home := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{child + "=" + m.Path, native.LibraryVariable + "=" + l.Path, "HOME=" + home, "TMPDIR=" + home, "XDG_CACHE_HOME=" + home}
	cmd.Dir = home
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v, and it wrote %q", err, out)
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(fmt.Sprintf("/tmp/mat-debug-%d.log", cmd.Process.Pid)); err == nil {
		t.Error("left behind: a log in /tmp")
	}
}

// Libraries that pass a look into them, and fail when loaded.
func TestLoadFailures(t *testing.T) {
	need.Programs(t, "gcc")
	dir := t.TempDir()
	for _, c := range []struct{ name, path, want string }{
		{"serves no version", hollow.Compile(t, dir, "hollow.so", hollow.Source, "OTHER"), "too old: 1.24 or later"},
		{"not there", filepath.Join(dir, "none.so"), "none.so"},
		{"another library", hollow.Compile(t, dir, "z.so", "int deflate(void) { return 0; }", "ZLIB_1"), "not ONNX Runtime"},
		{"lacks a symbol", hollow.Compile(t, dir, "lacks.so", hollow.Source+"int no_such_function(void); int (*use)(void) = no_such_function;", "OTHER"), "no_such_function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = []string{child + "=" + c.path, "HOME=" + dir}
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want) || strings.Count(string(out), "\n") != 1 {
				t.Errorf("%v, %q", err, out)
			}
		})
	}
}
