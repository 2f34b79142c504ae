//go:build cgo

package onnx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"strata/engine/native"

	ort "github.com/yalue/onnxruntime_go"
)

// environment is the one environment of ONNX Runtime in this process, which its
// C library and onnxruntime_go do not allow to exist twice. It is made by the
// first Load and lives as long as the process, since threads of the library do.
var environment struct {
	sync.Mutex
	runtime *Runtime
}

// Runtime is ONNX Runtime, loaded. Its methods may be called concurrently.
type Runtime struct {
	library native.Library
}

// Load loads a library that FindLibrary found. A process loads one library;
// loading it again returns the same Runtime.
//
// ONNX Runtime collects and sends telemetry by default. Load sets
// ORT_DISABLE_TELEMETRY in the process's environment before the library is
// loaded, since later is too late. The library logs nothing but fatal errors:
// what goes wrong comes back as an error.
func Load(l native.Library) (*Runtime, error) {
	environment.Lock()
	defer environment.Unlock()
	if r := environment.runtime; r != nil {
		if r.library.Path != l.Path {
			return nil, fmt.Errorf("%s: this process has loaded %s, and can load one library", l.Path, r.library.Path)
		}
		return r, nil
	}
	if l.Path == "" {
		return nil, errors.New("no library of ONNX Runtime")
	}
	if err := os.Setenv("ORT_DISABLE_TELEMETRY", "1"); err != nil {
		return nil, err
	}
	ort.SetSharedLibraryPath(l.Path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, loadError(err))
	}
	if err := ort.DisableTelemetry(); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, err)
	}
	l.Version = ort.GetVersion()
	environment.runtime = &Runtime{library: l}
	return environment.runtime, nil
}

// loadError says what an error of onnxruntime_go means.
func loadError(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Error setting ORT API base"):
		return fmt.Errorf("this ONNX Runtime is too old: 1.%d or later is needed", native.MinMinor)
	case strings.Contains(text, "OrtGetApiBase"):
		return native.ErrNoEntry
	}
	return oneLine(err)
}

// oneLine returns an error of the library without its line breaks.
func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }

// Version returns the version of ONNX Runtime.
func (r *Runtime) Version() string { return r.library.Version }

// Infer asks ONNX Runtime for the types and shapes of the model's tensors, or of those
// that the named ones are made of, and lets the model learn them. What lies behind
// operators that ONNX Runtime does not have is left out. It needs neither the weights
// nor, in memory, more than the model's structure.
func (r *Runtime) Infer(ctx context.Context, m *Model, tensors ...string) error {
	nodes := m.common()
	if len(tensors) > 0 {
		var err error
		if _, nodes, err = m.needed(tensors); err != nil {
			return err
		}
	}
	learnt, err := r.infer(ctx, m, nodes, nil)
	if err != nil {
		return fmt.Errorf("%s: ONNX Runtime does not infer its shapes: %w", m.Path, err)
	}
	m.learnt, m.tried, m.probed = learnt, nil, nil
	if !slices.ContainsFunc(m.Tensors(), Tensor.unclear) {
		return nil
	}
	for _, v := range m.trials() {
		values, err := r.infer(ctx, m, nodes, &v)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			continue // another side of pictures, maybe
		}
		m.tried, m.probed = &v, map[string]Shape{}
		for _, x := range values {
			if x.Shape.Known {
				m.probed[x.Name] = x.Shape
			}
		}
		break
	}
	return nil
}

// infer returns what ONNX Runtime says of the tensors of nodes. fixed is that of skeleton.
func (r *Runtime) infer(ctx context.Context, m *Model, nodes []bool, fixed *Value) ([]Value, error) {
	var b bytes.Buffer
	if err := m.write(ctx, &b, m.skeleton(nodes, fixed)); err != nil {
		return nil, err
	}
	_, outputs, err := ort.GetInputOutputInfoWithONNXData(b.Bytes())
	if err != nil {
		return nil, oneLine(err)
	}
	var learnt []Value
	for _, o := range outputs {
		v := Value{Name: o.Name, Type: ElemType(o.DataType)}
		if o.OrtValueType == ort.ONNXTypeTensor && len(o.Dimensions) > 0 { // none may be a scalar, or a number that is not known
			v.Shape = Fixed(o.Dimensions...)
		}
		learnt = append(learnt, v)
	}
	return learnt, nil
}

