package command

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strata/engine/extract"
	"strata/engine/inert"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/native"
	"strata/engine/onnx"
)

// errBroken is the error of an extraction some of whose pictures cannot be read.
type errBroken struct{ broken, rows int }

func (e errBroken) Error() string {
	return fmt.Sprintf("%d of %d pictures could not be read: their rows are zero, and %s lists them", e.broken, e.rows, manifest.FileName)
}

// extractFlags are the flags of extract as they are written.
type extractFlags struct {
	taps        []string
	seed        uint64
	elements    string
	fit, filter string
	size        string
	inputs      []string
	span        []float64
	mean, std   []float64
	channels    string
	layout      string
	model       string
	o           extract.Options
}

func extractCommand() *cobra.Command {
	var f extractFlags
	cmd := &cobra.Command{
		Use:   "extract MODEL.onnx GALLERY --tap NAME=TENSOR:POOLING...",
		Short: "Make a gallery's layers from its pictures and a model",
		Long:  extractHelp(),
		Example: `strata extract inception_v3.onnx shop --preset unit --tap A=mixed0:gap --tap B=mixed7 --tap 'pattern=mixed0:cov(512)'
strata extract shop --append`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.o.Append {
				return takes("GALLERY")(cmd, args)
			}
			return takes("MODEL.onnx", "GALLERY")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runExtract(cmd, args, f) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.taps, "tap", nil, "a layer: NAME=TENSOR, NAME=TENSOR:POOLING or NAME=TENSOR:POOLING@ORDER; repeat it for more")
	flags.StringVar(&f.elements, "type", "float16", "the type of the layers' elements, float16 or float32")
	flags.Uint64Var(&f.seed, "seed", 1, "of the projections of cov and gram, recorded")
	f.addRecipe(flags)
	flags.BoolVar(&f.o.Append, "append", false, "extend the recorded layers to the items that were added to the items table")
	flags.StringVar(&f.model, "model", "", "with --append: the model (default: "+extract.ModelVariable+", then where gallery.yaml says, if you agree to it)")
	flags.BoolVar(&f.o.Restart, "restart", false, "give up an interrupted extraction that had another recipe")
	flags.BoolVar(&f.o.Force, "force", false, "replace layers that are there")
	return cmd
}

// addRecipe adds the flags of preprocessing, and of what computes.
func (f *extractFlags) addRecipe(flags *pflag.FlagSet) {
	flags.StringVar(&f.o.Preset, "preset", "", "how pictures are preprocessed: "+strings.Join(presetNames(), ", "))
	flags.StringVar(&f.size, "size", "", "side of the square that the model is fed, in pixels, or HEIGHTxWIDTH (default: the model's)")
	flags.StringVar(&f.fit, "fit", "", "squash, crop(N): short side to N pixels, then the centre, or pad(V): all of the picture, on grey of V")
	flags.StringVar(&f.filter, "filter", "", "the resizer: bilinear, catmullrom, approx or nearest")
	flags.Float64SliceVar(&f.span, "range", nil, "what the values 0 and 255 become: LOW,HIGH")
	flags.Float64SliceVar(&f.mean, "mean", nil, "R,G,B that are taken from the values, scaled to 0 to 1")
	flags.Float64SliceVar(&f.std, "std", nil, "R,G,B that the difference is divided by")
	flags.StringVar(&f.channels, "channels", "", "their order: rgb or bgr")
	flags.StringVar(&f.layout, "layout", "", "of the model's input: nchw or nhwc (default: the model's)")
	flags.StringArrayVar(&f.inputs, "input", nil, "of a model that takes more than pictures, NAME=NUMBER of another input; repeat it for more")
	flags.IntVar(&f.o.Threads, "threads", 0, "pictures at a time (default: one a processor)")
	flags.StringVar(&f.o.Provider, "provider", "cpu", "what computes: cpu, cuda, tensorrt, coreml, or another that the library has")
	flags.StringVar(&f.o.Library, "onnxruntime", "",
		"the library of ONNX Runtime, or its folder (default: "+native.LibraryVariable+", then usual places)")
}

