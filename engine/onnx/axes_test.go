package onnx

import "testing"

func TestRegroup(t *testing.T) {
	n, c, p := one(ofPictures, 13), one(ofChannels, 48), one(ofPlaces, 16)
	single := one(ofPictures, 1)
	for _, x := range []struct {
		name  string
		from  []axis
		sizes []int64
		want  string // "" for one that is not known
	}{
		{"map to places", []axis{n, c, one(ofPlaces, 4), one(ofPlaces, 4)}, []int64{13, 48, -1}, "N×C×P"},
		{"heads", []axis{n, p, c}, []int64{13, 16, 4, 12}, "N×P×C×C"},
		{"heads joined", []axis{n, p, one(ofChannels, 4), one(ofChannels, 12)}, []int64{13, -1, 48}, "N×P×C"},
		{"pictures and heads", []axis{p, n, c}, []int64{16, 13 * 4, 12}, "P×NC×C"},
		{"and apart", []axis{p, append(append(axis{}, n...), one(ofChannels, 4)...), one(ofChannels, 12)}, []int64{16, 13, 48}, "P×N×C"},
		{"places and pictures", []axis{p, n, c}, []int64{-1, 48}, "PN×C"},
		{"windows", []axis{n, one(ofPlaces, 8), one(ofPlaces, 8), c}, []int64{13, 2, 4, 2, 4, 48}, "N×P×P×P×P×C"},
		{"one picture", []axis{single, p, c}, []int64{1, 16, 48}, "N×P×C"},
		{"one picture, second", []axis{single, p, c}, []int64{16, 1, 48}, "P×N×C"},
		{"one picture, gone", []axis{single, p, c}, []int64{16, 48}, "NP×C"},
		{"and back", []axis{append(append(axis{}, single...), p...), c}, []int64{1, 16, 48}, "N×P×C"},
		{"flat", []axis{n, p, c}, []int64{13, 768}, "N×PC"},
		{"does not divide", []axis{n, one(ofPlaces, 10)}, []int64{10, 13}, ""},
		{"another number", []axis{n, p}, []int64{13, 17}, ""},
		{"two are open", []axis{n, p, c}, []int64{-1, -1, 48}, ""},
		{"a size is not known", []axis{n, one(ofPlaces, -1), c}, []int64{13, -1, 48}, ""},
		{"nothing", []axis{n, one(ofPlaces, 0)}, []int64{13, 0}, ""},
		{"huge", []axis{one(ofPictures, 1<<62), one(ofPlaces, 1<<62)}, []int64{-1}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, ok := regroup(x.from, x.sizes)
			if ok != (x.want != "") || ok && spell(got) != x.want {
				t.Errorf("%s, %v, not %q", spell(got), ok, x.want)
			}
		})
	}
}

func TestLayout(t *testing.T) {
	n, c, p := one(ofPictures, 13), one(ofChannels, 48), one(ofPlaces, 16)
	for _, x := range []struct {
		axes []axis
		want Layout
	}{
		{[]axis{n, c, p, p}, ChannelsFirst},
		{[]axis{n, c, p}, ChannelsFirst},
		{[]axis{n, p, c}, ChannelsLast},
		{[]axis{n, p, p, c}, ChannelsLast},
		{[]axis{p, n, c}, PlacesFirst},
		{[]axis{n, c, nil, nil}, ChannelsFirst},
		{[]axis{n, nil, c}, ChannelsLast},
		{[]axis{n, c, p, c}, UnknownLayout},                               // heads
		{[]axis{n, p, one(ofAnything, 48)}, UnknownLayout},                // what is the third?
		{[]axis{append(append(axis{}, n...), p...), c, p}, UnknownLayout}, // windows
		{[]axis{n, c}, UnknownLayout},                                     // a vector
		{[]axis{c, n, p}, UnknownLayout},
	} {
		if got := layout(x.axes); got != x.want {
			t.Errorf("%s: %d, not %d", spell(x.axes), got, x.want)
		}
	}
}
