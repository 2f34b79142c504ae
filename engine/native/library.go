// Package native finds the library of ONNX Runtime, and looks into it before it is loaded.
package native

import (
	"cmp"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// LibraryVariable is the environment variable that names the library.
const LibraryVariable = "STRATA_ONNXRUNTIME"

// MinMinor is the first ONNX Runtime, 1.MinMinor, that serves the version of the
// interface that onnxruntime_go 1.27 asks for. Its ORT_API_VERSION says so.
const MinMinor = 24

// Library is a library of ONNX Runtime, or where none was found.
type Library struct {
	Path    string // absolute; empty if none was found
	Version string // as the library states it; may be empty
	Looked  []Place
}

// Place is a place where the library was looked for.
type Place struct {
	Path  string
	Why   string // what names the place
	Found string // what is there
}

// FindLibrary looks for ONNX Runtime's library: at asked, if that is not empty;
// otherwise at what STRATA_ONNXRUNTIME names; otherwise in the usual places. A
// place is a file, or a folder of it. Libraries are looked into, not loaded:
// wrong processors and versions are found out here. The places are returned with
// an error too.
func FindLibrary(asked string, env func(string) string) (Library, error) {
	return findLibrary(asked, env, usualPlaces(env))
}

func findLibrary(asked string, env func(string) string, usual []Place) (Library, error) {
	var l Library
	places, named := usual, true
	switch fromEnv := env(LibraryVariable); {
	case asked != "":
		places = []Place{{Path: asked, Why: "asked for"}}
	case fromEnv != "":
		places = []Place{{Path: fromEnv, Why: LibraryVariable}}
	default:
		named = false
	}
	for _, p := range places {
		for _, file := range libraryFiles(p.Path) {
			version, err := checkLibrary(file)
			tried := Place{Path: file, Why: p.Why, Found: "ONNX Runtime " + cmp.Or(version, "of unknown version")}
			if err != nil {
				tried.Found = err.Error()
			}
			l.Looked = append(l.Looked, tried)
			if err == nil {
				path, err := filepath.Abs(file)
				l.Path, l.Version = path, version
				return l, err
			}
			if named {
				return l, fmt.Errorf("%s (%s): %w", file, p.Why, err)
			}
		}
	}
	var bad []string
	for _, p := range l.Looked {
		if p.Found != notThere {
			bad = append(bad, p.Path+": "+p.Found)
		}
	}
	if len(bad) > 0 {
		return l, fmt.Errorf("no library of ONNX Runtime that can be used: %s", strings.Join(bad, "; "))
	}
	return l, fmt.Errorf("no library of ONNX Runtime in %d usual places; %s", len(l.Looked), HowToGet)
}

// HowToGet says how to get the library.
const HowToGet = "get ONNX Runtime 1.24 or later (its releases, a Python's onnxruntime package, a package of the system) " +
	"and name its library, or the library's folder, by " + LibraryVariable

// notThere is what is found where there is nothing.
const notThere = "not there"

// libraryFiles returns the libraries that lie in a folder, the highest version
// first, or path itself.
func libraryFiles(path string) []string {
	stat, err := os.Stat(path)
	if err != nil || !stat.IsDir() {
		return []string{path}
	}
	pattern := regexp.MustCompile(map[string]string{
		"darwin":  `^libonnxruntime(\.\d+)*\.dylib$`,
		"windows": `^onnxruntime\.dll$`,
	}[runtime.GOOS])
	if pattern.String() == "" {
		pattern = regexp.MustCompile(`^libonnxruntime\.so(\.\d+)*$`)
	}
	var files []string
	entries, _ := os.ReadDir(path) // a folder that cannot be read holds nothing to load
	for _, e := range entries {
		if pattern.MatchString(e.Name()) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return []string{filepath.Join(path, libraryName())}
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(b, a)) })
	return files
}

// libraryName returns the usual name of the library.
func libraryName() string {
	switch runtime.GOOS {
	case "darwin":
		return "libonnxruntime.dylib"
	case "windows":
		return "onnxruntime.dll"
	}
	return "libonnxruntime.so"
}

