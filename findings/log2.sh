#!/usr/bin/env bash
# The base-2 logarithm in Go 1.26 (math.Log2), in C (glibc 2.36, through Python's math.log2)
# and in JavaScript (Node 20, Math.log2).
#
# nDCG divides by log2(rank + 1). The three functions differ in the last bit, and already
# at the second rank: log2(3). So an nDCG that is computed in Go agrees with trec_eval,
# in C, only up to rounding, and a check for equal text fails for a reason that is not in
# the ranking.
#
# Seen: of log2 of 2 to 20,000, Go and C differ in 454, Go and JavaScript in 438.
source "$(dirname "$0")/setup.bash"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"math"
)

func main() {
	for i := 2; i <= 20000; i++ {
		fmt.Printf("%d %016x\n", i, math.Float64bits(math.Log2(float64(i))))
	}
}
GO
cat >log2.py <<'PY'
import math, struct
for i in range(2, 20001):
    print(i, struct.pack(">d", math.log2(i)).hex())
PY
cat >log2.js <<'JS'
const b = Buffer.alloc(8), lines = []
for (let i = 2; i <= 20000; i++) {
  b.writeDoubleBE(Math.log2(i))
  lines.push(`${i} ${b.toString('hex')}`)
}
console.log(lines.join('\n'))
JS
go run main.go >go.txt
/usr/bin/python3 log2.py >c.txt
node log2.js >js.txt
c=$(diff go.txt c.txt | grep -c '^<' || true) js=$(diff go.txt js.txt | grep -c '^<' || true)
three=$(grep -h '^3 ' go.txt c.txt | sort -u | wc -l)
echo "of 19,999 logarithms Go and C differ in $c, Go and JavaScript in $js; log2(3) has $three values"
((c > 0 && three == 2)) || changed "Go and C differ in $c, log2(3) has $three values"
