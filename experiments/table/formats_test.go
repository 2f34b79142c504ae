package table

import (
	"errors"
	"slices"
	"testing"

	"strata/engine/scheme"
)

func TestParseFormats(t *testing.T) {
	got, err := ParseFormats([]string{"parquet", "csv", "parquet"})
	if err != nil || !slices.Equal(got, []Format{Parquet, CSV}) {
		t.Errorf("got %v, %v", got, err)
	}
	var name *scheme.NameError
	if _, err := ParseFormats([]string{"xlsx"}); !errors.As(err, &name) {
		t.Errorf("got %v", err)
	}
}
