package eval

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"strata/experiments/metric"
	"strata/experiments/table"
)

// TrecFiles returns the files of a folder that trec_eval and ranx read: a run of
// every scheme and the judgements of every label, for the queries whose rankings
// were kept.
func (e *Evaluation) TrecFiles(folder string) []table.File {
	digits := len(strconv.Itoa(len(e.Schemes)))
	var files []table.File
	for s := range e.Schemes {
		name := fmt.Sprintf("%0*d.run", max(2, digits), s+1)
		files = append(files, table.File{Path: filepath.Join(folder, name), Write: func(w io.Writer) error { return e.writeRun(w, s) }})
	}
	for l, label := range e.Labels {
		name := url.PathEscape(label) + ".qrels"
		files = append(files, table.File{Path: filepath.Join(folder, name), Write: func(w io.Writer) error { return e.writeQrels(w, l) }})
	}
	return files
}

// writeRun writes the rankings of a scheme as lines QUERY Q0 ID RANK SCORE TAG.
// Scores are the integers Depth, Depth-1, …: none are equal, in any precision,
// so that no reader orders equal ones in its own way. Rows without a score, which
// are never hits, and queries without one are left out.
func (e *Evaluation) writeRun(w io.Writer, scheme int) error {
	out := bufio.NewWriter(w)
	tag := e.Schemes[scheme].String()
	for k, i := range e.kept {
		query := trecName(e.Gallery.ID(e.Queries[i]))
		for rank, row := range e.rankings[k*len(e.Schemes)+scheme] {
			_, _ = fmt.Fprintf(out, "%s Q0 %s %d %d %s\n", query, trecName(e.Gallery.ID(int(row))), rank+1, e.Depth-rank, tag)
		}
	}
	return out.Flush() // with the first error
}

// writeQrels writes the judgements under a label as lines QUERY 0 ID GAIN: those
// of all candidates that a run holds and whose value is known, and one more for
// every relevant candidate that no run holds, under a name of padding in place of
// its id; with bpref, which counts them, for the others that are known, too. What those are called changes no metric, and looking for them would
// take a pass over the gallery for every query. A label of judgements has those of all
// candidates. A query that is unknown or lone has no lines, so that it counts in no mean.
func (e *Evaluation) writeQrels(w io.Writer, label int) error {
	out := bufio.NewWriter(w)
	pad := e.padding()
	l := e.Judge.Labels[label].Label
	seen := make([]int, e.Gallery.Len()) // by row: the last query, plus 1, that it was written for
	var levels []int
	for k, i := range e.kept {
		q := e.Queries[i]
		if e.Relevant[i*len(e.Labels)+label] <= 0 {
			continue
		}
		query := trecName(e.Gallery.ID(q))
		if l.Judged() {
			rows, grades := e.Judge.Labels[label].Judged(q)
			for n, row := range rows {
				_, _ = fmt.Fprintf(out, "%s 0 %s %d\n", query, trecName(e.Gallery.ID(int(row))), grades[n])
			}
			continue
		}
		levels = append(e.Judge.counts(levels[:0], label, q), 0)
		others := e.nonrelevant(e.Judge, label, q, int(e.Relevant[i*len(e.Labels)+label]))
		for s := range e.Schemes {
			for _, row := range e.rankings[k*len(e.Schemes)+s] {
				if seen[row] == k+1 || !l.Known(int(row)) {
					continue
				}
				seen[row] = k + 1
				gain := min(l.Gain(q, int(row)), metric.MaxGain)
				for d := range gain {
					levels[d]--
				}
				if gain == 0 {
					others--
				}
				_, _ = fmt.Fprintf(out, "%s 0 %s %d\n", query, trecName(e.Gallery.ID(int(row))), gain)
			}
		}
		n := 0
		for gain := len(levels) - 1; gain >= 1; gain-- {
			for range levels[gain-1] - levels[gain] {
				n++
				_, _ = fmt.Fprintf(out, "%s 0 %s%d %d\n", query, pad, n, gain)
			}
		}
		for range others {
			n++
			_, _ = fmt.Fprintf(out, "%s 0 %s%d 0\n", query, pad, n)
		}
	}
	return out.Flush()
}

// padding returns the beginning of names that no item's id has.
func (e *Evaluation) padding() string {
	for pad := "__pad"; ; pad = "_" + pad {
		free := true
		for row := range e.Gallery.Len() {
			if strings.HasPrefix(e.Gallery.ID(row), pad) {
				free = false
				break
			}
		}
		if free {
			return pad
		}
	}
}

// trecName returns an id without blanks, which part the fields of a line: what
// is not a printing character of ASCII, and %, stands as % and two digits a byte.
func trecName(id string) string {
	plain := func(b byte) bool { return b > ' ' && b < 0x7f && b != '%' }
	for i := range len(id) {
		if plain(id[i]) {
			continue
		}
		var b strings.Builder
		for i := range len(id) {
			if plain(id[i]) {
				b.WriteByte(id[i])
			} else {
				fmt.Fprintf(&b, "%%%02X", id[i])
			}
		}
		return b.String()
	}
	return id
}
