package check

import (
	"strings"
	"testing"
)

// TestCheckStored has a layer of whole numbers, which every type holds, and one whose rows differ by less than a bfloat16
// or an int8 tells apart: every one of its 120 items then has the first ten for its nearest, or itself and nine.
func TestCheckStored(t *testing.T) {
	s := newSpoilt()
	for i := range spoiltItems {
		whole, close := make([]float32, 12), make([]float32, 12)
		for c := range whole {
			whole[c] = float32((i*31+c*c*17+i*c*7)%255 - 127)
		}
		whole[i%12] = 127 // an int8 has the row's largest value as 127
		close[0], close[1] = 1024, 1024+float32(i)/64
		s.layers["A"][i], s.layers["C"] = whole, append(s.layers["C"], close)
	}
	r := checked(t, s.write(t), nil)
	said := map[string]string{}
	for _, f := range r.Findings {
		if f.Check == "matrix.stored" {
			_, said[f.Place], _ = strings.Cut(f.Text, "nearest: ")
		}
	}
	if got, want := said["A.npy"], "stored as float16, 0.0 %; as bfloat16, 0.0 %; as int8, 0.0 %"; got != want {
		t.Errorf("whole numbers: %q, want %q", got, want)
	}
	if got := said["C.npy"]; !strings.Contains(got, "as bfloat16, 9") || !strings.Contains(got, "as int8, 9") {
		t.Errorf("close rows: %q", got)
	}
	if got := said["B.npy"]; !strings.HasPrefix(got, "stored as bfloat16, ") || strings.Contains(got, "float16, 0.0 %; as int8, 0.0") {
		t.Errorf("float16: %q", got)
	}
}
