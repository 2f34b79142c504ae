package report

import (
	"context"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"strata/engine/rank"
	"strata/experiments/eval"
)

const (
	sheetHits    = 10 // pictures of a row
	sheetSchemes = 6  // largest number of rows of a sheet
	pageBytes    = 10 << 20
	pictureBytes = 8 << 10 // of one JPEG, at most
)

// pageSheet is a contact sheet: a query, and a row of pictures for each scheme.
type pageSheet struct {
	ID, Labels, Why string
	Picture         pagePicture
	Rows            []pageSheetRow
}

type pageSheetRow struct {
	Scheme, Hits string
	Pictures     []pagePicture
}

// pagePicture is a picture with its caption.
type pagePicture struct {
	URI         template.URL // "": there is none
	ID, Alt     string
	Rank        int
	Caption     string // under it; "" is none
	Solid, Twin bool   // a hit of the first, of the second label
}

// sheets adds the contact sheets of chosen queries, by row, and of the worst queries, by index in
// Queries.
func (b *pageBuilder) sheets(ctx context.Context, v *pageView, chosen, worst []int, a, other int) error {
	schemes := b.sheetSchemes(a, other)
	if n := len(b.e.Schemes); n > len(schemes) {
		v.SheetNote = fmt.Sprintf("%d of %d schemes are shown. ", len(schemes), n)
	}
	v.Marks = fmt.Sprintf("A solid frame is a hit of %s", b.e.Labels[0])
	marks := sheetMarks{0, -1}
	if len(b.e.Labels) > 1 {
		v.Marks += fmt.Sprintf(", a double one of %s; both frames, of both", b.e.Labels[1])
		marks.twin = 1
	}
	v.Marks += "."
	rows := append([]int(nil), chosen...)
	for _, i := range worst {
		rows = append(rows, b.e.Queries[i])
	}
	if len(rows) == 0 {
		return nil
	}
	rankings, err := b.rankAgain(ctx, rows)
	if err != nil {
		return err
	}
	p := &pictures{b: b, made: map[int]template.URL{}}
	p.limit = min(pictureBytes, pageBytes/(len(rows)*(1+len(schemes)*sheetHits)))
	for n, row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		sheet := b.sheet(p, row, schemes, rankings[n], marks)
		if n < len(chosen) {
			v.Chosen = append(v.Chosen, sheet)
			continue
		}
		i := worst[n-len(chosen)]
		sheet.Why = b.finds(i, a, other, 0)
		v.Worst = append(v.Worst, sheet)
	}
	return nil
}

// finds returns a sentence on the hits of two schemes for query i under a label.
func (b *pageBuilder) finds(i, a, other, label int) string {
	last := len(b.e.Ks) - 1
	return fmt.Sprintf("%s: %s finds %d of %d, %s %d", b.e.Labels[label],
		b.e.Schemes[a], b.e.HitsOf(i, a, label)[last], b.e.Ks[last], b.e.Schemes[other], b.e.HitsOf(i, other, label)[last])
}

// sheetMarks are the labels whose hits have a solid or a double frame; -1 means none.
type sheetMarks struct{ solid, twin int }

// sheetSchemes returns the schemes of the sheets: the two of the duel, then the others in order.
func (b *pageBuilder) sheetSchemes(a, other int) []int {
	schemes := []int{a}
	if other != a {
		schemes = append(schemes, other)
	}
	for s := range b.e.Schemes {
		if s != a && s != other && len(schemes) < sheetSchemes {
			schemes = append(schemes, s)
		}
	}
	return schemes
}

// sheet makes the sheet of a query, given by row of the gallery.
func (b *pageBuilder) sheet(p *pictures, row int, schemes []int, rankings []eval.Ranking, marks sheetMarks) pageSheet {
	v := pageSheet{ID: b.e.Gallery.ID(row), Labels: b.describe(row)}
	v.Picture = pagePicture{URI: p.of(row), ID: v.ID, Alt: "Query " + v.ID + described(v.Labels)}
	for _, s := range schemes {
		r := rankings[s]
		line := pageSheetRow{Scheme: b.e.Schemes[s].String()}
		var hits []string
		for _, l := range r.Labels {
			if l.Skip == eval.Judged {
				hits = append(hits, fmt.Sprintf("%s %d", l.Label, l.Hits))
			}
		}
		line.Hits = strings.Join(hits, ", ")
		for i, h := range r.Hits {
			pic := pagePicture{URI: p.of(h.Row), ID: b.e.Gallery.ID(h.Row), Rank: i + 1}
			pic.Solid = marks.solid >= 0 && r.Labels[marks.solid].Relevant[i]
			if p.captions {
				pic.Caption = scoreCaption(i, h)
			}
			pic.Twin = marks.twin >= 0 && r.Labels[marks.twin].Relevant[i]
			var of []string
			for _, l := range r.Labels {
				if l.Relevant[i] {
					of = append(of, l.Label)
				}
			}
			pic.Alt = strconv.Itoa(i+1) + ": " + pic.ID + described(b.describe(h.Row))
			if len(of) > 0 {
				pic.Alt += "; hit of " + strings.Join(of, ", ")
			} else {
				pic.Alt += "; no hit"
			}
			line.Pictures = append(line.Pictures, pic)
		}
		v.Rows = append(v.Rows, line)
	}
	return v
}

// scoreCaption returns the rank and the score of a hit.
func scoreCaption(i int, h rank.Hit) string {
	if !h.Scored() {
		return strconv.Itoa(i + 1)
	}
	return fmt.Sprintf("%d · %s", i+1, strings.Replace(threeDigits(h.Score), "-", "−", 1))
}

// describe returns a row's cells of the evaluated labels, and its flag.
func (b *pageBuilder) describe(row int) string {
	var cells []string
	for _, l := range b.e.Judge.Labels {
		if cell := l.Label.Cell(row); cell != "" {
			cells = append(cells, cell)
		}
	}
	if flag := b.e.Gallery.Flags().Of(b.e.Gallery.ID(row)); flag != "" {
		cells = append(cells, "⚑ "+flag)
	}
	return strings.Join(cells, " · ")
}

func described(labels string) string {
	if labels == "" {
		return ""
	}
	return ", " + labels
}

// rankAgain returns the first hits of queries, by index in rows, then scheme.
func (b *pageBuilder) rankAgain(ctx context.Context, rows []int) ([][]eval.Ranking, error) {
	out := make([][]eval.Ranking, len(rows))
	err := b.e.Gallery.RankAll(ctx, rows, b.e.Schemes, sheetHits, b.e.Among, func(i int, rankings []rank.Ranking) {
		for _, r := range rankings {
			out[i] = append(out[i], b.e.Judge.Ranking(rows[i], r))
		}
	})
	return out, err
}

// pictures makes the pictures of a page, and keeps them for reuse.
type pictures struct {
	b        *pageBuilder
	limit    int
	captions bool // rank and score stand under the hits of sheets
	made     map[int]template.URL
}

// of returns the picture of a row, or "" if there is none or it cannot be read.
func (p *pictures) of(row int) template.URL {
	if uri, ok := p.made[row]; ok {
		return uri
	}
	p.made[row] = ""
	f, err := p.b.e.Gallery.OpenPicture(row)
	if err != nil {
		return ""
	}
	defer f.Close()
	if small, err := thumbnail(f, p.limit); err == nil {
		p.made[row] = template.URL(dataURI(small)) //nolint:gosec // base64
	}
	return p.made[row]
}