func presetNames() []string {
	var names []string
	for _, p := range extract.Presets() {
		names = append(names, p.Name)
	}
	return names
}

func extractHelp() string {
	var b strings.Builder
	b.WriteString(`Extract reads the pictures that the items table names through an ONNX model and
writes a matrix a tap, GALLERY/NAME.npy, and GALLERY/gallery.yaml, which records how
they were made. Without an items table every picture in the folder becomes an item.

A tap is a tensor of the model (strata taps lists them) and a pooling that makes a
vector of it: gap, max, gem(P), std, rmac, cov(N), gram(N), flat, and of tokens
cls, patches, patches(N), token(I); without one, gap of a feature map and a vector
as it is. Poolings run inside the model, and only what the taps need is computed.
Where the channels of a tensor are is followed through the model; what is only
guessed is said behind an @: nchw, nhwc, ntc, nct or tnc, as in A=x:gap@ntc.

How pictures become the model's input is named by a preset or by flags, which
override a preset's fields; without them, by preprocessor_config.json or timm's
config.json beside the model or in the folder above it. Pictures are turned as EXIF says and laid over white
where they are transparent; of an animated GIF it is the first frame.

`)
	for _, p := range extract.Presets() {
		fmt.Fprintf(&b, "  %-16s %s\n", p.Name, p.What)
	}
	b.WriteString(`
An extraction that is interrupted, killed or out of disk space keeps what it has
done: the same command goes on, to the same bytes. A picture that cannot be read
is reported, its row is zero and listed in gallery.yaml, and the exit code is 1.`)
	return b.String()
}

// parseSize reads N or HEIGHTxWIDTH; the width is 0 for a square.
func parseSize(text string) (h, w int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	high, wide, two := strings.Cut(text, "x")
	h, err = strconv.Atoi(high)
	if err == nil && two {
		w, err = strconv.Atoi(wide)
	}
	if err != nil || h < 1 || two && w < 1 {
		return 0, 0, usagef("--size is a side, as in 224, or height and width, as in 256x128, not %q", text)
	}
	if w == h {
		w = 0
	}
	return h, w, nil
}

// parseInputs reads NAME=NUMBER of inputs; nil if there are none.
func parseInputs(list []string) (map[string]float64, error) {
	var out map[string]float64
	for _, text := range list {
		at := strings.LastIndexByte(text, '=')
		if at < 1 {
			return nil, usagef("--input is NAME=NUMBER, not %q", text)
		}
		v, err := strconv.ParseFloat(text[at+1:], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, usagef("--input is NAME=NUMBER, not %q", text)
		}
		if out == nil {
			out = map[string]float64{}
		}
		out[text[:at]] = v
	}
	return out, nil
}

// recipe returns what the flags of addRecipe ask for.
func (f extractFlags) recipe(cmd *cobra.Command, gallery string) (extract.Options, error) {
	o := f.o
	o.Gallery, o.Env, o.Version, o.FollowLinks = gallery, os.Getenv, version(), linksFollowed(cmd.Context())
	o.Loaded = func(sha256, path string) { _ = remember(sha256, path) } // the user has named it
	o.Left = func(what string) { warn(cmd, []string{what}) }
	o.Preprocess = manifest.Preprocess{
		Fit: f.fit, Filter: f.filter, Range: f.span, Mean: f.mean, Std: f.std, Channels: f.channels, Layout: f.layout,
	}
	var err error
	if o.Preprocess.Size, o.Preprocess.Width, err = parseSize(f.size); err != nil {
		return o, err
	}
	if o.Preprocess.Inputs, err = parseInputs(f.inputs); err != nil {
		return o, err
	}
	if o.Threads < 0 {
		return o, usagef("--threads is at least 1")
	}
	if strings.EqualFold(o.Provider, "cpu") {
		o.Provider = ""
	}
	return o, nil
}

