package picture

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestKittySendsOnce shows a picture in two places, takes it away and shows it again.
func TestKittySendsOnce(t *testing.T) {
	for _, protocol := range protocols {
		if protocol.graphics != GraphicsKitty && protocol.graphics != GraphicsKittyDirect {
			continue
		}
		t.Run(protocol.name, func(t *testing.T) {
			s := newProtocolStage(t, protocol.graphics, protocol.tmux, protocol.form)
			a, b := s.terminal.know("a", 28, 5, Box{8, 4}), s.terminal.know("b", 40, 5, Box{8, 4})
			second := a
			second.Col = 60
			s.show(t, blankView(), a, b, second)
			if n := s.terminal.kitty.sends; n != 2 {
				t.Errorf("two pictures in three places were sent %d times", n)
			}
			s.show(t, blankView())
			_, bytes, drawn := s.show(t, blankView(), a, b)
			if n := s.terminal.kitty.sends; n != 2 || drawn != 2 || bytes > 700 {
				t.Errorf("two pictures shown again: sent %d times, %d drawn with %d bytes", n-2, drawn, bytes)
			}
		})
	}
}

// TestKittyForgets shows more pictures than the terminal may keep: those of the newest frame are always there.
func TestKittyForgets(t *testing.T) {
	s := newProtocolStage(t, GraphicsKitty, false, [2]string{"PNG ", ""})
	for frame := range 60 {
		var placements []Placement
		for i := range 20 {
			key := fmt.Sprint("frame ", frame, " picture ", i)
			if i == 0 {
				key = "the query"
			}
			placements = append(placements, s.terminal.know(key, 1+i%10*10, 2+i/10*8, Box{8, 4}))
		}
		s.show(t, blankView(), placements...)
		if n := len(s.terminal.kitty.images); n > maxSent {
			t.Fatalf("the terminal keeps %d pictures", n)
		}
	}
	if n := s.terminal.kitty.sends; n != 60*19+1 {
		t.Errorf("%d pictures were sent", n)
	}
}

