package format

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// safetensorsBits maps a type's name to the bits of an element. The types of a layer are in
// safetensorsTypes. A type in neither is not checked against its shape.
var safetensorsBits = map[string]uint64{
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
	"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
	"I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}

var safetensorsTypes = map[string]Type{
	"F32": Float32, "F16": Float16, "BF16": BFloat16, "F64": Float64, "I8": Int8, "U8": Uint8, "I32": Int32,
}

// tensor is an entry of the header of a safetensors file.
type tensor struct {
	name       string
	dtype      string
	shape      []int64
	begin, end int64 // behind the header
}

// readSafetensors reads https://github.com/huggingface/safetensors: the length of the header, a
// uint64; the header, JSON; the data. As the format demands, names are unique, and the tensors
// cover the data without gaps and overlaps. Arrays are in the order of the data.
//
// github.com/nlpodyssey/safetensors is not used. It needs the whole file as a slice, and returns
// slices instead of places. It keeps the last of two tensors of one name, does not know types of 8
// bits, and refuses a file because of a tensor that is not requested.
func readSafetensors(_ context.Context, f File, size int64) ([]Array, error) {
	var lead [8]byte
	if size < int64(len(lead)) {
		return nil, fmt.Errorf("%d bytes are too few for a safetensors file", size)
	}
	if err := readFull(f, lead[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(lead[:])
	if length > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes is longer than the %d allowed, or this is no safetensors file", length, maxHeader)
	}
	data := int64(length) + int64(len(lead))
	if data > size {
		return nil, fmt.Errorf("the file ends within its header: it needs %d bytes, the file has %d", data, size)
	}
	header := make([]byte, length)
	if err := readFull(f, header, int64(len(lead))); err != nil {
		return nil, err
	}
	tensors, err := parseTensors(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := cover(tensors, size-data); err != nil {
		return nil, err
	}
	var arrays []Array
	for _, t := range tensors {
		a, err := t.array(data)
		if err != nil {
			return nil, place(t.name, err)
		}
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// parseTensors parses {"name": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}, …,
// "__metadata__": {…}}, with optional trailing spaces.
func parseTensors(header []byte) ([]tensor, error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, errors.New("it does not begin with {")
	}
	dec := json.NewDecoder(bytes.NewReader(header))
	var tensors []tensor
	err := object(dec, func(name string) error {
		if name == "__metadata__" {
			return object(dec, func(string) error { return dec.Decode(new(string)) })
		}
		if len(tensors) == maxArrays {
			return fmt.Errorf("it has more than the %d tensors allowed", maxArrays)
		}
		t := tensor{name: name}
		if err := t.parse(dec); err != nil {
			return place(name, err)
		}
		tensors = append(tensors, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimRight(header[dec.InputOffset():], " \x00"); len(rest) > 0 {
		return nil, fmt.Errorf("%q stands behind it", clip(string(rest), 20))
	}
	return tensors, nil
}

// object reads a JSON object with unique keys. value reads the value of a key.
func object(dec *json.Decoder, value func(key string) error) error {
	open, err := dec.Token()
	if err != nil {
		return ended(err)
	}
	if open != json.Delim('{') {
		return fmt.Errorf("%v stands where { should", open)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return ended(err)
		}
		key, _ := token.(string) // a key is always a string
		if seen[key] {
			return fmt.Errorf("%q stands twice", clip(key, 60))
		}
		seen[key] = true
		if err := value(key); err != nil {
			return ended(err)
		}
	}
	_, err = dec.Token()
	return ended(err)
}

// ended turns an io.EOF within a JSON text into an error that says so.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it does not end")
	}
	return err
}

func (t *tensor) parse(dec *json.Decoder) error {
	var offsets []int64
	have := 0
	err := object(dec, func(key string) error {
		have++
		switch key {
		case "dtype":
			return dec.Decode(&t.dtype)
		case "shape":
			return dec.Decode(&t.shape)
		case "data_offsets":
			return dec.Decode(&offsets)
		}
		return fmt.Errorf("key %q is not known", clip(key, 60))
	})
	switch {
	case err != nil:
		return err
	case have != 3:
		return errors.New("dtype, shape or data_offsets is missing")
	case len(offsets) != 2 || offsets[0] < 0 || offsets[1] < offsets[0]:
		return fmt.Errorf("data_offsets %v are no beginning and end", offsets)
	case len(t.shape) > 32:
		return fmt.Errorf("shape has %d dimensions, and at most 32 are allowed", len(t.shape))
	}
	t.begin, t.end = offsets[0], offsets[1]
	return nil
}

// cover sorts the tensors by place. It checks that they are contiguous and fill the size bytes
// behind the header.
func cover(tensors []tensor, size int64) error {
	slices.SortFunc(tensors, func(a, b tensor) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	var at int64
	for _, t := range tensors {
		switch {
		case t.begin > at:
			return place(t.name, fmt.Errorf("begins at byte %d of the data: bytes %d to %d belong to no tensor", t.begin, at, t.begin))
		case t.begin < at:
			return place(t.name, fmt.Errorf("begins at byte %d of the data, within another tensor, which ends at %d", t.begin, at))
		}
		at = t.end
	}
	switch {
	case at > size:
		return fmt.Errorf("the tensors need %d bytes behind the header, the file has %d: it is truncated", at, size)
	case at < size:
		return fmt.Errorf("the tensors need %d bytes behind the header, the file has %d: bytes are left over", at, size)
	}
	return nil
}

// array returns the tensor as a matrix. data is the byte at which the data begin.
func (t *tensor) array(data int64) (Array, error) {
	elements := uint64(1)
	for _, n := range t.shape {
		hi, lo := bits.Mul64(elements, uint64(n))
		if n < 0 || hi != 0 {
			return Array{}, fmt.Errorf("shape %s is negative or overflows", npyDict{shape: t.shape}.tuple())
		}
		elements = lo
	}
	if size := safetensorsBits[t.dtype]; size > 0 {
		hi, all := bits.Mul64(elements, size)
		if have := t.end - t.begin; hi != 0 || all%8 != 0 || all/8 != uint64(have) {
			return Array{}, fmt.Errorf("shape %s of %s does not take the %d bytes of its data_offsets", npyDict{shape: t.shape}.tuple(), t.dtype, have)
		}
	}
	a := Array{Name: t.name}
	typ, ok := safetensorsTypes[t.dtype]
	if !ok {
		a.Why = fmt.Sprintf("type %s is none that a layer may have: F32, F16, BF16, F64, I32, I8, U8", clip(t.dtype, 30))
		return a, nil
	}
	rows, dim, why := matrixShape(t.shape)
	if why != "" {
		if whole, ok := tokens(typ, t.shape, data+t.begin, data+t.end); ok {
			a = whole
		}
		a.Name, a.Why = t.name, why
		return a, nil
	}
	if elements == 0 {
		a.Why = fmt.Sprintf("shape %s is empty", npyDict{shape: t.shape}.tuple())
		return a, nil
	}
	a.Type, a.Rows, a.Dim = typ, rows, dim
	a.Offset, a.Stride = data+t.begin, a.Dim*typ.Size()
	return a, nil
}

// ReadIndex reads the index of a model that lies in several safetensors files,
// model.safetensors.index.json: {"weight_map": {"tensor": "file", …}, …}. It returns
// the file of each tensor, a plain name within the index's folder.
func ReadIndex(f File, size int64) (map[string]string, error) {
	if size > maxHeader {
		return nil, fmt.Errorf("an index of %d bytes is longer than the %d allowed", size, maxHeader)
	}
	dec := json.NewDecoder(io.NewSectionReader(f, 0, size))
	var files map[string]string
	err := object(dec, func(key string) error {
		if key != "weight_map" {
			return dec.Decode(new(json.RawMessage))
		}
		files = map[string]string{}
		return object(dec, func(name string) error {
			var file string
			if err := dec.Decode(&file); err != nil {
				return place(name, err)
			}
			if !plain(file) || extension(file) != ".safetensors" {
				return place(name, fmt.Errorf("%q is not the plain name of a .safetensors file", clip(file, 60)))
			}
			files[name] = file
			return nil
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("index: %w", err)
	case len(files) == 0:
		return nil, errors.New(`index: "weight_map" is missing or empty`)
	case len(files) > maxArrays:
		return nil, fmt.Errorf("index: %d tensors are more than the %d allowed", len(files), maxArrays)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("index: something stands behind it")
	}
	return files, nil
}

// plain reports whether a name is a plain file name within a folder, on any system.
func plain(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\:\x00")
}