// options returns what the flags ask for.
func (f extractFlags) options(cmd *cobra.Command, args []string) (extract.Options, error) {
	o, err := f.recipe(cmd, args[len(args)-1])
	if err != nil {
		return o, err
	}
	if o.Append {
		for _, name := range []string{"tap", "type", "seed", "preset", "size", "fit", "filter", "range", "mean", "std", "channels", "layout", "input", "force"} {
			if cmd.Flags().Changed(name) {
				return o, usagef("--append goes by what gallery.yaml records, and takes no --%s", name)
			}
		}
		o.Model, o.Agree = f.model, newAgreement().to
		if o.Model == "" {
			o.Loaded = nil
		}
		return o, nil
	}
	if f.model != "" {
		return o, usagef("--model belongs to --append; otherwise the model is the first argument")
	}
	o.Model = args[0]
	if o.Type, err = parseElements(f.elements); err != nil {
		return o, err
	}
	if len(f.taps) == 0 {
		return o, usagef("no --tap: name a layer and its tensor, as in --tap A=mixed0:gap (strata taps %s lists the tensors)", inert.Shell(args[0]))
	}
	for _, text := range f.taps {
		t, err := onnx.ParseTap(text)
		if err != nil {
			return o, usageError{err}
		}
		t.Seed = f.seed
		o.Taps = append(o.Taps, t)
	}
	return o, nil
}

// parseElements reads the type of the elements of layers.
func parseElements(text string) (layer.DType, error) {
	switch text {
	case "float16":
		return layer.Float16, nil
	case "float32":
		return layer.Float32, nil
	}
	return 0, usagef("--type is float16 or float32, not %q", text)
}

// broken returns what says that a picture cannot be read.
func broken(cmd *cobra.Command, p *progress) func(path string, b manifest.BrokenPicture) {
	return func(path string, b manifest.BrokenPicture) {
		p.end()
		if path != "" && !strings.HasPrefix(b.Why, path) {
			path += ": "
		} else {
			path = ""
		}
		warn(cmd, []string{fmt.Sprintf("%s%s (row %d, item %s)", path, b.Why, b.Row, b.ID)})
	}
}

func runExtract(cmd *cobra.Command, args []string, f extractFlags) error {
	o, err := f.options(cmd, args)
	if err != nil {
		return err
	}
	p := newProgress(cmd.ErrOrStderr())
	o.Progress = p.extraction
	o.Broken = broken(cmd, p)
	sum, err := extract.Extract(cmd.Context(), o)
	p.end()
	var kept *extract.KeptError
	if errors.As(err, &kept) && cmd.Context().Err() != nil {
		warn(cmd, []string{fmt.Sprintf("%d of %d rows are done and kept: the same command goes on with them", kept.Done, kept.Rows)})
	}
	if err != nil {
		return err
	}
	return reportExtraction(shown(cmd), cmd.ErrOrStderr(), sum)
}

// reportExtraction says what an extraction has done, and fails if pictures were broken.
func reportExtraction(out, screen io.Writer, sum *extract.Summary) error {
	if sum.Done == sum.Rows && sum.Had == sum.Rows && sum.Wall == 0 && sum.Broken == 0 {
		_, err := fmt.Fprintf(out, "%d rows, nothing was left to do\n", sum.Rows)
		return err
	}
	if n := sum.Rows - sum.Had; sum.Wall > 0 && n > 0 {
		_, _ = fmt.Fprintf(screen, "%d pictures in %s, %.1f a second; of a processor, each took %.1f ms to decode and resize, %.1f ms in the model\n",
			n, sum.Wall.Round(100*time.Millisecond), float64(n)/sum.Wall.Seconds(), each(sum.Decode, n), each(sum.Inference, n))
	}
	for i, layer := range sum.Layers {
		if _, err := fmt.Fprintf(out, "%s  %d rows  %s\n", layer, sum.Rows, filepath.Base(sum.Files[i])); err != nil {
			return err
		}
	}
	if sum.Broken > 0 {
		return errBroken{sum.Broken, sum.Rows}
	}
	return nil
}

// each returns the milliseconds of one of n.
func each(d time.Duration, n int) float64 { return float64(d.Microseconds()) / 1000 / float64(n) }