// Session is a cut model, loaded. Run may be called concurrently; Close comes
// after every Run has returned.
type Session struct {
	session *ort.DynamicAdvancedSession
	plan    *Plan
}

// Open loads a plan's model.
func (r *Runtime) Open(ctx context.Context, p *Plan, o Options) (*Session, error) {
	if err := p.Model.CheckWeights(); err != nil {
		return nil, err
	}
	options, err := sessionOptions(p, o)
	if err != nil {
		return nil, err
	}
	defer options.Destroy() //nolint:errcheck // it only says that it was destroyed before
	var b bytes.Buffer
	b.Grow(int(p.Size()))
	if err := p.Write(ctx, &b); err != nil {
		return nil, err
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(b.Bytes(), []string{p.fed}, p.Outputs, options)
	if err != nil {
		return nil, fmt.Errorf("%s: ONNX Runtime %s does not load it: %w", p.Model.Path, r.Version(), oneLine(err))
	}
	return &Session{session: session, plan: p}, nil
}

// sessionOptions returns the library's options, to be destroyed. Among them is that
// products of uint8 and int8 are exact: without it, an x64 processor that lacks VNNI cuts
// sums of two to int16 (onnxruntime_session_options_config_keys.h).
func sessionOptions(p *Plan, o Options) (*ort.SessionOptions, error) {
	folder, err := filepath.Abs(filepath.Dir(p.Model.Path))
	if err != nil {
		return nil, err
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	spin := "0"
	if o.Spin {
		spin = "1"
	}
	err = errors.Join(
		options.SetLogSeverityLevel(ort.LoggingLevelFatal),
		options.SetIntraOpNumThreads(max(o.Threads, 1)),
		options.SetInterOpNumThreads(1),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", spin),
		options.AddSessionConfigEntry("session.x64quantprecision", "1"),
		options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder),
		provide(options, o.Provider))
	if err != nil {
		return nil, errors.Join(err, options.Destroy())
	}
	return options, nil
}

// provide adds an execution provider, if the library has it.
func provide(options *ort.SessionOptions, name string) error {
	var err error
	switch strings.ToLower(name) {
	case "", "cpu":
		return nil
	case "cuda":
		var cuda *ort.CUDAProviderOptions
		if cuda, err = ort.NewCUDAProviderOptions(); err == nil {
			err = errors.Join(options.AppendExecutionProviderCUDA(cuda), cuda.Destroy())
		}
	case "tensorrt":
		var rt *ort.TensorRTProviderOptions
		if rt, err = ort.NewTensorRTProviderOptions(); err == nil {
			err = errors.Join(options.AppendExecutionProviderTensorRT(rt), rt.Destroy())
		}
	case "coreml":
		err = options.AppendExecutionProviderCoreMLV2(nil)
	default:
		err = options.AppendExecutionProvider(name, nil)
	}
	if err != nil {
		return fmt.Errorf("execution provider %s: this library of ONNX Runtime has none that works: %w", strconv.Quote(name), oneLine(err))
	}
	return nil
}

// Run feeds values of a shape, in C order, and returns the plan's outputs in the
// order of its taps. The outputs are copies.
func (s *Session) Run(shape []int64, values []float32) (outputs []Output, err error) {
	in, err := ort.NewTensor(ort.NewShape(shape...), values)
	if err != nil {
		return nil, err
	}
	got := make([]ort.Value, len(s.plan.Outputs))
	defer func() {
		err = errors.Join(err, in.Destroy())
		for _, v := range got {
			if v != nil {
				err = errors.Join(err, v.Destroy())
			}
		}
	}()
	if err := s.session.Run([]ort.Value{in}, got); err != nil {
		return nil, fmt.Errorf("%s: input %q of %v: %w", s.plan.Model.Path, s.plan.Input.Name, Fixed(shape...), oneLine(err))
	}
	for i, v := range got {
		t, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("%s: tap %s came out as %T", s.plan.Model.Path, s.plan.Taps[i].Name, v)
		}
		outputs = append(outputs, Output{Shape: t.GetShape().Clone(), Values: append([]float32(nil), t.GetData()...)})
	}
	return outputs, nil
}

// Close frees the model.
func (s *Session) Close() error { return s.session.Destroy() }
