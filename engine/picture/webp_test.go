package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"testing"
)

// webps are pictures that Pillow 9.4 wrote by libwebp, with the SHA-256 of the bytes that
// it reads of them: red, green, blue, alpha, by lines.
var webps = []struct {
	name, file, want string
}{
	{
		"white",
		"UklGRjgAAABXRUJQVlA4ICwAAABwAwCdASpAAEAAPjEYi0QiIaERBAAgAwS0gAAIG6moArxC3IAA/v5V0AAAAA==",
		"0fbba07a833d4dcfc7024eaf313661a0ba8f80a05c6d29b8801c612e10e60dee",
	},
	{
		"odd",
		"UklGRmIAAABXRUJQVlA4IFYAAADwAQCdASoNAAkAAoBCJbACdAEO9WQTYAAA/vqTurYgNy/ncSf+6n4vVKPnQB/lPAbweVdyIWG/" +
			"AW/5tjW9HTXtitgfH/6Gx+UNH/S91koD/8UkCQF4AA==",
		"3ad06bf33347c1daf995b6783b00d9fd977befe566b8d94174cd9a960e77f57a",
	},
	{
		"even",
		"UklGRqIAAABXRUJQVlA4IJYAAABwAwCdASoQAAwAAUAmJbACdLcAZgBkgH6Z9ZmRD5f6HM3JC0AA/v5d0Kc/WhNZ5nyMLz/whDv0" +
			"E5AwVZPAHlHwdBwRcRgqy61/3C8QtekXGGtj5z8RCjua9cGj7H2ejz2L5fr4V/bBIz/zpiebrAvk6SbJH1daM2ce9XJx8w8Qchoy" +
			"s3Bi/9X/v4SPfbh+/GrszgwAAAA=",
		"c6a21b1b714d2c820f32d222011e0c53a2777e38dc3cbbe30a441097d20e7ac2",
	},
	{
		"alpha",
		"UklGRp4AAABXRUJQVlA4WAoAAAAQAAAACgAACQAAQUxQSBgAAAABmYzof4BI22YWpmD+jZ6dR0zABDCjHgBWUDggYAAAAPABAJ0B" +
			"KgsACgACQDglsAJ0AQ643sdIAAD+++7kPqap4nnZ5P3T7GEEMKAyW3iLiTk70VgR5MzU9mQJbWyqYo2Zf/kT/N/m6e/9Tfos0V5R" +
			"g4T3/M1/hoG9f+O3IbIgAA==",
		"7408900d38930e65565ad5e174fb8d5bc79512a5fa5edb7dd262b95e9a9da96e",
	},
	{
		"one",
		"UklGRjoAAABXRUJQVlA4IC4AAACQAQCdASoBAAEAAMASJaACdLoAA5gA/vi1F/3GttI6Zf/t8P/7jy/+3w//bsgA",
		"715b2761f0cc9f003b3c967b1464093d74c7b0b2ff4c9fa940219d024c508d49",
	},
}

// A lossy WebP has luma of limited range: its values are those of its own decoder.
func TestWebPRange(t *testing.T) {
	for _, c := range webps {
		data, err := base64.StdEncoding.DecodeString(c.file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := DecodePicture(bytes.NewReader(data), anySize)
		if err != nil {
			t.Fatal(err)
		}
		if c.name == "white" {
			if got := m.At(20, 30); got != (color.RGBA{255, 255, 255, 255}) {
				t.Errorf("white is %v", got)
			}
		}
		var values []byte
		b := m.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				v, ok := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
				if !ok {
					t.Fatal("no colour")
				}
				values = append(values, v.R, v.G, v.B, v.A)
			}
		}
		if sum := sha256.Sum256(values); hex.EncodeToString(sum[:]) != c.want {
			t.Errorf("%s: other values than libwebp's", c.name)
		}
	}
	if m := image.NewGray(image.Rect(0, 0, 1, 1)); limited(m) != image.Image(m) {
		t.Error("another picture is changed")
	}
}
