package table

import (
	"bytes"
	"encoding/json"
	"io"

	"strata/engine/inert"
)

// WriteJSON writes a document as people read it.
func WriteJSON(w io.Writer, m any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		return err
	}
	_, err := w.Write(inert.JSON(b.Bytes()))
	return err
}
