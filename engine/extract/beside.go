package extract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"strata/engine/fence"
	"strata/engine/manifest"
)

// maxConfig bounds a file that says a preprocessing, in bytes.
const maxConfig = 1 << 20

// beside returns the preprocessing that a file says which lies beside the model or in the
// folder above it (as models of the Hugging Face hub have theirs in onnx/):
// preprocessor_config.json of transformers, or config.json of timm. Fields of asked that
// are set take precedence. Without such a file it is asked itself.
func beside(model string, asked manifest.Preprocess) (manifest.Preprocess, error) {
	dir := filepath.Dir(model)
	for _, name := range []string{
		filepath.Join(dir, "preprocessor_config.json"), filepath.Join(dir, "config.json"),
		filepath.Join(dir, "..", "preprocessor_config.json"), filepath.Join(dir, "..", "config.json"),
	} {
		data, err := fence.ReadFile(name, maxConfig)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return asked, err
		}
		read := readTransformers
		if filepath.Base(name) == "config.json" {
			read = readTimm
		}
		p, err := read(data, asked)
		if err != nil {
			return asked, fmt.Errorf("%s: %w; name a preset, or range, mean and std", name, err)
		}
		if p == nil {
			continue // of something else
		}
		take(p, asked)
		if asked.Size != 0 {
			p.Size, p.Width = asked.Size, asked.Width
		}
		return *p, nil
	}
	return asked, nil
}

// resamplers are the filters of Pillow by their numbers, as transformers names them.
var resamplers = map[int]string{0: filterNearest, 2: filterBilinear, 3: filterCatmullRom}

// sides is a size of transformers: a number, or an object.
type sides struct {
	Short  int `json:"shortest_edge"`
	Height int `json:"height"`
	Width  int `json:"width"`
	number int
}

// UnmarshalJSON reads a number or an object.
func (s *sides) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &s.number) == nil {
		return nil
	}
	type object sides
	return json.Unmarshal(b, (*object)(s))
}

// transformersConfig is what is read of a preprocessor_config.json.
type transformersConfig struct {
	Resize    *bool    `json:"do_resize"`
	Crop      *bool    `json:"do_center_crop"`
	Rescale   *bool    `json:"do_rescale"`
	Normalize *bool    `json:"do_normalize"`
	Pad       *bool    `json:"do_pad"`
	Size      *sides   `json:"size"`
	CropSize  *sides   `json:"crop_size"`
	CropPart  float64  `json:"crop_pct"`
	Resample  *int     `json:"resample"`
	Factor    *float64 `json:"rescale_factor"`
	Offset    *bool    `json:"rescale_offset"`

	Mean []float64 `json:"image_mean"`
	Std  []float64 `json:"image_std"`
}

func off(b *bool) bool { return b != nil && !*b }
func on(b *bool) bool  { return b != nil && *b }

// readTransformers reads a preprocessor_config.json, nil if it is of no pictures.
func readTransformers(data []byte, asked manifest.Preprocess) (*manifest.Preprocess, error) {
	var c transformersConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if c.Mean == nil && c.Size == nil {
		return nil, nil
	}
	p := &manifest.Preprocess{}
	switch {
	case c.Factor != nil && math.Abs(*c.Factor-1./255) > 1e-9 && !off(c.Rescale), on(c.Offset):
		return nil, errors.New("it scales values in another way than by 1/255")
	case off(c.Normalize) && off(c.Rescale):
		p.Range = []float64{0, 255}
	case off(c.Normalize):
		p.Range = []float64{0, 1}
	default:
		p.Mean, p.Std = slices.Clone(c.Mean), slices.Clone(c.Std)
	}
	if off(c.Rescale) {
		for _, list := range [][]float64{p.Mean, p.Std} {
			for i := range list {
				list[i] /= 255
			}
		}
	}
	if on(c.Pad) || off(c.Resize) || c.Size == nil {
		return nil, errors.New("it pads pictures, or does not resize them to one size")
	}
	if err := c.fit(p); err != nil {
		return nil, err
	}
	if c.Resample != nil {
		p.Filter = resamplers[*c.Resample]
	}
	if p.Filter == "" && asked.Filter == "" {
		return nil, errors.New("it resizes by a filter that there is none of here (--filter names another)")
	}
	return p, nil
}

// fit sets size and fit.
func (c *transformersConfig) fit(p *manifest.Preprocess) error {
	h, w, short := c.Size.Height, c.Size.Width, c.Size.Short
	if n := c.Size.number; n > 0 && on(c.Crop) {
		short = n
	} else if n > 0 {
		h, w = n, n
	}
	ch, cw := h, w
	if c.CropSize != nil {
		ch, cw = max(c.CropSize.Height, c.CropSize.number), max(c.CropSize.Width, c.CropSize.number)
	}
	switch {
	case c.CropPart > 0 && short >= 384: // ConvNextImageProcessor
		p.Size, p.Fit = short, "squash"
	case c.CropPart > 0 && short > 0:
		p.Size, p.Fit = short, crop(int(float64(short)/c.CropPart))
	case on(c.Crop) && short > 0 && ch > 0 && short >= max(ch, cw):
		p.Size, p.Width, p.Fit = ch, cw, crop(short)
	case short > 0, h <= 0, w <= 0, on(c.Crop) && (ch != h || cw != w):
		return errors.New("it does not make pictures of one size by squashing, or by a crop of the middle")
	default:
		p.Size, p.Width, p.Fit = h, w, "squash"
	}
	if p.Width == p.Size {
		p.Width = 0
	}
	return nil
}

// timmConfig is what is read of a config.json of timm.
type timmConfig struct {
	Pretrained *struct {
		Input    []int     `json:"input_size"` // channels, height, width
		Filter   string    `json:"interpolation"`
		CropPart float64   `json:"crop_pct"`
		CropMode string    `json:"crop_mode"`
		Mean     []float64 `json:"mean"`
		Std      []float64 `json:"std"`
	} `json:"pretrained_cfg"`
}

// readTimm reads a config.json, nil if it is not of timm.
func readTimm(data []byte, asked manifest.Preprocess) (*manifest.Preprocess, error) {
	var c timmConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	t := c.Pretrained
	if t == nil || len(t.Input) != 3 || t.Mean == nil {
		return nil, nil
	}
	p := &manifest.Preprocess{Size: t.Input[1], Mean: t.Mean, Std: t.Std}
	p.Filter = map[string]string{"bicubic": filterCatmullRom, "bilinear": filterBilinear, "nearest": filterNearest}[t.Filter]
	part := t.CropPart
	if part == 0 {
		part = 0.875 // timm's DEFAULT_CROP_PCT
	}
	switch {
	case p.Filter == "" && asked.Filter == "":
		return nil, fmt.Errorf("it resizes by %q, a filter that there is none of here (--filter names another)", t.Filter)
	case t.Input[1] != t.Input[2]:
		return nil, errors.New("it feeds rectangles")
	case t.CropMode == "squash" && part == 1:
		p.Fit = "squash"
	case t.CropMode != "" && t.CropMode != "center":
		return nil, fmt.Errorf("its crop is %q, which there is none of here", t.CropMode)
	default:
		p.Fit = crop(int(math.Floor(float64(p.Size) / part)))
	}
	return p, nil
}
