package experiments

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/code"
	"strata/experiments/eval"
)

// CodesPolicy says what a session does about the codes of large galleries, which
// make searches faster and change none.
type CodesPolicy uint8

// The policies.
const (
	NoCodes    CodesPolicy = iota
	UseCodes               // those that are there, from the first step on
	BuildCodes             // missing ones too, behind other work
)

// useCodes opens the codes that a gallery has. Searches check what they read of them.
func (x *execution) useCodes(ctx context.Context, g *engine.Gallery) error {
	if x.s.o.Codes != UseCodes {
		return nil
	}
	o := code.Options{All: x.s.o.AllCodes, Early: true, Progress: func(p code.Progress) {
		if p.Note != "" {
			x.notes = append(x.notes, notUsed(p.Note))
		}
	}}
	if err := g.PrepareCodes(ctx, o); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		x.notes = append(x.notes, codesLine(err))
	}
	return nil
}

// damagedCodes notes what the searches of a step found wrong with codes. Where codes are built, it is
// said when they are built again.
func (x *execution) damagedCodes() {
	if x.s.o.Codes != UseCodes || x.state.gallery == nil {
		return
	}
	for _, note := range x.state.gallery.g.TellDamage() {
		x.notes = append(x.notes, notUsed(note))
	}
}

// notUsed says that codes are not used, and why.
func notUsed(note string) string { return "codes: " + note + ": not used" }

// codesBehind opens and builds the codes of a gallery while other work goes on, and
// notes in the log what it did. Searches use a layer's codes from the moment it has them.
func (s *Session) codesBehind(ctx context.Context, g *engine.Gallery) {
	if s.o.Codes != BuildCodes {
		return
	}
	ctx, end, err := s.begin(context.WithoutCancel(ctx))
	if err != nil {
		return
	}
	go func() {
		defer end()
		o := code.Options{All: s.o.AllCodes, Early: true}
		_ = g.PrepareCodes(ctx, o) // for the first searches; the next call says what is wrong
		select {
		case <-time.After(s.o.ContentWait):
		case <-ctx.Done():
			return
		}
		o.Build, o.Workers = true, max(1, runtime.GOMAXPROCS(0)/2)
		o.Progress = func(p code.Progress) { s.building(g, p) }
		err := g.PrepareCodes(ctx, o)
		s.mu.Lock()
		delete(s.codes, g)
		s.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			_ = s.append("# " + codesLine(err) + "\n") // Close returns the error
		}
	}()
}

// completeBehind computes what a search that took a first look at coarse codes has
// left for the next one with other weights.
func (s *Session) completeBehind(ctx context.Context, x *execution) {
	h := x.state.gallery
	if s.o.Codes != BuildCodes || h == nil || len(x.results) == 0 || len(x.state.rankings) == 0 || !h.completing.CompareAndSwap(false, true) {
		return
	}
	ctx, end, err := s.begin(context.WithoutCancel(ctx))
	if err != nil {
		h.completing.Store(false)
		return
	}
	row, picture, schemes := x.state.row, x.state.picture, x.state.schemes
	go func() {
		defer end()
		defer h.completing.Store(false)
		if picture != nil { // the search that needs it returns the error
			_ = h.searcher.WarmVectors(ctx, picture.vectors, schemes)
		} else {
			_ = h.searcher.Warm(ctx, row, schemes)
		}
	}()
}

// codesLine is an error on one line.
func codesLine(err error) string {
	return "codes: " + strings.ReplaceAll(err.Error(), "\n", "; ") + ": searched without them"
}

// building keeps how far the codes of a gallery are, and logs what was wrong with
// old ones and when new ones are done.
func (s *Session) building(g *engine.Gallery, p code.Progress) {
	s.mu.Lock()
	s.codes[g] = p
	s.mu.Unlock()
	text := ""
	if p.Note != "" {
		text += "# codes: " + p.Note + ": building others\n"
	}
	if p.Rows == p.Of {
		text += fmt.Sprintf("# codes: built those of %s, %d rows\n", p.Layer, p.Rows)
	}
	_ = s.append(text) // Close returns the error
}

// Codes says how far the building of codes for the gallery is; false when none are
// built now.
func (s *Session) Codes() (code.Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.gallery == nil {
		return code.Progress{}, false
	}
	p, ok := s.codes[s.state.gallery.g]
	return p, ok
}

// rescored says of how many rows the canonical scores were computed, for the
// rankings that come from codes; "" when none does.
func rescored(rankings []eval.Ranking) string {
	var parts []string
	for _, r := range rankings {
		switch {
		case r.Approximate:
			parts = append(parts, fmt.Sprintf("%s approximate", r.Scheme))
		case r.Coded:
			parts = append(parts, fmt.Sprintf("%s %d", r.Scheme, r.Rescored))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("rescored of %d rows: %s", rankings[0].Candidates, strings.Join(parts, ", "))
}
