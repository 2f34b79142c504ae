package picture

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"image"
	"image/jpeg"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/iterm2"
)

// jpegQuality is the quality of inline pictures, from 1 to 100: a thumbnail has two kilobytes.
const jpegQuality = 90

// drawITerm2 fills in m as an inline picture of iTerm2: a JPEG of the size in which it is shown.
func (t *Thumbs) drawITerm2(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error {
	small := t.fitted(p, m, key)
	if err := ctx.Err(); err != nil {
		return err
	}
	e.out.Reset()
	if err := jpeg.Encode(&e.out, small, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return err
	}
	sum := sha256.Sum256(e.out.Bytes())
	p.Key = string(sum[:16])
	p.Bytes = []byte(ansi.ITerm2(iterm2.File{
		Size: int64(e.out.Len()), Width: iterm2.Pixels(p.PixelW), Height: iterm2.Pixels(p.PixelH),
		IgnoreAspectRatio: true, Inline: true, DoNotMoveCursor: true,
		Content: base64.StdEncoding.AppendEncode(nil, e.out.Bytes()),
	}))
	return nil
}

// newITerm2Hand writes pictures that stand in place of text, ended by BEL.
func newITerm2Hand(Terminal) hand { return &cellHand{end: "\a"} }

// offersITerm2 says that the terminal shows inline pictures: no query tells it. VS Code shows them when it shows sixels.
func offersITerm2(b brand, r replies) string {
	if r.inner != "" || b == brandVSCode && !r.sixel {
		return ""
	}
	return b.String() + " shows inline pictures"
}
