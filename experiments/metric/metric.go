package metric

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine/scheme"
)

// Kind is a measure of a ranking. METRICS.md defines each measure, and says which tools divide by
// another number.
type Kind uint8

// The measures. R is the number of relevant candidates. hits are the hits among the first k. S is
// the sum, over these hits, of the precision at their rank.
const (
	Precision                 Kind = iota // P@k: hits/k
	CappedPrecision                       // Pcap@k: hits/min(k,R)
	Recall                                // R@k: hits/R
	Success                               // Success@k: 1 with a hit, else 0
	AveragePrecision                      // AP@k, AP: S/R
	AveragePrecisionHits                  // AP(hits)@k: S/hits
	AveragePrecisionMin                   // AP(min)@k: S/min(k,R)
	ReciprocalRank                        // RR@k, RR: 1/rank of the first hit
	NDCG                                  // nDCG@k, nDCG: Σ gain/log2(rank+1), divided by the largest possible sum
	JudgedShare                           // Judged@k: those whose value is known, of k
	RPrecision                            // Rprec: hits among the first R, of R
	AveragePrecisionAtR                   // MAP@R: AP@R
	AveragePrecisionTrapezoid             // AP(trapezoid): the area under the interpolated curve
	ExpectedReciprocalRank                // ERR@k: the mean of 1/rank where a reader stops
	BinaryPreference                      // bpref: the part of the judged pairs that stand in the right order
)

// cut says which cut-offs a measure allows.
type cut uint8

const (
	cutOnly  cut = iota // always one
	cutOrAll            // a cut-off, or the whole ranking
	cutNever            // a cut-off of its own
)

// measure is the name of a measure and the cut-offs it has.
type measure struct {
	name string
	cut  cut
}

// measures holds the names and cut-offs of the measures, but of RankBiased.
var measures = [...]measure{
	Precision:                 {"P", cutOnly},
	CappedPrecision:           {"Pcap", cutOnly},
	Recall:                    {"R", cutOnly},
	Success:                   {"Success", cutOnly},
	AveragePrecision:          {"AP", cutOrAll},
	AveragePrecisionHits:      {"AP(hits)", cutOnly},
	AveragePrecisionMin:       {"AP(min)", cutOnly},
	ReciprocalRank:            {"RR", cutOrAll},
	NDCG:                      {"nDCG", cutOrAll},
	JudgedShare:               {"Judged", cutOnly},
	RPrecision:                {"Rprec", cutNever},
	AveragePrecisionAtR:       {"MAP@R", cutNever},
	AveragePrecisionTrapezoid: {"AP(trapezoid)", cutNever},
	ExpectedReciprocalRank:    {"ERR", cutOnly},
	BinaryPreference:          {"bpref", cutNever},
}

// has returns the name and the cut-offs of a measure.
func (k Kind) has() measure {
	if k > RankBiased {
		return measure{rankBiasedName(k), cutOrAll}
	}
	return measures[k]
}

// Metric is a measure with its cut-off.
type Metric struct {
	Kind Kind
	K    int // 0: the whole ranking, or the measure's own
}

// String returns the name, in the spelling of ir_measures if that has the metric: P@10, RR,
// AP(min)@5.
func (m Metric) String() string {
	if m.K == 0 {
		return m.Kind.has().name
	}
	return m.Kind.has().name + "@" + strconv.Itoa(m.K)
}

// Deep reports whether the metric needs ranks beyond the cut-offs of other metrics.
func (m Metric) Deep() bool { return m.K == 0 }

// Unit returns the divisor of an integer count, or 0 if the metric's values are not such counts.
func (m Metric) Unit() int64 {
	switch m.Kind {
	case Precision, JudgedShare:
		return int64(m.K)
	case Success:
		return 1
	}
	return 0
}

// wholeRanking follows the name of a metric without a cut-off.
const wholeRanking = "@all"

