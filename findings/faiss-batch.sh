#!/usr/bin/env bash
# FAISS 1.7.3 (Debian python3-faiss), IndexFlatL2, "exact" search.
#
# The answer to a query depends on how many queries are asked together. Up to 19
# queries are compared with every row by subtraction. From 20 on (the variable
# distance_compute_blas_threshold) the distance is |q|² + |x|² − 2q·x in float32,
# by a matrix product. Where all vectors share a large mean, as activations
# behind a ReLU do, the three terms are large, their difference is small, and
# float32 has no digits left for it.
#
# Seen: 5,000 unit vectors of 512 features, moved by the same constant vector. A query
# that is one of the rows finds the same ten rows alone and among 19. Among 20 it finds
# mostly others. Subtracting the mean from rows and queries makes the answers agree.
#
# Debian 12, x86-64, with its own Python.
source "$(dirname "$0")/setup.bash"
debian python3-faiss=1.7.3-2+b1 python3-numpy=1:1.24.2-1+deb12u1 libopenblas0-pthread=0.3.21+ds-4 \
  libgfortran5=12.2.0-14+deb12u1

cat >batch.py <<'PY'
import faiss
import numpy as np

rng = np.random.default_rng(1)
rows = rng.standard_normal((5000, 512)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)

def kept(rows, n):
    """How many of the ten answers to query 0, asked alone, are found among n queries."""
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    alone = index.search(rows[:1], 10)[1][0]
    return len(set(alone) & set(index.search(rows[:n], 10)[1][0]))

moved = rows + 100
print(kept(moved, 19), kept(moved, 20), kept(moved - moved.mean(0), 20))
PY
seen=$(/usr/bin/python3 batch.py)
echo "of ten answers: among 19 queries, among 20, among 20 with the mean taken away: $seen"
read -r few many centred <<<"$seen"
((few == 10 && many <= 5 && centred == 10)) || changed "the answers are kept as $seen"
