package pane

import (
	"strings"
	"testing"

	"strata/engine/layer"
)

// TestFirstSchemes takes the deepest layers of each network, then what lies before them.
func TestFirstSchemes(t *testing.T) {
	for layers, want := range map[string]string{
		"": "", "A": "A", "A B": "A B A+B",
		"A B C mixed8 pattern":                    "A B C A+B+C", // each is a family of its own
		"mixed0 mixed1 mixed10 mixed7 mixed9":     "mixed0 mixed7 mixed10 mixed0+mixed7+mixed10",
		"mixed0 mixed10 mixed5 pattern":           "mixed5 mixed10 pattern mixed5+mixed10+pattern",
		"clip dino_4 dino_12 dino_8 mixed1":       "clip dino_12 mixed1 clip+dino_12+mixed1",
		"a1 a02 a2 a10":                           "a1 a02 a10 a1+a02+a10",
		"layer1.2 layer1.10 layer2.1 layer2.1b":   "layer1.10 layer2.1 layer2.1b layer1.10+layer2.1+layer2.1b",
		"layer1.2 layer1.10 layer2.1 layer10.1":   "layer1.2 layer1.10 layer10.1 layer1.2+layer1.10+layer10.1",
		"a1 a2 b1 b2 c1 c2 d1":                    "a2 b2 c2 a2+b2+c2",
		"x18446744073709551616 x2 x3 x4 x5 x6 x7": "x2 x5 x18446744073709551616 x2+x5+x18446744073709551616",
	} {
		var all []*layer.Layer
		for name := range strings.FieldsSeq(layers) {
			all = append(all, &layer.Layer{Name: name})
		}
		var got []string
		for _, s := range FirstSchemes(all) {
			got = append(got, s.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("of %s: %s, want %s", layers, strings.Join(got, " "), want)
		}
	}
}
