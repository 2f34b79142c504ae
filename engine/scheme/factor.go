package scheme

import (
	"fmt"
	"io/fs"
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
	// LDA projects a row of length 1 onto the first N discriminant axes of the label Of, fitted on
	// one part of the items. Package derive has the formula.
	LDA
	// WCCN multiplies a row of length 1 by the inverse Cholesky factor of the covariance within the
	// classes of the label Of, fitted on the same part.
	WCCN
	// Matrix multiplies a row of length 1 by the matrix in the file Of, features × components.
	Matrix
)

// knownTransforms lists the spellings of transforms, for messages.
const knownTransforms = "pcaN, whitenN, whitenN@POWER, centre, zscore, ldaN@LABEL, wccn@LABEL, matrix(FILE)"

// Transform is one step from a layer to a derived layer.
type Transform struct {
	Kind  TransformKind
	N     int     // components of PCA, Whiten and LDA, at least 1; otherwise 0
	Power float64 // of Whiten, above 0 and at most 4; otherwise 0
	Of    string  // the label of LDA and WCCN, the file of Matrix; otherwise ""
}

// Supervised reports whether the transform is fitted on a label.
func (t Transform) Supervised() bool { return t.Kind == LDA || t.Kind == WCCN }

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
	case LDA:
		return "lda" + strconv.Itoa(t.N) + "@" + t.Of
	case WCCN:
		return "wccn@" + t.Of
	case Matrix:
		return "matrix(" + t.Of + ")"
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

// Supervised reports whether a transform of the factor is fitted on a label.
func (f Factor) Supervised() bool { return slices.ContainsFunc(f.Transforms, Transform.Supervised) }

// Beside knows what transforms take beside the rows of a layer.
type Beside interface {
	// MostComponents returns the largest number of components of LDA under a label.
	MostComponents(label string) (int, error)
	// MatrixShape returns the numbers of features and of components of a matrix in a file.
	MatrixShape(file string) (features, components int, err error)
}

// Dim returns the number of features of the factor, for a layer with dim features and the given
// number of rows. It may return a *DimError.
func (f Factor) Dim(dim, rows int, beside Beside) (int, error) {
	for i, t := range f.Transforms {
		before := Factor{f.Layer, f.Transforms[:i]}
		if t.Of != "" {
			var err error
			if dim, err = t.fits(before, dim, beside); err != nil {
				return 0, &DimError{i, err.Error()}
			}
		}
		switch {
		case t.N == 0:
			continue
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

// fits checks a transform that takes a label or a file, for rows of a factor with dim features. It
// returns dim, or the components of the file.
func (t Transform) fits(before Factor, dim int, beside Beside) (int, error) {
	if t.Kind == Matrix {
		features, components, err := beside.MatrixShape(t.Of)
		if err == nil && features != dim {
			err = fmt.Errorf("%s holds %d×%d, features × components, and %s has %d features", t.Of, features, components, before, dim)
		}
		return components, err
	}
	most, err := beside.MostComponents(t.Of)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", t, err)
	case t.N > most:
		return 0, fmt.Errorf("%s asks for %d components: the items to fit on have %d classes of %s, which allow %d at most", t, t.N, most+1, t.Of, most)
	case dim > maxAxes:
		return 0, fmt.Errorf("%s is for at most %d features, %s has %d", t, maxAxes, before, dim)
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
// transform behind a point. Points in the layer's own name are doubled, and those in names of labels
// and files are %2E, so that no two factors share a file name.
func (f Factor) FileName() string {
	parts := []string{strings.ReplaceAll(f.Layer, ".", "..")}
	for _, t := range f.Transforms {
		if t.Of != "" {
			t.Of = strings.NewReplacer(".", "%2E", "/", "%2F").Replace(t.Of)
		}
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
		return f, p.fail(at, "%s( is not known here: concat(, rrf(, znorm(, qe(, krecip(, best( and mean( stand alone, and hub( takes a layer", f.Layer)
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

// transformKinds are the kinds of transforms by name.
var transformKinds = map[string]TransformKind{
	"pca": PCA, "whiten": Whiten, "centre": Centre, "zscore": ZScore, "lda": LDA, "wccn": WCCN, "matrix": Matrix,
}

// transform parses one of knownTransforms.
func (p *schemeParser) transform() (Transform, error) {
	at := p.space()
	word := p.word()
	if word == "" {
		return Transform{}, p.fail(at, "expected a transform (%s), found %q", knownTransforms, p.next())
	}
	name := strings.TrimRight(word, "0123456789")
	number := word[len(name):]
	kind, ok := transformKinds[name]
	if !ok {
		return Transform{}, p.fail(at, "there is no transform %q (there is %s)", word, knownTransforms)
	}
	t := Transform{Kind: kind}
	if kind == Whiten {
		t.Power = 1
	}
	if t.Kind != PCA && t.Kind != Whiten && t.Kind != LDA {
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
	if t.Kind >= LDA {
		return t, p.beside(&t)
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

// beside parses the label or the file behind the name of a transform.
func (p *schemeParser) beside(t *Transform) error {
	open, what := byte('@'), "a label"
	if t.Kind == Matrix {
		open, what = '(', "a file"
	}
	if !p.accept(open) {
		return p.fail(p.space(), "expected %c and %s, found %q", open, what, p.next())
	}
	start := p.space()
	for p.pos < len(p.text) && (IsNameByte(p.text[p.pos]) || p.text[p.pos] == '/') {
		p.pos++
	}
	if t.Of = p.text[start:p.pos]; t.Of == "" {
		return p.fail(p.pos, "expected %s, of letters, digits, _ . - and /, found %q", what, p.next())
	}
	if t.Kind == Matrix && !p.accept(')') {
		return p.fail(p.space(), "expected ) behind the file, whose name has letters, digits, _ . - and /, found %q", p.next())
	}
	if t.Kind == Matrix && (!fs.ValidPath(t.Of) || !strings.HasSuffix(t.Of, ".npy")) {
		return p.fail(start, "matrix takes a .npy file within the gallery, not %q", t.Of)
	}
	return nil
}

// maxAxes is the largest number of features whose principal axes are computed. The work grows with
// its third power, to about a minute.
const maxAxes = 4096