// ParseMetrics returns the metrics of the given names, without repetition. A name without a cut-off
// is measured at each of ks. NAME@7 is measured at 7. NAME@all, for AP, RR and nDCG, has no
// cut-off. The name all means every measure with a cut-off but the variants of AP, ERR and RBP. deep
// means all, and the measures that rank the whole gallery but RBP and bpref. An unknown name is a
// *scheme.NameError.
func ParseMetrics(names []string, ks []int) ([]Metric, error) {
	var metrics []Metric
	for _, name := range names {
		some, err := parseMetric(strings.TrimSpace(name), ks)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			if !slices.Contains(metrics, m) {
				metrics = append(metrics, m)
			}
		}
	}
	return metrics, nil
}

func parseMetric(name string, ks []int) ([]Metric, error) {
	switch name {
	case "all":
		return metricsAt(ks, Precision, CappedPrecision, Recall, Success, AveragePrecision, ReciprocalRank, NDCG, JudgedShare), nil
	case "deep":
		all, err := parseMetric("all", ks)
		for m, has := range measures {
			if has.cut != cutOnly && Kind(m) != BinaryPreference {
				all = append(all, Metric{Kind(m), 0})
			}
		}
		return all, err
	}
	if strings.HasPrefix(name, rankBiased) {
		m, rest, err := cutPersistence(name)
		if err != nil {
			return nil, err
		}
		if metrics, err := metricsOf(name, rest, m, ks); metrics != nil || err != nil {
			return metrics, err
		}
	}
	for m, has := range measures {
		if rest, ok := strings.CutPrefix(name, has.name); ok {
			if metrics, err := metricsOf(name, rest, Kind(m), ks); metrics != nil || err != nil {
				return metrics, err
			}
		}
	}
	known := []string{"all", "deep"}
	for _, has := range measures {
		known = append(known, has.name)
	}
	return nil, &scheme.NameError{Kind: "metric", Name: name, In: "Strata", Known: append(known, rankBiased)}
}

// metricsOf returns the metrics of a measure with the rest of its name, which says at which
// cut-offs; none if the rest is of no name.
func metricsOf(name, rest string, m Kind, ks []int) ([]Metric, error) {
	cut := m.has().cut
	switch {
	case rest == "" && cut == cutNever:
		return []Metric{{m, 0}}, nil
	case rest == "":
		return append([]Metric{}, metricsAt(ks, m)...), nil
	case rest == wholeRanking && cut == cutOrAll:
		return []Metric{{m, 0}}, nil
	case rest[0] == '@' && cut != cutNever:
		k, err := strconv.Atoi(rest[1:])
		if err == nil && (k < 1 || k > MaxK) {
			return nil, fmt.Errorf("metric %s: k is from 1 to %d, not %d", name, MaxK, k)
		}
		if err == nil {
			return []Metric{{m, k}}, nil
		}
	}
	return nil, nil
}

func metricsAt(ks []int, some ...Kind) []Metric {
	var metrics []Metric
	for _, m := range some {
		for _, k := range ks {
			metrics = append(metrics, Metric{m, k})
		}
	}
	return metrics
}

// Planned returns the cut-offs and the metrics of a plan: P at every cut-off, then the other
// metrics by measure, and by k within a measure. The whole ranking is last.
func Planned(ks []int, metrics []Metric) ([]int, []Metric) {
	if len(ks) == 0 {
		ks = DefaultKs()
	}
	ks = slices.Clone(ks)
	for _, m := range metrics {
		if m.K > 0 {
			ks = append(ks, m.K)
		}
	}
	ks = sortedKs(ks)
	all := slices.Concat(metricsAt(ks, Precision), metrics)
	slices.SortFunc(all, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(uint(a.K)-1, uint(b.K)-1)) // 0, the whole ranking, sorts last
	})
	return ks, slices.Compact(all)
}

// MaxK is the largest k of a metric.
const MaxK = 1<<16 - 1

// DefaultKs returns the default ranks for precision.
func DefaultKs() []int { return []int{1, 5, 10} }

// sortedKs returns ks ascending, without repetition.
func sortedKs(ks []int) []int {
	ks = slices.Clone(ks)
	slices.SortFunc(ks, cmp.Compare[int])
	return slices.Compact(ks)
}
