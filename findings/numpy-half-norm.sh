#!/usr/bin/env bash
# NumPy 1.24.2 (Debian python3-numpy), numpy.linalg.norm of float16 rows.
#
# The squares of a float16 array are float16, too. The largest float16 is 65,504, and
# squares under 3e-8 are 0. So rows with ordinary features have the norm inf or 0: divided
# by it, a row is all zeros or all infinite. A row
# of 2,048 sixes overflows, a row of 2,048 values of 0.0001 vanishes. Both are finite,
# exact enough in float16, and have a cosine.
#
# Seen: norms inf and 0.0, where the same rows as float32 have 271.529 and 0.0045. Only
# the overflow is warned of.
#
# Debian 12, x86-64, with its own Python.
source "$(dirname "$0")/setup.bash"
debian python3-numpy=1:1.24.2-1+deb12u1 libopenblas0-pthread=0.3.21+ds-4 libgfortran5=12.2.0-14+deb12u1

cat >norm.py <<'PY'
import warnings
import numpy as np

warnings.simplefilter("ignore")
rows = np.stack([np.full(2048, 6, np.float16), np.full(2048, 1e-4, np.float16)])
half, single = (np.linalg.norm(rows.astype(t), axis=1) for t in (np.float16, np.float32))
print(half.dtype, *half, *single.round(4))
PY
seen=$(/usr/bin/python3 norm.py)
echo "type and norms in float16, norms in float32: $seen"
[[ $seen == "float16 inf 0.0 271.529 0.0045" ]] || changed "the norms are $seen"
