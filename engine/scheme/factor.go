package scheme

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata/engine/format"
)

// maxTransforms is the largest number of transforms of a factor.
const maxTransforms = 8

// maxPower is the largest power of whitening. Components that are kept have standard deviations of
// at least 10⁻⁵ of the largest. So powers up to maxPower leave all values within float32.
const maxPower = 4

// TransformKind is the kind of a transform.
type TransformKind uint8

// The kinds of transforms. μ is the mean of the rows that a transform is fitted on, σ their
// standard deviations (divided by the number of rows). V are the principal axes: the eigenvectors
// of their covariance, by descending variance.
const (
	// PCA projects a row of length 1 onto the first N axes: (x/|x| − μ)·V.
	PCA TransformKind = iota
	// Whiten is PCA with each component divided by σ to the Power, where σ is the component's
	// standard deviation (a singular value, but for a constant factor). A Power of 1 gives every
	// component the same variance; a smaller one preserves more of their differences. A component
	// with a variance under 10⁻¹⁰ of the first one's is set to 0.
	Whiten
	// Centre subtracts the mean of rows of length 1: x/|x| − μ.
	Centre
	// ZScore standardizes every feature of the stored rows: (x − μ)/σ. A constant feature becomes
	// 0.
	ZScore
)

// knownTransforms lists the spellings of transforms, for messages.
const knownTransforms = "pcaN, whitenN, whitenN@POWER, centre, zscore"

// Transform is one step from a layer to a derived layer.
type Transform struct {
	Kind  TransformKind
	N     int     // components of PCA and Whiten, at least 1; otherwise 0
	Power float64 // of Whiten, above 0 and at most 4; otherwise 0
}

// String returns the canonical spelling: a power of 1 is left out.
func (t Transform) String() string {
	switch t.Kind {
	case PCA:
		return "pca" + strconv.Itoa(t.N)
	case Whiten:
		s := "whiten" + strconv.Itoa(t.N)
		if t.Power != 1 {
			s += "@" + strconv.FormatFloat(t.Power, 'g', -1, 64)
		}
		return s
	case Centre:
		return "centre"
	case ZScore:
	}
	return "zscore"
}

// Factor is a layer and the transforms applied to it, in order. With transforms, its spelling is
// the name of a derived layer.
type Factor struct {
	Layer      string
	Transforms []Transform
}

// FactorNamed returns the factor of a layer, derived or not, by the layer's name.
func FactorNamed(layer string) Factor {
	if strings.Contains(layer, "|") {
		if f, err := ParseFactor(layer); err == nil {
			return f
		}
	}
	return Factor{Layer: layer}
}

// Equal reports whether two factors are the same.
func (f Factor) Equal(o Factor) bool {
	return f.Layer == o.Layer && slices.Equal(f.Transforms, o.Transforms)
}

// String returns the canonical spelling, LAYER|TRANSFORM|….
func (f Factor) String() string {
	if len(f.Transforms) == 0 {
		return f.Layer
	}
	var b strings.Builder
	b.WriteString(f.Layer)
	for _, t := range f.Transforms {
		b.WriteByte('|')
		b.WriteString(t.String())
	}
	return b.String()
}

// Dim returns the number of features of the factor, for a layer with dim features and the given
// number of rows. It may return a *DimError.
func (f Factor) Dim(dim, rows int) (int, error) {
	for i, t := range f.Transforms {
		if t.N == 0 {
			continue
		}
		before := Factor{f.Layer, f.Transforms[:i]}
		switch {
		case t.N > dim:
			return 0, &DimError{i, fmt.Sprintf("%s asks for %d components, %s has %d features", t, t.N, before, dim)}
		case t.N > rows:
			return 0, &DimError{i, fmt.Sprintf("%s asks for %d components, %s has %d rows", t, t.N, before, rows)}
		case dim > maxAxes:
			return 0, &DimError{i, fmt.Sprintf("%s is for at most %d features, %s has %d", t, maxAxes, before, dim)}
		}
		dim = t.N
	}
	return dim, nil
}

// DimError says that a transform does not fit its layer.
type DimError struct {
	Transform int // its place in the factor, from 0
	Reason    string
}

