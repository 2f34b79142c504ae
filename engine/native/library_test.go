package native

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"strata/fixtures/hollow"
	"strata/fixtures/need"
)

func noEnv(string) string { return "" }

func TestCheckLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		need.Missing(t, "the libraries of this test are of Linux")
	}
	dir := t.TempDir()
	good := hollow.Compile(t, dir, "libonnxruntime.so.1", hollow.Source, "VERS_1.99.0")
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := append([]byte(nil), data...)
	foreign[18], foreign[19] = 8, 0 // e_machine of MIPS
	for _, c := range []struct{ name, path, version, want string }{
		{"good", good, "1.99.0", ""},
		{"no version", hollow.Compile(t, dir, "unversioned.so", hollow.Source, "OTHER"), "", ""},
		{"old", hollow.Compile(t, dir, "old.so", hollow.Source, "VERS_1.17.3"), "1.17.3", "ONNX Runtime 1.17.3: 1.24 or a later 1.x is needed"},
		{"of the future", hollow.Compile(t, dir, "new.so", hollow.Source, "VERS_2.0.0"), "2.0.0", "ONNX Runtime 2.0.0: 1.24 or a later 1.x is needed"},
		{"another library", hollow.Compile(t, dir, "z.so", "int deflate(void) { return 0; }", "ZLIB_1"), "", "not ONNX Runtime"},
		{"another processor", write("mips.so", foreign), "", "for another processor: MIPS"},
		{"text", write("text.so", []byte("INPUT(libonnxruntime.so.1)")), "", "not a shared library"},
		{"cut", write("cut.so", data[:100]), "", "not a shared library"},
		{"empty", write("empty.so", nil), "", "not a shared library"},
		{"nothing", filepath.Join(dir, "none.so"), "", "not there"},
		{"device", os.DevNull, "", "not a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			version, err := checkLibrary(c.path)
			if version != c.version || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q, %v, not %q, %q", version, err, c.version, c.want)
			}
		})
	}
}

func TestFindLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		need.Missing(t, "the libraries of this test are of Linux")
	}
	oldDir, newDir, none := t.TempDir(), t.TempDir(), t.TempDir()
	old := hollow.Compile(t, oldDir, "libonnxruntime.so", hollow.Source, "VERS_1.2.0")
	good := hollow.Compile(t, newDir, "libonnxruntime.so.1", hollow.Source, "VERS_1.99.0")
	places := func(dirs ...string) (out []Place) {
		for _, d := range dirs {
			out = append(out, Place{Path: d, Why: "usual place"})
		}
		return out
	}
	env := func(name string) string {
		if name == LibraryVariable {
			return newDir
		}
		return ""
	}
	for _, c := range []struct {
		name  string
		asked string
		env   func(string) string
		usual []Place
		path  string
		tried int
		want  string
	}{
		{"first that can be used", "", noEnv, places(none, oldDir, newDir, none), good, 3, ""},
		{"asked for", good, noEnv, places(oldDir), good, 1, ""},
		{"asked for, a folder", newDir, noEnv, nil, good, 1, ""},
		{"asked for and bad", old, env, places(newDir), "", 1, "1.24 or a later"},
		{"asked for and missing", none, noEnv, places(newDir), "", 1, "libonnxruntime.so (asked for): not there"},
		{"variable", "", env, places(oldDir), good, 1, ""},
		{"none", "", noEnv, places(none, none), "", 2, "no library of ONNX Runtime in 2 usual places; get"},
		{"none that can be used", "", noEnv, places(none, oldDir), "", 2, "can be used: " + old + ": ONNX Runtime 1.2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := findLibrary(c.asked, c.env, c.usual)
			if l.Path != c.path || len(l.Looked) != c.tried || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v", l, err)
			}
		})
	}
}

func TestUsualPlaces(t *testing.T) {
	wheel := filepath.Join(t.TempDir(), "lib", "python3.99", "site-packages", "onnxruntime", "capi")
	if err := os.MkdirAll(wheel, 0o777); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string {
		return map[string]string{
			"LD_LIBRARY_PATH": "/a:/b", "STRATA_INCEPTION": "/made",
			"VIRTUAL_ENV": strings.TrimSuffix(wheel, "/lib/python3.99/site-packages/onnxruntime/capi"),
		}[name]
	}
	found := map[string]bool{}
	for _, p := range usualPlaces(env) {
		found[p.Path] = true
	}
	for _, want := range []string{wheel, "/made", "/usr/lib"} {
		if !found[want] {
			t.Errorf("%s is not looked at", want)
		}
	}
	if runtime.GOOS == "linux" && (!found["/a"] || !found["/b"]) {
		t.Errorf("LD_LIBRARY_PATH is not looked at")
	}
}
