//go:build !cgo

package onnx

import (
	"context"

	"strata/engine/native"
)

// Load returns ErrNoCgo.
func Load(native.Library) (*Runtime, error) { return nil, ErrNoCgo }

// Runtime is ONNX Runtime; there is none in this build.
type Runtime struct{}

// Version returns the version of ONNX Runtime.
func (*Runtime) Version() string { return "" }

// Infer returns ErrNoCgo.
func (*Runtime) Infer(context.Context, *Model, ...string) error { return ErrNoCgo }

// Open returns ErrNoCgo.
func (*Runtime) Open(context.Context, *Plan, Options) (*Session, error) { return nil, ErrNoCgo }

// Session is a model, loaded; there is none in this build.
type Session struct{}

// Run returns ErrNoCgo.
func (*Session) Run([]int64, []float32) ([]Output, error) { return nil, ErrNoCgo }

// Close returns nil.
func (*Session) Close() error { return nil }
