#!/usr/bin/env bash
# github.com/mattn/go-sixel v0.0.14, Encoder.Palette.
#
# With a palette given, every picture that is written begins by defining all of its
# colours, those too that the picture does not have. A terminal that shows forty
# thumbnails of one palette of 255 colours is sent the palette forty times. A colour
# component is truncated to whole percent, not rounded: 254 of 255 is written as 99.
#
# Seen: a picture of 8×6 pixels of one colour takes 3,662 bytes under a palette of 255
# greys; 255 registers are defined, the pixels take 7 bytes of it.
source "$(dirname "$0")/setup.bash"
modules github.com/mattn/go-sixel@v0.0.14

cat >main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"regexp"

	"github.com/mattn/go-sixel"
)

func main() {
	var greys color.Palette
	for i := range 255 {
		greys = append(greys, color.Gray{Y: uint8(i)})
	}
	picture := image.NewRGBA(image.Rect(0, 0, 8, 6))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(greys[100]), image.Point{}, draw.Src)
	var b bytes.Buffer
	encoder := sixel.NewEncoder(&b)
	encoder.Palette = greys
	if err := encoder.Encode(picture); err != nil {
		panic(err)
	}
	defined := regexp.MustCompile(`#\d+;2;\d+;\d+;\d+`).FindAll(b.Bytes(), -1)
	fmt.Println(b.Len(), len(defined), string(defined[254]))
}
GO
go mod tidy 2>>log
seen=$(go run .)
echo "bytes, registers defined, the last of them: $seen"
[[ $seen == *" 255 #254;2;99;99;99" ]] || changed "$seen"
