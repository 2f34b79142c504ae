// Writes the Arrow and Parquet files beside it: three rows of four numbers, row by row
// -5, -4, …, 6 (u8: 0, 1, …, 11), as the Rust, C++ and JavaScript libraries have them.
//   npm install nodejs-polars@0.26.1 nodejs-polars-linux-x64-gnu @duckdb/node-api@1.5.6-r.1 apache-arrow@21.2.0
//   node write.cjs
const fs = require('fs');
const pl = require('nodejs-polars');
const arrow = require('apache-arrow');
const { DuckDBInstance } = require('@duckdb/node-api');

const numbers = Array.from({ length: 12 }, (_, i) => i - 5);
const rows = [numbers.slice(0, 4), numbers.slice(4, 8), numbers.slice(8)];

const lists = (name, type) => pl.Series(name, rows, pl.List(type));
const table = pl.DataFrame({ id: ['a', 'b', 'a text of more than twelve bytes'], n: [1, 2, 3] })
  .withColumn(lists('v', pl.Float32))
  .withColumn(lists('fixed', pl.Float32).cast(pl.FixedSizeList(pl.Float32, 4)))
  .withColumn(lists('f64', pl.Float64))
  .withColumn(lists('i32', pl.Int32))
  .withColumn(lists('i64', pl.Int64))
  .withColumn(lists('i8', pl.Int8));
for (const compression of ['uncompressed', 'lz4', 'zstd']) table.writeIPC(`polars-${compression}.arrow`, { compression });
for (const compression of ['uncompressed', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4raw']) table.writeParquet(`polars-${compression}.parquet`, { compression });

const child = arrow.makeData({ type: new arrow.Float32(), length: 12, data: Float32Array.from(numbers) });
const fixed = arrow.makeData({ type: new arrow.FixedSizeList(4, new arrow.Field('item', new arrow.Float32())), length: 3, nullCount: 0, child });
const vector = new arrow.Table({ id: arrow.vectorFromArray(['a', 'b', 'a']), v: new arrow.Vector([fixed]) });
fs.writeFileSync('javascript.arrow', arrow.tableToIPC(vector, 'file'));
fs.writeFileSync('stream.arrow', arrow.tableToIPC(vector, 'stream'));

(async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const list = (type) => `[(r*4+k-5)::${type} for k in range(4)]`;
  await db.run(`create table t as select 'i' || r as id, r as n, ${list('FLOAT')} as v, ${list('FLOAT')}::FLOAT[4] as fixed,
    ${list('DOUBLE')} as f64, ${list('TINYINT')} as i8, [(r*4+k)::UTINYINT for k in range(4)] as u8, ${list('INTEGER')} as i32,
    'abcd'::BLOB as raw, ('x' || repeat('y', r::INT))::BLOB as picture, ['x', 'y'] as tags, {'a': r, 'b': 2} as struct from range(3) s(r)`);
  await db.run(`copy t to 'duckdb-zstd.parquet' (format parquet, compression zstd)`);
  await db.run(`copy t to 'duckdb-v2.parquet' (format parquet, compression snappy, parquet_version v2)`);
  await db.run(`copy (select v from t union all by name select [1, 2, 3]::FLOAT[] as v) to 'ragged.parquet' (format parquet)`);
  await db.run(`copy (select v from t union all by name select null as v) to 'null.parquet' (format parquet)`);
  await db.run(`copy (select [1, null, 3]::FLOAT[] as v union all by name select [4, 5, 6]::FLOAT[] as v) to 'hole.parquet' (format parquet)`);
  await db.run(`copy (select [1, 2]::FLOAT[] as v union all by name select [3, 4, 5, 6]::FLOAT[] as v) to 'equal.parquet' (format parquet)`);
})();