// usualPlaces returns the folders that are looked through, in order.
func usualPlaces(env func(string) string) []Place {
	var places []Place
	add := func(why string, parts ...string) {
		if parts[0] == "" {
			return
		}
		found, err := filepath.Glob(filepath.Join(parts...))
		if err != nil || len(found) == 0 {
			found = []string{filepath.Join(parts...)}
		}
		for _, f := range found {
			places = append(places, Place{Path: f, Why: why})
		}
	}
	if exe, err := os.Executable(); err == nil {
		add("beside the program", filepath.Dir(exe))
		add("beside the program", filepath.Dir(exe), "..", "lib")
	}
	path := map[string]string{"darwin": "DYLD_LIBRARY_PATH", "windows": "PATH"}[runtime.GOOS]
	path = cmp.Or(path, "LD_LIBRARY_PATH")
	for _, dir := range filepath.SplitList(env(path)) {
		add(path, dir)
	}
	wheel := filepath.Join("lib", "python3*", "site-packages", "onnxruntime", "capi")
	add("a Python's onnxruntime", env("VIRTUAL_ENV"), wheel)
	add("a Python's onnxruntime", env("CONDA_PREFIX"), wheel)
	add("conda", env("CONDA_PREFIX"), "lib")
	if home := env("HOME"); home != "" {
		add("a Python's onnxruntime", home, ".local", wheel)
		add("usual place", home, ".local", "lib")
	}
	if runtime.GOOS != "windows" {
		multiarch := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
		for _, dir := range []string{"/usr/local/lib", "/usr/lib/" + multiarch, "/usr/lib64", "/usr/lib", "/opt/onnxruntime/lib", "/opt/homebrew/lib"} {
			add("usual place", dir)
		}
		add("a Python's onnxruntime", "/usr/local", strings.Replace(wheel, "site", "*", 1))
	}
	if dir := env("STRATA_INCEPTION"); dir != "" {
		add("STRATA_INCEPTION", dir)
	} else if cache, err := os.UserCacheDir(); err == nil {
		add("made for tests", cache, "strata", "inception")
	}
	return places
}

// checkLibrary looks into a library, without loading it, and returns the version
// that it states.
func checkLibrary(path string) (string, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New(notThere)
	case err != nil:
		return "", err
	case !stat.Mode().IsRegular():
		return "", errors.New("not a file")
	}
	var version string
	switch runtime.GOOS {
	case "darwin":
		version, err = checkMachO(path)
	case "windows":
		err = checkPE(path)
	default:
		version, err = checkELF(path)
	}
	if err != nil {
		return "", err
	}
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err == nil && (major != 1 || minor < MinMinor) {
		return version, fmt.Errorf("ONNX Runtime %s: 1.%d or a later 1.x is needed", version, MinMinor)
	}
	return version, nil
}

// entry is the function that a library of ONNX Runtime exports.
const entry = "OrtGetApiBase"

// ErrNoEntry is the error of libraries of something else.
var ErrNoEntry = errors.New("not ONNX Runtime: it has no function " + entry)

// wrongProcessor is the error of a library for another processor.
func wrongProcessor(of string) error {
	return fmt.Errorf("for another processor: %s, this program is for %s", of, runtime.GOARCH)
}

// checkELF checks a library of Linux and other systems.
func checkELF(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", notLibrary(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	machine := map[string]elf.Machine{
		"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
		"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
	}[runtime.GOARCH]
	if f.Machine != machine {
		return "", wrongProcessor(strings.TrimPrefix(f.Machine.String(), "EM_"))
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return "", notLibrary(err)
	}
	if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == entry && s.Section != elf.SHN_UNDEF }) {
		return "", ErrNoEntry
	}
	versions, _ := f.DynamicVersions() // without them the version is unknown
	for _, v := range versions {
		if name, ok := strings.CutPrefix(v.Name, "VERS_"); ok {
			return name, nil
		}
	}
	return "", nil
}

// notLibrary wraps what a debug package says of a file.
func notLibrary(err error) error { return fmt.Errorf("not a shared library: %w", err) }

// checkMachO checks a library of macOS.
func checkMachO(path string) (string, error) {
	cpu := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[runtime.GOARCH]
	fat, err := macho.OpenFat(path)
	if err == nil {
		defer fat.Close() //nolint:errcheck // it is only read
		for _, arch := range fat.Arches {
			if arch.Cpu == cpu {
				return machOVersion(path), hasMachOEntry(arch.File)
			}
		}
		return "", wrongProcessor("none of its parts fits")
	}
	f, err := macho.Open(path)
	if err != nil {
		return "", notLibrary(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	if f.Cpu != cpu {
		return "", wrongProcessor(f.Cpu.String())
	}
	return machOVersion(path), hasMachOEntry(f)
}

// hasMachOEntry checks that a library exports the function.
func hasMachOEntry(f *macho.File) error {
	if f.Symtab != nil && slices.ContainsFunc(f.Symtab.Syms, func(s macho.Symbol) bool { return s.Name == "_"+entry }) {
		return nil
	}
	return ErrNoEntry
}

// machOVersion returns the version in a library's name, behind links.
func machOVersion(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return regexp.MustCompile(`\d+\.\d+(\.\d+)?`).FindString(filepath.Base(path))
}

// checkPE checks a library of Windows.
func checkPE(path string) error {
	f, err := pe.Open(path)
	if err != nil {
		return notLibrary(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	machine := map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64}[runtime.GOARCH]
	if f.Machine != machine {
		return wrongProcessor("machine " + strconv.Itoa(int(f.Machine)))
	}
	return nil
}
