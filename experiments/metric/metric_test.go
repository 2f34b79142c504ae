package metric

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"strata/engine/scheme"
)

func TestParseMetrics(t *testing.T) {
	ks := []int{10, 1}
	for _, c := range []struct{ names, want string }{
		{"", "P@1 P@10"},
		{"P", "P@1 P@10"},
		{"nDCG", "P@1 P@10 nDCG@1 nDCG@10"},
		{"RR@all", "P@1 P@10 RR"},
		{"RR@all RR", "P@1 P@10 RR@1 RR@10 RR"},
		{"AP@7", "P@1 P@7 P@10 AP@7"},
		{"AP(min) AP(hits)@1 AP@all", "P@1 P@10 AP AP(hits)@1 AP(min)@1 AP(min)@10"},
		{"MAP@R Rprec AP(trapezoid)", "P@1 P@10 Rprec MAP@R AP(trapezoid)"},
		{"ERR@5 RBP RBP(.95)@all RBP(p=0.5)@3 RBP(0.80) bpref", "P@1 P@3 P@5 P@10 ERR@5 bpref RBP(p=0.5)@3 RBP@1 RBP@10 RBP(p=0.95)"},
		{"all", "P@1 P@10 Pcap@1 Pcap@10 R@1 R@10 Success@1 Success@10 AP@1 AP@10 RR@1 RR@10 nDCG@1 nDCG@10 Judged@1 Judged@10"},
		{"deep", "P@1 P@10 Pcap@1 Pcap@10 R@1 R@10 Success@1 Success@10 AP@1 AP@10 AP RR@1 RR@10 RR nDCG@1 nDCG@10 nDCG Judged@1 Judged@10 Rprec MAP@R AP(trapezoid)"},
	} {
		t.Run(c.names, func(t *testing.T) {
			some, err := ParseMetrics(strings.Fields(c.names), ks)
			if err != nil {
				t.Fatal(err)
			}
			_, all := Planned(ks, some)
			if got := strings.Trim(fmt.Sprint(all), "[]"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseMetricsErrors(t *testing.T) {
	for _, name := range []string{"", "p", "MRR", "P@", "P@x", "P@-1x", "Rprec@5", "MAP@R@5", "P@all", "AP(hits)@all", "MAP", "nDCG@1.5", "ERR@all", "bpref@5", "RBPx"} {
		_, err := ParseMetrics([]string{name}, []int{10})
		var unknown *scheme.NameError
		if !errors.As(err, &unknown) || unknown.Name != name || !strings.Contains(err.Error(), "nDCG") {
			t.Errorf("%q: got %v", name, err)
		}
	}
	for _, name := range []string{"P@0", "nDCG@65536", "R@-1"} {
		if _, err := ParseMetrics([]string{name}, []int{10}); err == nil || !strings.Contains(err.Error(), "k is from 1 to 65535") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
