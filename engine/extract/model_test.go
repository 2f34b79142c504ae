//go:build cgo

package extract

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"strata/engine/native"
	"strata/engine/onnx"
	"strata/fixtures/need"
)

// extractRuntime loads ONNX Runtime for a test of extraction.
func extractRuntime(t testing.TB) *onnx.Runtime {
	t.Helper()
	l, err := native.FindLibrary("", os.Getenv)
	if err != nil {
		need.Missing(t, "no ONNX Runtime (go run ./fixtures/inception gets one): "+err.Error())
	}
	r, err := onnx.Load(l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// networkBytes returns the network of the tests, which has the taps relu1, mixed and
// logits.
func networkBytes(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../fixtures/models/net.onnx")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// saveModel writes a model into a folder of the test and returns its path.
func saveModel(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// modelFile writes the network of the tests.
func modelFile(t testing.TB) string {
	t.Helper()
	extractRuntime(t)
	return saveModel(t, networkBytes(t))
}

// protoNumber is a field of a protocol buffer that holds a number; protoBytes one that holds
// bytes.
func protoNumber(field int, x uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3), x)
}

func protoBytes(field int, parts ...[]byte) []byte {
	b := slices.Concat(parts...)
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3|2), uint64(len(b))), b...)
}

// reluModel returns a model of one Relu from x to y, which have the dimensions, each
// an int or a string.
func reluModel(dims ...any) []byte {
	var shape []byte
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			shape = append(shape, protoBytes(1, protoNumber(1, uint64(d)))...)
		case string:
			shape = append(shape, protoBytes(1, protoBytes(2, []byte(d)))...)
		}
	}
	value := func(name string) []byte {
		tensor := slices.Concat(protoNumber(1, uint64(onnx.Float32)), protoBytes(2, shape))
		return slices.Concat(protoBytes(1, []byte(name)), protoBytes(2, protoBytes(1, tensor)))
	}
	node := slices.Concat(protoBytes(1, []byte("x")), protoBytes(2, []byte("y")), protoBytes(3, []byte("y")), protoBytes(4, []byte("Relu")))
	graph := protoBytes(7, protoBytes(1, node), protoBytes(11, value("x")), protoBytes(12, value("y")))
	return slices.Concat(protoNumber(1, 8), graph, protoBytes(8, protoNumber(2, 17)))
}

// extractVariable makes the test program extract in a process of its own.
const extractVariable = "STRATA_EXTRACT_CHILD"

// TestExtractChild is that process.
func TestExtractChild(*testing.T) {
	if dir := os.Getenv(extractVariable); dir != "" {
		os.Exit(extractChild(dir))
	}
}
