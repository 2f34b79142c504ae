package pane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine/rank"
	"strata/experiments/eval"
	"strata/tui/cells"
	"strata/tui/picture"
)

// lost is a hit of the reference that a row has not.
type lost struct {
	rank.Hit
	place int // among the reference's hits, from 0
}

// losses says where the pictures of lost hits are, beside those of a row.
type losses struct {
	Ghost   picture.Box // of one; zero: there is no room for them
	Ghosts  int         // columns of them
	ghostsX int         // where they begin, from the row's left
}

// lostOf returns the hits that row i lost against its reference, in the reference's order; none where the difference is
// not shown.
func (b *Board) lostOf(i int) []lost {
	reference, ok := b.reference(i)
	if !ok || !b.Rows.Difference || b.ranking(i) == nil {
		return nil
	}
	return lostHits(b.ranking(i).Hits, b.ranking(reference).Hits)
}

// lostHits returns the first hits of a reference that are not among hits.
func lostHits(hits, reference []rank.Hit) []lost {
	var all []lost
	for place, h := range reference {
		if !slices.ContainsFunc(hits, func(o rank.Hit) bool { return o.Row == h.Row }) {
			all = append(all, lost{h, place})
		}
	}
	return all
}

// ghosts returns the lost hits of row i that have pictures, in the reference's order: where not all have room, those that
// were hits of more labels.
func (b *Board) ghosts(l *Layout, i int) []lost {
	all, room := b.lostOf(i), l.Ghosts*l.ghostsInColumn()
	if l.Ghosts == 0 || len(all) <= room {
		return all[:min(len(all), room)]
	}
	reference, _ := b.reference(i)
	r := b.ranking(reference)
	slices.SortStableFunc(all, func(x, y lost) int {
		return b.Rows.hitsAt(r, y.place) - b.Rows.hitsAt(r, x.place)
	})
	all = all[:room]
	slices.SortFunc(all, func(x, y lost) int { return x.place - y.place })
	return all
}

// hitsAt returns of how many marked labels the j-th of a ranking is a hit.
func (p Rows) hitsAt(r *eval.Ranking, j int) (n int) {
	for _, label := range p.Marked {
		if relevant(r, label, j) {
			n++
		}
	}
	return n
}

// lostText says how many of k hits a row lost and, unless it lost all, which ranks they had.
func lostText(all []lost, k int) string {
	if len(all) == k {
		return "all lost"
	}
	places := make([]string, len(all))
	for i, x := range all {
		places[i] = strconv.Itoa(x.place + 1)
	}
	return fmt.Sprintf("%d lost: %s", len(all), strings.Join(places, " "))
}

// ghostLines returns what stands at the end of a line of hits: how many were lost, and of some their pictures with the
// rank that they had and, in grey, the marks.
func (p Rows) ghostLines(sc *Scene, v rowView) []string {
	l, s := sc.Layout, sc.Styles
	if l.Ghosts == 0 || len(v.lost) == 0 {
		return nil
	}
	lines := make([]string, l.FoldH)
	lines[0] = s.Faint.Render(fmt.Sprintf("%d lost", len(v.lost)))
	ghosts, down := sc.ghosts(l, v.place), l.ghostsInColumn()
	reference, _ := sc.reference(v.place)
	was := rowView{ranking: sc.ranking(reference)}
	for n, g := range ghosts {
		picture := sc.cellsOf(Place{g.Row, l.Ghost, true})
		beside := make([]string, l.Ghost.Rows)
		beside[0] = strconv.Itoa(g.place + 1)
		for i, label := range p.Marked {
			if relevant(was.ranking, label, g.place) {
				beside[1] += Marks[i]
			}
		}
		for y := range l.Ghost.Rows {
			line := &lines[1+n%down*l.Ghost.Rows+y]
			*line = cells.Padded(*line, n/down*(l.Ghost.Cols+ghostText)) + cells.Padded(picture[y], l.Ghost.Cols) + " " +
				s.Faint.Render(cells.Padded(beside[y], ghostText-2)) + " "
		}
	}
	return lines
}