// TestKittyBreaksOff has a frame come without the picture that is being sent: the rest of it is not, and nothing of it
// stays in the terminal.
func TestKittyBreaksOff(t *testing.T) {
	for _, graphics := range []Graphics{GraphicsKitty, GraphicsKittyDirect} {
		t.Run(graphics.String(), func(t *testing.T) {
			s := newProtocolStage(t, graphics, false, [2]string{"PNG ", strings.Repeat(" long", 20000)})
			p := s.terminal.know("a", 28, 5, Box{8, 4})
			all := s.hand.put(p, nil)
			if len(all) < 20 {
				t.Fatalf("%d pieces", len(all))
			}
			for _, b := range append(slices.Clone(all[:3]), s.hand.broken(p)) {
				if _, err := s.terminal.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			if left := s.terminal.kitty.leftOver(); len(left) > 0 {
				t.Error(summary(left))
			}
			s.show(t, blankView(), p)
			if n := s.terminal.kitty.sends; n != 1 {
				t.Errorf("the picture was sent %d times", n)
			}
		})
	}
}

// TestKittyBreaksOffOver breaks off a picture that replaces another: neither stays on the cells.
func TestKittyBreaksOffOver(t *testing.T) {
	for _, graphics := range []Graphics{GraphicsKitty, GraphicsKittyDirect} {
		t.Run(graphics.String(), func(t *testing.T) {
			s := newProtocolStage(t, graphics, false, [2]string{"PNG ", strings.Repeat(" long", 20000)})
			old, p := s.terminal.know("a", 28, 5, Box{8, 4}), s.terminal.know("b", 28, 5, Box{8, 4})
			s.show(t, blankView(), old)
			for _, b := range append(s.hand.put(p, nil)[:3], s.hand.broken(p)) {
				if _, err := s.terminal.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			if placed := s.terminal.kitty.placed; len(placed) > 0 {
				t.Errorf("%v stays on the cells", placed)
			}
			s.show(t, blankView(), p)
		})
	}
}

func TestKittyNumbers(t *testing.T) {
	store := newKittyStore(Terminal{})
	store.serial = numbers - 100
	seen := map[uint32]bool{}
	for range 1000 {
		id := store.number()
		if id&0xff == 0 || id&0xffff00 != 0 || seen[id] {
			t.Fatalf("number %#x", id)
		}
		seen[id] = true
	}
}

// TestDrawnPictures decodes what the drivers make of photographs: the right picture in the right size.
func TestDrawnPictures(t *testing.T) {
	shelf := newShelf(t, 6)
	for _, graphics := range []Graphics{GraphicsKitty, GraphicsKittyDirect, GraphicsITerm2} {
		terminal := sixelTerminal()
		terminal.Graphics = graphics
		thumbs := newTestThumbs(t, shelf, terminal, Options{})
		for _, quality := range []Quality{QualityShared, QualityLarge} {
			p, err := thumbs.Picture(t.Context(), 2, Box{9, 4}, quality)
			if err != nil || p.Err != nil {
				t.Fatal(err, p.Err)
			}
			var got image.Image
			if graphics == GraphicsITerm2 {
				got = inlineFile(t, p)
			} else if got, err = png.Decode(strings.NewReader(string(p.Bytes))); err != nil {
				t.Fatal(err)
			}
			want := Box{p.PixelW, p.PixelH}
			if graphics == GraphicsKitty {
				want = Box{p.Covers.Cols * testCellW, p.Covers.Rows * testCellH}
			}
			if b := got.Bounds(); (Box{b.Dx(), b.Dy()}) != want || p.PixelW > 9*testCellW || p.PixelH > 4*testCellH {
				t.Errorf("%v: %v for %d×%d pixels", graphics, b, p.PixelW, p.PixelH)
			}
			source, err := shelf.read(2)
			if err != nil {
				t.Fatal(err)
			}
			small := resample(source, p.PixelW, p.PixelH)
			if db := psnr(small, got.(interface {
				SubImage(image.Rectangle) image.Image
			}).SubImage(small.Rect)); db < 28 {
				t.Errorf("%v, quality %d: %.1f dB", graphics, quality, db)
			}
			if len(p.Bytes) > 14_000 {
				t.Errorf("%v: %d bytes", graphics, len(p.Bytes))
			}
		}
	}
}

// inlineFile returns the picture in an inline picture of iTerm2.
func inlineFile(t *testing.T, p Picture) image.Image {
	t.Helper()
	options, data, ok := strings.Cut(strings.TrimSuffix(string(p.Bytes), "\a"), ":")
	decoded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	file := string(decoded)
	want := fmt.Sprintf("\x1b]1337;File=size=%d;width=%dpx;height=%dpx;preserveAspectRatio=0;inline=1;doNotMoveCursor=1",
		len(file), p.PixelW, p.PixelH)
	if !ok || options != want {
		t.Errorf("options %q, want %q", options, want)
	}
	m, err := jpeg.Decode(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestOffers has the table's terminals answer as they do.
func TestOffers(t *testing.T) {
	kitty := func(version string) string {
		return "\x1bP>|" + version + "\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;c"
	}
	plain := func(version, da1 string) string { return "\x1bP>|" + version + "\x1b\\\x1b[?" + da1 + "c" }
	within := func(outer string) string { return "\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c" + outer }
	for _, test := range []struct {
		name, replies string
		env           map[string]string
		want          []Graphics
	}{
		{"kitty", kitty("kitty(0.35.2)"), nil, []Graphics{GraphicsKitty, GraphicsKittyDirect}},
		{"kitty before placeholders", kittyOld, nil, []Graphics{GraphicsKittyDirect}},
		{"Ghostty", kitty("ghostty 1.1.3"), nil, []Graphics{GraphicsKitty}},
		{"WezTerm", "\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?65;4;6;18;22c", nil, []Graphics{GraphicsKittyDirect, GraphicsITerm2, GraphicsSixel}},
		{"WezTerm without kitty's", plain("WezTerm 20240203-110809-5046fc22", "65;4;6;18;22"), nil, []Graphics{GraphicsITerm2, GraphicsSixel}},
		{"iTerm2", plain("iTerm2 3.5.10", "62;4"), nil, []Graphics{GraphicsITerm2, GraphicsSixel}},
		{"Konsole", kitty("Konsole 24.08.1"), nil, []Graphics{GraphicsKittyDirect}},
		{"VS Code", plain("xterm.js(5.6.0)", "62;4;9;22"), nil, []Graphics{GraphicsITerm2, GraphicsSixel}},
		{"VS Code without images", plain("xterm.js(5.6.0)", "1;2"), map[string]string{"TERM_PROGRAM": "vscode"}, nil},
		{"Warp", "\x1b[?62c", map[string]string{"TERM_PROGRAM": "WarpTerminal"}, []Graphics{GraphicsITerm2}},
		{"foot", foot, nil, []Graphics{GraphicsSixel}},
		{"xterm started from kitty", xtermSixel, map[string]string{"KITTY_WINDOW_ID": "1"}, []Graphics{GraphicsSixel}},
		{"mlterm started from WezTerm", mlterm, map[string]string{"TERM": "mlterm", "WEZTERM_PANE": "0"}, []Graphics{GraphicsSixel}},
		{"an unknown one with both", "\x1b_Gi=31;OK\x1b\\\x1b[?62;4c", nil, []Graphics{GraphicsKittyDirect, GraphicsSixel}},
		{"tmux in kitty", within(kitty("kitty(0.35.2)")), nil, []Graphics{GraphicsKitty}},
		{"tmux in an old kitty", within(kittyOld), nil, nil},
		{"tmux in WezTerm", within(kitty("WezTerm 20240203-110809-5046fc22")), nil, nil},
		{"tmux in iTerm2", within(plain("iTerm2 3.5.10", "62;4")), nil, nil},
		{"tmux started in kitty, now elsewhere", within(""), map[string]string{"TMUX": "x", "KITTY_WINDOW_ID": "1"}, nil},
	} {
		getenv := func(name string) string { return test.env[name] }
		var terminal Terminal
		terminal.Tmux = withinTmux(getenv)
		terminal.take(parseReplies([]byte(test.replies)), openNull(t), getenv, GraphicsAuto, nil)
		var got []Graphics
		for _, o := range terminal.Offers {
			got = append(got, o.Graphics)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if len(got) > 0 && terminal.Graphics != got[0] {
			t.Errorf("%s: %v is chosen of %v", test.name, terminal.Graphics, got)
		}
	}
}

// TestProbeQueriesInTmux checks that tmux, which takes kitty's query for a title, passes it through.
func TestProbeQueriesInTmux(t *testing.T) {
	for _, test := range []struct {
		env          map[string]string
		plain, inner bool
	}{
		{map[string]string{"TERM": "xterm"}, true, false},
		{map[string]string{"TERM": "screen", "TMUX": "x"}, false, true},
		{map[string]string{"TERM": "tmux-256color"}, false, true},
		{map[string]string{"TERM": "screen.xterm"}, false, false},
	} {
		q := probeQueries(func(name string) string { return test.env[name] })
		if strings.HasPrefix(q, ansi.RequestNameVersion+backgroundQuery+graphicsQuery) != test.plain || strings.Contains(q, "\x1bPtmux;") != test.inner ||
			!strings.HasSuffix(q, attributesQuery) {
			t.Errorf("%v: %q", test.env, q)
		}
	}
}