// Error returns the reason.
func (e *DimError) Error() string { return e.Reason }

// FileName returns the file name of a derived layer, without its extension: the layer, and each
// transform behind a point. Points in the layer's own name are doubled, so that no two factors
// share a file name.
func (f Factor) FileName() string {
	parts := []string{strings.ReplaceAll(f.Layer, ".", "..")}
	for _, t := range f.Transforms {
		parts = append(parts, t.String())
	}
	return strings.Join(parts, ".")
}

// ParseFactor parses LAYER|TRANSFORM|…. It does not know which layers exist. An
// error is a *SyntaxError.
func ParseFactor(text string) (Factor, error) {
	if len(text) > maxSchemeLength {
		return Factor{}, &SyntaxError{text, maxSchemeLength, fmt.Sprintf("a layer with its transforms has at most %d characters, this one %d", maxSchemeLength, len(text))}
	}
	p := schemeParser{text: text}
	f, err := p.factor()
	if err == nil && p.space() < len(text) {
		err = p.fail(p.pos, "expected | or the end, found %q", p.next())
	}
	if err != nil {
		return Factor{}, err
	}
	return f, nil
}

// factor parses layer { "|" transform } and checks it.
func (p *schemeParser) factor() (Factor, error) {
	at := p.space()
	f := Factor{Layer: p.word()}
	switch {
	case f.Layer == "":
		return f, p.fail(at, "expected a layer, found %q", p.next())
	case p.accept('*'):
		return f, p.fail(at, "weight %q is not a finite number", f.Layer)
	case p.space() < len(p.text) && p.text[p.pos] == '(':
		return f, p.fail(at, "%s( is not known here: concat(, rrf(, znorm( and qe( stand alone, and hub( takes a layer", f.Layer)
	}
	places := []int{at}
	for p.accept('|') {
		places = append(places, p.space())
		t, err := p.transform()
		if err != nil {
			return f, err
		}
		if f.Transforms = append(f.Transforms, t); len(f.Transforms) > maxTransforms {
			return f, p.fail(places[len(places)-1], "a layer takes at most %d transforms", maxTransforms)
		}
	}
	if p.check != nil {
		if place, reason := p.check(f); reason != "" {
			return f, p.fail(places[place], "%s", reason)
		}
	}
	return f, nil
}

// transform parses pcaN, whitenN, whitenN@POWER, centre or zscore.
func (p *schemeParser) transform() (Transform, error) {
	at := p.space()
	word := p.word()
	if word == "" {
		return Transform{}, p.fail(at, "expected a transform (%s), found %q", knownTransforms, p.next())
	}
	name := strings.TrimRight(word, "0123456789")
	number := word[len(name):]
	var t Transform
	switch name {
	case "pca":
		t.Kind = PCA
	case "whiten":
		t.Kind, t.Power = Whiten, 1
	case "centre":
		t.Kind = Centre
	case "zscore":
		t.Kind = ZScore
	default:
		return t, p.fail(at, "there is no transform %q (there is %s)", word, knownTransforms)
	}
	if t.Kind == Centre || t.Kind == ZScore {
		if number != "" {
			return t, p.fail(at, "%s takes no number", name)
		}
	} else {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > format.MaxDim {
			return t, p.fail(at, "%s needs a number of components from 1 to %d right behind it, as in %s128", name, format.MaxDim, name)
		}
		t.N = n
	}
	if at = p.space(); !p.accept('@') {
		return t, nil
	}
	if t.Kind != Whiten {
		return t, p.fail(at, "%s takes no power, only whiten does", name)
	}
	at = p.space()
	text := p.decimal()
	power, err := strconv.ParseFloat(text, 64)
	if text == "" || err != nil && !math.IsInf(power, 0) || !(power > 0 && power <= maxPower) {
		return t, p.fail(at, "a power is a number above 0 and at most %d", maxPower)
	}
	t.Power = power
	return t, nil
}

// maxAxes is the largest number of features whose principal axes are computed. The work grows with
// its third power, to about a minute.
const maxAxes = 4096
