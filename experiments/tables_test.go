package experiments

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go"

	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/mine"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// TestTableFormats reads every table back from JSON Lines, by encoding/json, and
// from Parquet, by another reader, and compares each cell with that of the CSV.
func TestTableFormats(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(8, 8)), 70)
	tab.IDs[3] = "a \"quoted\" <id>, with\nlines and ü"
	e, err := eval.Plan{Schemes: testgallery.Schemes(t, "A", "B", "0*A+C"), Metrics: []metric.Metric{{Kind: metric.NDCG, K: 5}, {Kind: metric.ReciprocalRank, K: 0}}, Macro: true}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]table.Table{
		"metrics": e.MetricsTable(), "per_query": e.PerQueryTable(), "standings": e.StandingsTable(), "comparisons": eval.ComparisonsTable(comparisons), "empty": eval.ComparisonsTable(nil),
	}
	for _, t := range otherTables(t) {
		tables[t.Name] = t.Of
	}
	for name, ta := range tables {
		t.Run(name, func(t *testing.T) {
			rows, err := csv.NewReader(bytes.NewReader(tableBytes(t, ta, table.CSV))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if got := fromJSON(t, ta, tableBytes(t, ta, table.JSONLines)); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", rows[1:]) {
				t.Errorf("JSON Lines: got %.300q, want %.300q", got, rows[1:])
			}
			got := fromParquet(t, rows[0], tableBytes(t, ta, table.Parquet))
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", rows[1:]) {
				t.Errorf("Parquet: got %.300q, want %.300q", got, rows[1:])
			}
			first := tableBytes(t, ta, table.Parquet)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			if !bytes.Equal(first, tableBytes(t, ta, table.Parquet)) {
				t.Error("the bytes differ")
			}
		})
	}
}

// otherTables returns those of a tune and of a mine, of a gallery with labels that
// are named as columns are.
func otherTables(t *testing.T) []table.Named {
	tab := testgallery.Random(rand.New(rand.NewPCG(8, 9)), 70)
	for _, name := range []string{"item", "kind", "wrong category"} {
		tab.Labels = append(tab.Labels, name)
		tab.Cells[name] = tab.Cells["category"]
	}
	g := tab.Open(t)
	s := testgallery.Schemes(t, "A", "B")
	m, err := mine.Mining{Gallery: g, A: s[0], B: s[1], Near: 0.8}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := tune.Tuning{Gallery: g, Layers: []string{"A", "B"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"}, Parts: 4, Share: 0.5}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return append(m.Tables(), u.Tables()...)
}

func tableBytes(t *testing.T, table table.Table, f table.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := table.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fromJSON(t *testing.T, ta table.Table, b []byte) [][]string {
	t.Helper()
	rows := [][]string{}
	lines := json.NewDecoder(bytes.NewReader(b))
	lines.UseNumber()
	for lines.More() {
		var object map[string]any
		if err := lines.Decode(&object); err != nil {
			t.Fatal(err)
		}
		if len(object) != len(ta.Columns) {
			t.Fatalf("%d members, want %d", len(object), len(ta.Columns))
		}
		var row []string
		for _, c := range ta.Columns {
			switch v := object[c.Name].(type) {
			case nil:
				row = append(row, "")
			case string:
				if c.Kind != table.Text {
					t.Fatalf("%s is a string", c.Name)
				}
				row = append(row, v)
			case json.Number:
				row = append(row, v.String())
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func fromParquet(t *testing.T, header []string, b []byte) [][]string {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range f.Schema().Columns() {
		if c[0] != header[i] {
			t.Fatalf("column %d is %s, want %s", i, c[0], header[i])
		}
	}
	rows := [][]string{}
	for _, group := range f.RowGroups() {
		in := group.Rows()
		defer in.Close()
		some := make([]parquet.Row, 100)
		for {
			n, err := in.ReadRows(some)
			for _, r := range some[:n] {
				var row []string
				for _, v := range r {
					switch {
					case v.IsNull():
						row = append(row, "")
					case v.Kind() == parquet.Int64:
						row = append(row, strconv.FormatInt(v.Int64(), 10))
					case v.Kind() == parquet.Double:
						row = append(row, table.Number(v.Double()))
					default:
						row = append(row, string(v.ByteArray()))
					}
				}
				rows = append(rows, row)
			}
			if err != nil {
				break
			}
		}
	}
	return rows
}
