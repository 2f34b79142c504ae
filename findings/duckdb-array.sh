#!/usr/bin/env bash
# DuckDB 1.5.6 (npm @duckdb/node-api), vectors as FLOAT[n] in a Parquet file.
#
# The functions on vectors (array_cosine_similarity and others) want arrays, whose length
# is in their type. Parquet has no such type. A table of FLOAT[3] that is copied to Parquet
# is read back as FLOAT[], a list of any length, and the query that worked on the
# table is refused on its copy, until every column is cast with its length.
#
# Seen: typeof is FLOAT[3] before and FLOAT[] after; the function has no overload for that.
source "$(dirname "$0")/setup.bash"
packages @duckdb/node-api@1.5.6-r.1

cat >copy.mjs <<'JS'
import duckdb from '@duckdb/node-api'
const db = await (await duckdb.DuckDBInstance.create(':memory:')).connect()
const value = async (sql) => {
  try {
    return (await db.runAndReadAll(sql)).getRowsJson()[0][0]
  } catch (error) {
    return error.message.split(':')[0]
  }
}
await db.run('create table t as select [1, 2, 3]::float[3] as v')
await db.run("copy t to 't.parquet'")
for (const source of ['t', "'t.parquet'"]) {
  console.log(await value(`select typeof(v) from ${source}`),
    await value(`select array_cosine_similarity(v, [1, 2, 3]::float[3]) > 0.99 from ${source}`))
}
JS
seen=$(node copy.mjs | paste -sd' ')
echo "type and function, in the table and in its copy: $seen"
[[ $seen == "FLOAT[3] true FLOAT[] Binder Error" ]] || changed "$seen"
