//go:build cgo && !windows

package graph

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// The part of usearch.h, version 2, that is used here.
typedef char const *err_t;
typedef struct {
	int metric_kind;
	void *metric;
	int quantization;
	size_t dimensions, connectivity, expansion_add, expansion_search;
	bool multi;
} options_t;
enum { metric_cos = 1, scalar_f32 = 1, scalar_f16 = 3, scalar_i8 = 4 };

typedef struct {
	void *handle;
	char const *(*version)(void);
	void *(*init)(options_t *, err_t *);
	void (*free)(void *, err_t *);
	void (*reserve)(void *, size_t, err_t *);
	void (*threads_add)(void *, size_t, err_t *);
	void (*threads_search)(void *, size_t, err_t *);
	void (*ef)(void *, size_t, err_t *);
	void (*add)(void *, uint64_t, void const *, int, err_t *);
	size_t (*search)(void *, void const *, int, size_t, uint64_t *, float *, err_t *);
	size_t (*serialized)(void *, err_t *);
} lib_t;

// load fills l from the library at path. It returns NULL, or what is wrong, which is
// valid until the next call.
static char const *load(lib_t *l, char const *path) {
	l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle) return dlerror();
	struct { void **at; char const *name; } symbols[] = {
		{(void **)&l->version, "usearch_version"}, {(void **)&l->init, "usearch_init"},
		{(void **)&l->free, "usearch_free"}, {(void **)&l->reserve, "usearch_reserve"},
		{(void **)&l->threads_add, "usearch_change_threads_add"},
		{(void **)&l->threads_search, "usearch_change_threads_search"},
		{(void **)&l->ef, "usearch_change_expansion_search"}, {(void **)&l->add, "usearch_add"},
		{(void **)&l->search, "usearch_search"}, {(void **)&l->serialized, "usearch_serialized_length"},
	};
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		*symbols[i].at = dlsym(l->handle, symbols[i].name);
		if (!*symbols[i].at) return dlerror();
	}
	return NULL;
}
static char const *lib_version(lib_t *l) { return l->version(); }
static void *lib_init(lib_t *l, int kind, size_t dim, size_t m, size_t ef, err_t *e) {
	options_t o = {metric_cos, NULL, kind, dim, m, ef, ef, false};
	return l->init(&o, e);
}
static void lib_free(lib_t *l, void *x, err_t *e) { l->free(x, e); }
static void lib_reserve(lib_t *l, void *x, size_t rows, err_t *e) {
	l->reserve(x, rows, e);
	if (!*e) l->threads_add(x, 1, e);
	if (!*e) l->threads_search(x, 1, e);
}
static void lib_threads(lib_t *l, void *x, size_t n, err_t *e) { l->threads_search(x, n, e); }
static void lib_ef(lib_t *l, void *x, size_t ef, err_t *e) { l->ef(x, ef, e); }
static void lib_add(lib_t *l, void *x, uint64_t key, float const *v, err_t *e) { l->add(x, key, v, scalar_f32, e); }
static size_t lib_search(lib_t *l, void *x, float const *v, size_t n, uint64_t *keys, float *far, err_t *e) {
	return l->search(x, v, scalar_f32, n, keys, far, e);
}
static size_t lib_bytes(lib_t *l, void *x, err_t *e) { return l->serialized(x, e); }
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// Index is a graph over vectors, compared by cosine.
type Index struct {
	lib     *C.lib_t
	x       unsafe.Pointer
	options Options
	version string
	added   int
	open    bool // to searches, of Options.Searchers
}

