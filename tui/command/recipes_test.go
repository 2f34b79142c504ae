package command

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/fixtures/need"
)

// recipes returns the Python blocks of the page by the name in their first line.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../experiments/RECIPES.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for i, part := range strings.Split(string(page), "```python\n") {
		if i == 0 {
			continue
		}
		text, _, ok := strings.Cut(part, "```")
		name, _, _ := strings.Cut(text, "\n")
		name, named := strings.CutPrefix(name, "# ")
		if !ok || !named || blocks[name] != "" {
			t.Fatalf("block %d has no end, no name of its own in its first line, or one that stands twice: %q", i, name)
		}
		blocks[name] = text
	}
	return blocks
}

// python runs a program in dir and returns what it prints.
func python(t *testing.T, dir, program string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need.NumPy(t), "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestRecipesSyntax compiles every block of the page.
func TestRecipesSyntax(t *testing.T) {
	need.Long(t)
	blocks := recipes(t)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for name, text := range blocks {
		t.Run(name, func(t *testing.T) {
			python(t, t.TempDir(), "import ast\nast.parse('''"+text+"''')\n")
		})
	}
}

// TestRecipesWrite writes a gallery by two workers of a PyTorch job, by hooks and
// by torchvision, and evaluates it.
func TestRecipesWrite(t *testing.T) {
	need.Long(t)
	need.Python(t, "torch", "torchvision", "pandas")
	blocks := recipes(t)
	dir := t.TempDir()
	setup := `
import pandas as pd
import torchvision
torch.manual_seed(1)
model = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False)
kinds = ["knit", "dress", "coat"]
pictures = torch.rand(12, 3, 96, 96) + torch.arange(12).remainder(3)[:, None, None, None]
taps = {"A": "Mixed_5b", "B": "Mixed_6e", "C": "Mixed_7c"}
`
	python(t, dir, blocks["rows"]+blocks["items"]+blocks["hooks"]+setup+`
for worker in range(2):
    got = features(model, pictures[6 * worker:6 * worker + 6].split(4), taps, "cpu")
    for layer, rows in got.items():
        save("hooks", layer, rows, worker, 2) if os.path.isdir("hooks") else (os.mkdir("hooks"), save("hooks", layer, rows, worker, 2))
`+blocks["pattern"]+`
maps = {}
model.Mixed_5b.register_forward_hook(lambda m, a, out: maps.__setitem__("x", out))
model(pictures)
for worker in range(2):
    save("hooks", "pattern", pattern(maps["x"][6 * worker:6 * worker + 6]), worker, 2, np.float32)
items("hooks", pd.DataFrame({"id": [f"i{n}" for n in range(12)], "category": kinds * 4}))
`+blocks["torchvision"]+`
os.mkdir("tapped")
got = features(model, pictures.split(5), taps, "cpu")
for layer, rows in got.items():
    save("tapped", layer, rows)
items("tapped", pd.DataFrame({"id": [f"i{n}" for n in range(12)], "category": kinds * 4}))
`)
	for _, name := range []string{"hooks", "tapped"} {
		g, err := engine.Open(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		var shapes []string
		for _, l := range g.Layers {
			shapes = append(shapes, l.Name+" "+l.Type.String())
		}
		want := "A float16, B float16, C float16"
		if name == "hooks" {
			want += ", pattern float32"
		}
		if got := strings.Join(shapes, ", "); got != want || g.Len() != 12 {
			t.Errorf("%s: %s, %d items", name, got, g.Len())
		}
		s, err := g.ParseScheme("A+B+C")
		if err != nil {
			t.Fatal(err)
		}
		all, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		found, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 4, []scheme.Scheme{s}, 3, all)
		if err != nil || len(found[0].Hits) != 3 || found[0].Hits[0].Row%3 != 1 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

// TestRecipesRead reads the files of an evaluation, a derived layer and codes.
func TestRecipesRead(t *testing.T) {
	need.Python(t, "pandas")
	blocks := recipes(t)
	dir := t.TempDir()
	gallery := filepath.Join(dir, "demo")
	if err := os.CopyFS(gallery, os.DirFS("../../fixtures/demo")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"eval", gallery, "--scheme", "A", "--scheme", "B|pca64", "--label", "category", "--out", filepath.Join(dir, "run")},
	} {
		if out, err := exec.CommandContext(t.Context(), "strata", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	g, err := engine.Open(t.Context(), gallery)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.PrepareCodes(context.WithoutCancel(t.Context()), code.Options{Build: true, All: true}); err != nil {
		t.Fatal(err)
	}
	out := python(t, dir, blocks["metrics"]+blocks["derived"]+blocks["codes"]+`
m, h = means("run"), hits("run", "category")
for scheme in "A", "B|pca64":
    assert h[scheme].sum() / (10 * len(h)) == m.loc[scheme, "category"], (scheme, h[scheme].sum(), len(h))
x, recipe = derived("demo", "B.pca64")
assert x.shape == (1248, 64) and x.dtype == np.float32, (x.shape, x.dtype)
for layer in "A", "B", "C":
    rows, cosine = codes(f"demo/.strata/{layer}.codes")
    x = np.load(f"demo/{layer}.npy").astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    worst = max(abs(cosine(i, j) - x[i] @ x[j]) for i in range(0, rows, 97) for j in range(0, rows, 89))
    assert rows == 1248 and worst < 2e-3, (layer, rows, worst)
    print(layer, worst)
`)
	t.Logf("cosines from codes differ by at most\n%s", out)
}
