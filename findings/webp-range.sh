#!/usr/bin/env bash
# golang.org/x/image v0.47.0, package webp, lossy pictures.
#
# A lossy WebP picture is a VP8 frame, whose luma runs from 16 to 235. The decoder
# returns it as an image.YCbCr, and Go takes that type's luma to run from 0 to 255, as in
# a JPEG. So white is light grey and black is dark grey, contrast is lost, and a
# network is shown another picture than libwebp would show it.
#
# Seen: white of sharp 0.35.5 (libwebp 1.6.0) is 235 of 255, black is 16; libwebp reads
# 255 and 0 from the same files.
source "$(dirname "$0")/setup.bash"
modules golang.org/x/image@v0.47.0
packages sharp@0.35.5

cat >write.cjs <<'JS'
const sharp = require('sharp')
async function main() {
  for (const grey of [255, 0]) {
    const create = { width: 16, height: 16, channels: 3, background: { r: grey, g: grey, b: grey } }
    await sharp({ create }).webp({ quality: 90 }).toFile(`${grey}.webp`)
    console.log((await sharp(`${grey}.webp`).raw().toBuffer())[0])
  }
}
main()
JS
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"golang.org/x/image/webp"
)

func main() {
	for _, path := range os.Args[1:] {
		f, err := os.Open(path)
		if err != nil {
			panic(err)
		}
		m, err := webp.Decode(f)
		if err != nil {
			panic(err)
		}
		r, _, _, _ := m.At(3, 3).RGBA()
		fmt.Println(r >> 8)
	}
}
GO
go mod tidy 2>>log
theirs=$(node write.cjs | xargs)
seen=$(go run . 255.webp 0.webp | xargs)
echo "white and black: $theirs by libwebp, $seen by x/image"
[[ "$theirs $seen" == "255 0 235 16" ]] || changed "white and black are $seen"