// New makes an empty index with the library at a path from FindLibrary. The library stays loaded.
func New(library string, o Options) (*Index, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	x := &Index{options: o, lib: (*C.lib_t)(C.calloc(1, C.sizeof_lib_t))}
	path := C.CString(library)
	defer C.free(unsafe.Pointer(path))
	if wrong := C.load(x.lib, path); wrong != nil {
		return nil, errors.Join(fmt.Errorf("loading USearch: %s", C.GoString(wrong)), x.Close())
	}
	x.version = C.GoString(C.lib_version(x.lib))
	if !strings.HasPrefix(x.version, "2.") {
		return nil, errors.Join(fmt.Errorf("%s is USearch %s, and version 2 is needed", library, x.version), x.Close())
	}
	kind := map[Kind]C.int{Float16: C.scalar_f16, Float32: C.scalar_f32, Int8: C.scalar_i8}[o.Kind]
	err := x.call(func(e *C.err_t) {
		x.x = C.lib_init(x.lib, kind, C.size_t(o.Dim), C.size_t(o.M), C.size_t(o.EfConstruction), e)
	})
	if err == nil {
		err = x.call(func(e *C.err_t) { C.lib_reserve(x.lib, x.x, C.size_t(o.Rows), e) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a graph of %d × %d values: %w", o.Rows, o.Dim, err), x.Close())
	}
	return x, nil
}

// call returns the error of a call of the library.
func (x *Index) call(do func(e *C.err_t)) error {
	e := (*C.err_t)(C.calloc(1, C.sizeof_err_t)) // C keeps no pointer to Go's memory
	defer C.free(unsafe.Pointer(e))
	do(e)
	if *e != nil {
		return fmt.Errorf("USearch: %s", C.GoString(*e))
	}
	return nil
}

// Version returns the library's version.
func (x *Index) Version() string { return x.version }

// Add adds the vector of an item. Each item has one vector.
func (x *Index) Add(row int, vector []float32) error {
	if len(vector) != x.options.Dim {
		return fmt.Errorf("item %d: a vector of %d values, the graph has %d", row, len(vector), x.options.Dim)
	}
	if x.added == x.options.Rows {
		return fmt.Errorf("item %d: the graph has room for %d items", row, x.options.Rows)
	}
	x.added++
	return x.call(func(e *C.err_t) {
		C.lib_add(x.lib, x.x, C.uint64_t(row), (*C.float)(unsafe.SliceData(vector)), e)
	})
}

// SetEf sets the number of candidates that a search visits. After the first call no vector may be
// added.
func (x *Index) SetEf(ef int) error {
	if ef < 1 {
		return fmt.Errorf("ef is at least 1, not %d", ef)
	}
	if !x.open {
		x.open = true
		err := x.call(func(e *C.err_t) { C.lib_threads(x.lib, x.x, C.size_t(x.options.Searchers), e) })
		if err != nil {
			return err
		}
	}
	return x.call(func(e *C.err_t) { C.lib_ef(x.lib, x.x, C.size_t(ef), e) })
}

// Search returns up to n items near a vector, nearest first. SetEf must be called before. If n is
// above ef, the search visits n candidates.
func (x *Index) Search(vector []float32, n int) ([]int, error) {
	if len(vector) != x.options.Dim {
		return nil, fmt.Errorf("a query of %d values, the graph has %d", len(vector), x.options.Dim)
	}
	if n < 1 || x.added == 0 {
		return nil, nil
	}
	keys, far := make([]uint64, n), make([]float32, n)
	found := 0
	err := x.call(func(e *C.err_t) {
		found = int(C.lib_search(x.lib, x.x, (*C.float)(unsafe.SliceData(vector)), C.size_t(n),
			(*C.uint64_t)(unsafe.SliceData(keys)), (*C.float)(unsafe.SliceData(far)), e))
	})
	rows := make([]int, found)
	for i, key := range keys[:found] {
		rows[i] = int(key)
	}
	return rows, err
}

// Bytes returns the size of the index in the library's file format: vectors, neighbours and keys.
func (x *Index) Bytes() int64 {
	var n int64
	if err := x.call(func(e *C.err_t) { n = int64(C.lib_bytes(x.lib, x.x, e)) }); err != nil {
		return 0
	}
	return n
}

// Close frees the memory. It may be called again.
func (x *Index) Close() error {
	var err error
	if x.x != nil {
		err = x.call(func(e *C.err_t) { C.lib_free(x.lib, x.x, e) })
		x.x = nil
	}
	C.free(unsafe.Pointer(x.lib))
	x.lib = nil
	return err
}
