// Package onnx reads the structure of ONNX models, cuts them down to the tensors
// that a gallery's layers are read from, and runs them with ONNX Runtime. It is the only
// package that knows ONNX Runtime. Package extract makes layers with it.
//
// # Nouns
//
// A model is an ONNX file, with its weights in it or in files beside it. A
// tensor is what a node of its graph puts out. A tap asks for one layer: a
// tensor and a pooling, which makes a vector of a feature map. A plan is the
// model cut down to what taps need, with the poolings as nodes at its end. A
// session is a plan that is loaded.
//
// # Files
//
// Read walks the protobuf messages of a file (onnx.proto3) and skips the
// weights, so that a model of any size takes little time and memory; 5 GB are no
// more work than 5 MB. Nothing is allocated on the word of a length in the file.
// A plan is written by copying ranges of the file: nodes and weights stay as they
// are, byte for byte, and the pooling nodes follow. What would be too large for a
// protobuf message keeps its weights in the model's file, as external data.
//
// # Poolings
//
//	gap  max  gem(P)  std  rmac  a value a channel
//	cov(N)  gram(N)              N values of the products of channels
//	cls  patches(N)  token(I)    a value a channel, of one place or of those from N on
//	flat                         the tensor as it is
//
// cov takes the covariances of channels over the places of a map: the upper
// triangle, sign·√|·|, a projection to N coordinates drawn from a seed, length 1.
// gram does the same without centring. rmac takes the largest values over regions
// of three sizes and sums them, each as a vector of length 1. They are computed in the graph, in
// float32, with operators of opset 9, so they need no other code anywhere.
//
// # Dimensions
//
// What each dimension of a tensor counts, pictures, channels or places, is followed from
// the input through the operators. A dimension is a product of factors, each of which
// counts one of them: a Reshape regroups the factors, a Transpose moves them, weights
// replace the last ones by channels. Sizes come from the file or, where that leaves them
// open, from ONNX Runtime's inference for 13 pictures. What follows from operators alone is
// sure; what an unknown operator puts out is guessed from its shape, and then a tap has to
// say the order.
//
// # The library
//
// FindLibrary looks for the library and looks into it, so that another processor
// or version is an error and not a crash. Load makes the process's one
// environment, with telemetry off and the log silent. A build without cgo reads
// and plans models, and says ErrNoCgo where the library would be needed.
//
// # Ownership and concurrency
//
// A Model is changed by Runtime.Infer only, which lets it learn shapes; otherwise
// it may be read concurrently, and so may a Plan. Session.Run may be called
// concurrently, and returns copies; Close comes after every Run has returned. No file
// is held open between calls.
//
//	m, err := onnx.Read("inception_v3.onnx")
//	plan, err := m.Plan([]onnx.Tap{{Name: "A", Tensor: "mixed0"}}, 7)
//	library, err := native.FindLibrary("", os.Getenv)
//	runtime, err := onnx.Load(library)
//	session, err := runtime.Open(ctx, plan, onnx.Options{Threads: 2})
//	...
//	defer session.Close()
//	outputs, err := session.Run([]int64{1, 3, 299, 299}, picture)
package onnx
