#!/usr/bin/env bash
# github.com/apache/arrow-go/v18 v18.8.0, Parquet files of lists of fixed size.
#
# The natural column for features is a list of fixed size. A slice of such a column, as
# RecordBatch.NewSlice makes it without copying, is written to Parquet as the first rows
# of the whole column, not as the rows of the slice. No error is returned. Whoever
# cuts a matrix into row groups or files of some rows by slices writes the first
# rows again and again. A column of numbers that is sliced beside it is written right, so
# ids and features no longer belong together.
#
# Seen: of rows [0 1] [2 3] [4 5] [6 7] with the ids 0 to 3 the slice from 2 to 4 reads
# back as ids 2 and 3 with features [0 1] and [2 3].
source "$(dirname "$0")/setup.bash"
modules github.com/apache/arrow-go/v18@v18.8.0

cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int32},
		{Name: "feature", Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32)},
	}, nil)
	rows := `[{"id": 0, "feature": [0, 1]}, {"id": 1, "feature": [2, 3]},
		{"id": 2, "feature": [4, 5]}, {"id": 3, "feature": [6, 7]}]`
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		panic(err)
	}
	slice := batch.NewSlice(2, 4)
	var file bytes.Buffer
	writer := must(pqarrow.NewFileWriter(schema, &file, nil, pqarrow.DefaultWriterProps()))
	if err := writer.Write(slice); err != nil {
		panic(err)
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	table := must(pqarrow.ReadTable(context.Background(), bytes.NewReader(file.Bytes()), nil,
		pqarrow.ArrowReadProperties{}, memory.DefaultAllocator))
	fmt.Println(slice.Column(1), "->", table.Column(0).Data().Chunk(0), table.Column(1).Data().Chunk(0))
}
GO
go mod tidy 2>>log
seen=$(go run .)
echo "$seen"
[[ $seen == "[[4 5] [6 7]] -> [2 3] [[0 1] [2 3]]" ]] || changed "$seen"
