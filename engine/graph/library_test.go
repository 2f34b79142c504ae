package graph_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/graph"
)

func TestFindLibrary(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "strata", graph.CacheFolder, graph.LibraryName())
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asked       string
		env         map[string]string
		want, wrong string
	}{
		{"", map[string]string{"XDG_CACHE_HOME": dir}, file, ""},
		{file, nil, file, ""},
		{filepath.Dir(file), nil, file, ""},
		{"", map[string]string{graph.LibraryVariable: file}, file, ""},
		{dir, nil, "", filepath.Join(dir, graph.LibraryName()) + ": there is no such library"},
		{"", map[string]string{graph.LibraryVariable: file + "x", "XDG_CACHE_HOME": dir}, "", "x: there is no such library"},
	} {
		got, err := graph.FindLibrary(c.asked, func(name string) string { return c.env[name] })
		if c.wrong == "" && (err != nil || got != c.want) || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%q %v: %q, %v", c.asked, c.env, got, err)
		}
	}
}

func TestParseKind(t *testing.T) {
	for _, k := range []graph.Kind{graph.Float16, graph.Float32, graph.Int8} {
		if got, err := graph.ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%s reads back as %s, %v", k, got, err)
		}
	}
	if _, err := graph.ParseKind("f8"); err == nil || !strings.Contains(err.Error(), `not "f8"`) {
		t.Error(err)
	}
}
