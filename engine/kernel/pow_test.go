package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"
)

// TestPow compares with the standard library, and the bits of many powers with those of the first
// machine: they are the same on every processor.
func TestPow(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	sum := sha256.New()
	for range 20000 {
		x, a := rng.Float64(), 10*rng.Float64()
		switch rng.IntN(4) {
		case 0:
			x = 1 + 1e-9*rng.NormFloat64()
		case 1:
			x = math.Ldexp(x, -rng.IntN(60))
		}
		got, want := Pow(x, a), math.Pow(x, a)
		if !(math.Abs(got-want) <= (4+math.Abs(a*math.Log(x)))*0x1p-51*want) {
			t.Fatalf("%v^%v is %v, want %v", x, a, got, want)
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(got))
		sum.Write(b[:])
	}
	if got := hex.EncodeToString(sum.Sum(nil)[:8]); got != "f208a7b79700f261" {
		t.Errorf("the powers have the hash %s", got)
	}
	for _, c := range []struct{ x, a, want float64 }{
		{0, 0, 1}, {0, 3, 0}, {1, 7.5, 1}, {5, 0, 1}, {1e-300, 10, 0}, {math.NaN(), 0, math.NaN()}, {2, math.NaN(), math.NaN()},
	} {
		if got := Pow(c.x, c.a); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v^%v is %v, want %v", c.x, c.a, got, c.want)
		}
	}
}
