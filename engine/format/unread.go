package format

import (
	"fmt"
	"path"
	"strings"

	"strata/engine/inert"
)

// Unread says of a file of a kind that programs keep features in, and that is not read, what to
// do: often a command that writes its contents as a file that is read. It goes by the name's
// extension, and returns "" for other names.
func Unread(name string) string {
	c := conversions[strings.ToLower(path.Ext(name))]
	if c.program == "" {
		return c.what
	}
	return c.what + " is not read; this writes it as a file that is: " + Python(c.modules, c.program, name)
}

// Python returns a command line that runs a program with the modules it imports. In the program f
// is the name of a file, and stem that without the extension. The name is an argument, not part of
// the program, so no name changes what runs.
func Python(modules, program, name string) string {
	return fmt.Sprintf(`python3 -c "import os, sys, %s; f = sys.argv[1]; stem = os.path.splitext(f)[0]; %s" %s`, modules, program, inert.Shell(name))
}

// conversion says how a file of a kind that is not read becomes one that is.
type conversion struct {
	what    string
	modules string // of Python
	program string // of Python, see Python; "" where what says it all
}

// conversions are the kinds of files that programs keep features in, by extension.
var conversions = map[string]conversion{
	".h5":       hdf5,
	".hdf5":     hdf5,
	".pt":       torch,
	".pth":      torch,
	".pkl":      pickle,
	".pickle":   pickle,
	".joblib":   {objects, "joblib, numpy", `numpy.save(stem, joblib.load(f))`},
	".mat":      {"a file of MATLAB", "scipy.io, numpy", `numpy.savez(stem, **{k: v for k, v in scipy.io.loadmat(f).items() if k[0] != '_'})`},
	".zarr":     {"Zarr", "zarr, numpy", `numpy.save(stem, zarr.open(f, mode='r')[:])`},
	".index":    faiss,
	".faiss":    faiss,
	".lmdb":     {what: "LMDB is not read: write the features with numpy.save"},
	".tfrecord": {what: "TFRecord is not read: write the features with numpy.save"},
	".xlsx":     spreadsheet,
	".xls":      spreadsheet,
	".ods":      spreadsheet,
}

const objects = "a file of Python objects (which can run programs: load it only if you trust it)"

var (
	hdf5  = conversion{"HDF5", "h5py, numpy", `x = h5py.File(f); numpy.savez(stem, **{k: x[k][()] for k in x if hasattr(x[k], 'shape')})`}
	torch = conversion{
		"a file of PyTorch", "torch, numpy",
		`x = torch.load(f, map_location='cpu', weights_only=True); ` +
			`numpy.savez(stem, **{k: v.float().numpy() for k, v in (x if isinstance(x, dict) else {stem: x}).items() if hasattr(v, 'numpy')})`,
	}
	pickle = conversion{
		objects, "pickle, numpy",
		`x = pickle.load(open(f, 'rb')); numpy.savez(stem, **(x if isinstance(x, dict) else {stem: numpy.asarray(x)}))`,
	}
	faiss       = conversion{"an index of FAISS", "faiss, numpy", `x = faiss.read_index(f); numpy.save(stem, x.reconstruct_n(0, x.ntotal))`}
	spreadsheet = conversion{what: "a spreadsheet is not read: save it as CSV"}
)
