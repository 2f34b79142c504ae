package command

import (
	"context"
	"os"

	"github.com/spf13/pflag"

	"strata/engine"
	"strata/engine/extract"
	"strata/engine/native"
	"strata/experiments/check"
)

// modelFlags say what computes the features of new pictures, where gallery.yaml
// and the usual places do not.
type modelFlags struct {
	model, library string
	agreement      *agreement
}

func (f *modelFlags) add(flags *pflag.FlagSet) {
	f.agreement = newAgreement()
	flags.StringVar(&f.model, "model", "",
		"the model that made the gallery, for new pictures (default: "+extract.ModelVariable+", then where gallery.yaml says, if you agree to it)")
	flags.StringVar(&f.library, "onnxruntime", "",
		"the library of ONNX Runtime, or its folder (default: "+native.LibraryVariable+", then usual places)")
}

// extractor opens what computes the features of new pictures. It computes on one
// thread: a picture takes a tenth of a second, and gives the same bits anywhere on
// one kind of processor.
func (f *modelFlags) extractor(ctx context.Context, g *engine.Gallery) (check.Extractor, error) {
	x, err := extract.OpenExtractor(ctx, g, extract.ExtractorOptions{Model: f.model, Library: f.library, Env: os.Getenv, Agree: f.agreement.to})
	if err != nil {
		return nil, err
	}
	if f.model != "" {
		_ = remember(g.Manifest().Model.SHA256, f.model) // otherwise it is named again
	}
	return extractor{x}, nil
}

// extractor is the Extractor of engine/onnx as experiments asks for it.
type extractor struct{ *extract.Extractor }

func (x extractor) Check(ctx context.Context, n int) (check.Parity, error) {
	p, err := x.Extractor.Check(ctx, n)
	return check.Parity(p), err
}
