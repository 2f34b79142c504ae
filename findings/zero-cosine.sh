#!/usr/bin/env bash
# The cosine of a vector of zeros, in four engines that search by cosine (npm): DuckDB
# 1.5.6, pgvector 0.8.7 in PGlite 0.5.14, LanceDB 0.39.0, USearch 2.26.2.
#
# A row of zeros has no direction and no cosine. A failed picture or a dead ReLU makes
# such rows. Each engine has another answer, so the same gallery has another number of
# items, or another nearest item, in each.
#
# Seen, for rows (0,0,0), (1,2,3), (3,2,-1):
#   DuckDB    similarity -1, distance 2: as far as the opposite direction
#   pgvector  NaN; with a scan the row is found, with an HNSW index it is not, and a
#             table of 21 rows has 20
#   LanceDB   the row is left out; a query of zeros has no answers at all
#   USearch   distance 1 from others, 0 from another row of zeros: a perfect match
source "$(dirname "$0")/setup.bash"
packages @duckdb/node-api@1.5.6-r.1 @electric-sql/pglite@0.5.14 @electric-sql/pglite-pgvector@0.0.15 \
  @lancedb/lancedb@0.39.0 usearch@2.26.2

cat >duckdb.mjs <<'JS'
import duckdb from '@duckdb/node-api'
const db = await (await duckdb.DuckDBInstance.create(':memory:')).connect()
const zero = '[0, 0, 0]::float[3]'
const sql = `select array_cosine_similarity(${zero}, [1, 2, 3]::float[3]), array_cosine_distance(${zero}, ${zero})`
console.log(...(await db.runAndReadAll(sql)).getRowsJson()[0])
JS
cat >pgvector.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
const db = await PGlite.create({ extensions: { vector } })
const value = async (sql) => Object.values((await db.query(sql)).rows[0])[0]
await db.exec(`create extension vector; create table t (id int, v vector(3));
  insert into t select g, array[g, 1, 2]::vector from generate_series(1, 20) g;
  insert into t values (0, '[0, 0, 0]'); create index on t using hnsw (v vector_cosine_ops)`)
const count = "select count(*) from (select id from t order by v <=> '[1, 1, 1]' limit 100) x"
const cosine = await value("select ('[0, 0, 0]'::vector <=> '[1, 2, 3]'::vector)::text")
const scan = await value(count)
await db.exec('set enable_seqscan = off')
console.log(cosine, scan, await value(count))
JS
cat >lancedb.mjs <<'JS'
import * as lancedb from '@lancedb/lancedb'
const rows = [[0, 0, 0], [1, 2, 3], [3, 2, -1]].map((vector, id) => ({ id, vector }))
const table = await (await lancedb.connect('lance')).createTable('t', rows)
const count = async (q) => (await table.search(q).distanceType('cosine').limit(10).toArray()).length
console.log(await count([1, 2, 3]), await count([0, 0, 0]))
JS
cat >usearch.mjs <<'JS'
import usearch from 'usearch'
const index = new usearch.Index({ metric: 'cos', dimensions: 3, quantization: 'f32' })
index.add([0n, 1n], [new Float32Array(3), new Float32Array([1, 2, 3])])
const found = index.search(new Float32Array(3), 2, 1)
console.log(...[...found.keys].map(Number), ...found.distances)
JS

check() { # engine, what is expected
  local seen
  seen=$(node "$1.mjs" 2>>log)
  echo "$1: $seen"
  [[ $seen == "$2" ]] || changed "$1 says $seen, not $2"
}
check duckdb "-1 2"
check pgvector "NaN 21 20"
check lancedb "2 0"
check usearch "0 1 0 1"
