package command

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"strata/fixtures/need"
)

// TestNetworkScripts runs the program, with a network, as fixtures/scripts/network
// says: MODEL is the path of the network, LIBRARY the folder of ONNX Runtime.
func TestNetworkScripts(t *testing.T) {
	network := need.Network(t)
	testscript.Run(t, testscript.Params{
		Dir:           "../../fixtures/scripts/network",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv("MODEL", network)
			env.Setenv("LIBRARY", filepath.Dir(network))
			env.Setenv("STRATA_ONNXRUNTIME", filepath.Dir(network))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"digit":    changeDigit,
			"truncate": truncate,
			"pictures": writePictures,
		},
	})
}

// writePictures FOLDER FIRST LAST writes pictures pFIRST.png to pLAST.png, which
// are known by their numbers.
func writePictures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: pictures FOLDER FIRST LAST")
	}
	first, err := strconv.Atoi(args[1])
	ts.Check(err)
	last, err := strconv.Atoi(args[2])
	ts.Check(err)
	folder := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(folder, 0o777))
	for n := first; n <= last; n++ {
		f, err := os.Create(filepath.Join(folder, fmt.Sprintf("p%02d.png", n)))
		ts.Check(err)
		ts.Check(png.Encode(f, rectangles(uint64(n))))
		ts.Check(f.Close())
	}
}

// rectangles draws a picture of forty rectangles.
func rectangles(seed uint64) image.Image {
	rng := rand.New(rand.NewPCG(seed, 0))
	m := image.NewNRGBA(image.Rect(0, 0, 120+rng.IntN(60), 120+rng.IntN(60)))
	b := m.Bounds()
	for range 40 {
		c := color.NRGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256)), 255}
		x, y := rng.IntN(b.Dx()), rng.IntN(b.Dy())
		for dy := range min(5+rng.IntN(60), b.Dy()-y) {
			for dx := range min(5+rng.IntN(60), b.Dx()-x) {
				m.SetNRGBA(x+dx, y+dy, c)
			}
		}
	}
	return m
}
