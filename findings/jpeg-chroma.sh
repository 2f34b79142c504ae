#!/usr/bin/env bash
# One JPEG file, two decoders: Go 1.26's image/jpeg, and libjpeg (mozjpeg in npm sharp
# 0.35.5).
#
# Colour is stored at half the resolution in most JPEG files. The standard leaves open how
# it is enlarged: libjpeg interpolates between neighbours, Go repeats each value. Along an
# edge of colour the two pictures differ visibly, before any resizing. So features of a Go
# program are not those of a program with libjpeg, and the decoder belongs to the record
# of how features were made.
#
# Seen: red and blue stripes of eight pixels, 64×64, quality 95, 4:2:0: components differ
# by up to 75 of 255, 2,240 of 12,288 by more than 8.
source "$(dirname "$0")/setup.bash"
packages sharp@0.35.5

cat >write.cjs <<'JS'
const fs = require('fs')
const sharp = require('sharp')
async function main() {
  const size = 64, pixels = Buffer.alloc(size * size * 3)
  for (let i = 0; i < size * size; i++) pixels[3 * i + (((i % size) >> 3) % 2 ? 0 : 2)] = 255
  const raw = { width: size, height: size, channels: 3 }
  await sharp(pixels, { raw }).jpeg({ quality: 95, chromaSubsampling: '4:2:0' }).toFile('stripes.jpg')
  fs.writeFileSync('stripes.raw', await sharp('stripes.jpg').raw().toBuffer())
}
main()
JS
cat >main.go <<'GO'
package main

import (
	"fmt"
	"image/jpeg"
	"os"
)

func main() {
	f, err := os.Open("stripes.jpg")
	if err != nil {
		panic(err)
	}
	m, err := jpeg.Decode(f)
	if err != nil {
		panic(err)
	}
	raw, err := os.ReadFile("stripes.raw")
	if err != nil {
		panic(err)
	}
	largest, many := 0, 0
	for i := 0; i < len(raw); i += 3 {
		r, g, b, _ := m.At(i/3%64, i/3/64).RGBA()
		for c, v := range []uint32{r, g, b} {
			d := max(int(v>>8)-int(raw[i+c]), int(raw[i+c])-int(v>>8))
			largest = max(largest, d)
			if d > 8 {
				many++
			}
		}
	}
	fmt.Println(largest, many)
}
GO
node write.cjs
seen=$(go run main.go)
echo "largest difference, differences over 8: $seen"
read -r largest _ <<<"$seen"
((largest >= 40)) || changed "the decoders differ by $largest at most"
