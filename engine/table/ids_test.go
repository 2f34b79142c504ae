package table

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// npy returns a .npy file with a header and what follows it.
func npy(descr, shape, data string) string {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(dict)))) + dict + data
}

// ucs4 returns texts as an array of type U has them.
func ucs4(order binary.ByteOrder, width int, texts ...string) string {
	var b []byte
	for _, s := range texts {
		runes := []rune(s)
		for i := range width {
			var c [4]byte
			if i < len(runes) {
				order.PutUint32(c[:], uint32(runes[i]))
			}
			b = append(b, c[:]...)
		}
	}
	return string(b)
}

func TestReadIDs(t *testing.T) {
	long := npy("<U1", "(1,)", ucs4(binary.LittleEndian, 1, "a"))
	second := "\x93NUMPY\x02\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(binary.LittleEndian.Uint16([]byte(long[8:]))))) + long[10:]
	tests := []struct {
		name, file, text string
		want             []string
	}{
		{"lines", "ids.txt", "a\nb c\n,\"d\n", []string{"a", "b c", `,"d`}},
		{"lines, mark and CR LF, no end", "ids.txt", "\ufeffa\r\n b", []string{"a", " b"}},
		{"lines, an empty one", "ids.txt", "a\n\nb\n", []string{"a", "", "b"}},
		{"array", "ids.npy", npy("<U3", "(3,)", ucs4(binary.LittleEndian, 3, "abc", "é", "😀x")), []string{"abc", "é", "😀x"}},
		{"array, big-endian", "ids.npy", npy(">U2", "(2, )", ucs4(binary.BigEndian, 2, "ab", "")), []string{"ab", ""}},
		{"array of bytes", "ids.npy", npy("|S3", "(2,)", "ab\x00xyz"), []string{"ab", "xyz"}},
		{"array, version 2", "ids.npy", second, []string{"a"}},
		{"array of integers", "ids.npy", npy("<i8", "(2,)", "\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), []string{"1", "-1"}},
		{"array of integers, big-endian", "ids.npy", npy(">i4", "(2,)", "\x00\x00\x01\x02\xff\xff\xff\xfe"), []string{"258", "-2"}},
		{"array of bytes of integers", "ids.npy", npy("|u1", "(2, 1)", "\x07\xff"), []string{"7", "255"}},
		{"array of large integers", "ids.npy", npy("<u8", "(1,)", strings.Repeat("\xff", 8)), []string{"18446744073709551615"}},
		{"a column of texts", "ids.npy", npy("|S1", "(2, 1)", "ab"), []string{"a", "b"}},
		{"table", "ids.csv", "n,id\n0,a\n1,b\n", []string{"a", "b"}},
		{"table of one column", "ids.csv", "id\na\nb\n", []string{"a", "b"}},
		{"tsv", "ids.tsv", "id\tx\na\t\n", []string{"a"}},
		{"packed", "ids.csv.gz", gz(t, "id\na\n"), []string{"a"}},
		{"JSON Lines", "ids.jsonl", "{\"key\":7}\n{\"key\":8}\n", []string{"7", "8"}},
	}
	for _, tt := range tests {
		got, err := ReadIDs(tt.file, file(t, tt.text))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestReadIDsErrors(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"empty", "ids.txt", "", "it has no rows"},
		{"UTF-16", "ids.txt", "\xff\xfea\x00", "it is UTF-16"},
		{"NUL", "ids.txt", "a\nb\x00\n", "line 2: row 1: byte 2 of the cell is NUL"},
		{"not UTF-8", "ids.txt", "\xff\n", "line 1: row 0: byte 1 of the cell, 0xff, is not UTF-8"},
		{"an endless line", "ids.txt", strings.Repeat("x", maxLine+textBuffer+1), "line 1: row 0: it is longer than the 16777216 bytes allowed"},
		{"a long id", "ids.txt", strings.Repeat("x", maxCell+1), "line 1: row 0: a cell of 1048577 bytes is longer"},
		{"no array", "ids.npy", "a\nb\nc\nd\ne\nf\n", "not a .npy file"},
		{"cut within its header", "ids.npy", npy("<U1", "(1,)", "")[:30], "the file ends within its header"},
		{"cut behind its version", "ids.npy", "\x93NUMPY\x02\x00\x10\x00", "the file ends within its header"},
		{"a long header", "ids.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff", "a header of 4294967295 bytes is longer than the 65536 allowed"},
		{"no dictionary", "ids.npy", "\x93NUMPY\x01\x00\x02\x00{}", "the header states no type or no shape"},
		{"objects", "ids.npy", npy("|O", "(1,)", ""), "type |O is an array of Python objects; save np.array(ids, dtype=str)"},
		{"numbers", "ids.npy", npy("<f8", "(1,)", "12345678"), "type <f8 holds neither texts nor integers; save np.array(ids, dtype=str)"},
		{"long numbers", "ids.npy", npy("<i16", "(1,)", ""), "type <i16 has integers of more than 8 bytes"},
		{"a matrix", "ids.npy", npy("<U1", "(1, 2)", "abcd"), "shape (1, 2) is not that of a list"},
		{"no header", "ids.csv", "k23\nk22\n", `its first line is "k23", and names no column id: write id as the first line, or name the file ids.txt`},
		{"no column of ids", "ids.csv", "a,b\n1,2\n", "none of its columns is named id (columns: a, b)"},
		{"no dimension", "ids.npy", npy("<U1", "()", "abcd"), "shape () is not that of a list"},
		{"negative", "ids.npy", npy("<U1", "(-1,)", ""), "shape (-1,) is not that of a list"},
		{"no rows", "ids.npy", npy("<U1", "(0,)", ""), "it has no rows"},
		{"no characters", "ids.npy", npy("<U0", "(2000000000,)", ""), "ids of 0 bytes; from 1 to 4194304 are allowed"},
		{"long ids", "ids.npy", npy("<U999999999", "(1,)", ""), "ids of 3999999996 bytes; from 1 to 4194304 are allowed"},
		{"terabytes", "ids.npy", npy("<U1000", "(2000000000,)", "abcd"), "2000000000 ids of 4000 bytes need 8000000000000 bytes behind the header, the file has 4"},
		{"too many", "ids.npy", npy("<U1", "(99999999999999999999,)", ""), "is not that of a list"},
		{"cut off", "ids.npy", npy("<U1", "(2,)", "abcd"), "2 ids of 4 bytes need 8 bytes behind the header, the file has 4"},
		{"beyond Unicode", "ids.npy", npy("<U1", "(1,)", "\xff\xff\xff\xff"), "row 0: character 1 is 0xffffffff, which Unicode does not have"},
		{"half a pair", "ids.npy", npy("<U1", "(1,)", "\x00\xd8\x00\x00"), "row 0: character 1 is 0xd800, which Unicode does not have"},
		{"NUL within", "ids.npy", npy("<U3", "(1,)", ucs4(binary.LittleEndian, 3, "a\x00b")), "row 0: byte 2 of the cell is NUL"},
		{"bytes that are not UTF-8", "ids.npy", npy("|S2", "(2,)", "abc\xff"), "row 1: byte 2 of the cell, 0xff, is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids, err := ReadIDs(tt.file, file(t, tt.text))
			if err == nil {
				t.Fatalf("it was read: %q", ids)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %.300v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestIsIDs: whatever is named ids is taken for a list of ids, and read or refused.
func TestIsIDs(t *testing.T) {
	for name, want := range map[string]bool{
		"ids.txt": true, "ids.npy": true, "ids.csv": true, "IDS.TXT": true, "ids.csv.gz": true, "ids.pkl": true, "ids.npz": true,
		"ids": false, "idsx.txt": false, "x.ids.txt": false, "": false,
	} {
		if IsIDs(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	for _, name := range []string{"ids.pkl", "ids.npz", "ids.json", "ids.fvecs", "ids.npy.gz"} {
		if _, err := ReadIDsOf(name, file(t, "a\n")); err == nil || !strings.Contains(err.Error(), "its name says that it lists the rows' ids") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if ids, err := ReadIDsOf("IDS.TXT", file(t, "a\nb\n")); err != nil || !slices.Equal(ids, []string{"a", "b"}) {
		t.Errorf("got %q, %v", ids, err)
	}
}

func TestArena(t *testing.T) {
	var a Arena
	var kept, want []string
	for i := range 5000 {
		s := strings.Repeat(string(rune('a'+i%26)), i%97)
		if i%1000 == 0 {
			s = strings.Repeat("long", arenaPiece/8)
		}
		kept, want = append(kept, a.Keep(s)), append(want, s)
	}
	if !slices.Equal(kept, want) {
		t.Error("texts that were kept have changed")
	}
}

func FuzzIDs(f *testing.F) {
	f.Add([]byte("a\nb\r\n"), false)
	f.Add([]byte(npy("<U2", "(2,)", ucs4(binary.LittleEndian, 2, "ab", "c"))), true)
	f.Add([]byte(npy("|S2", "(1,)", "ab")), true)
	f.Fuzz(func(t *testing.T, b []byte, array bool) {
		name := "ids.txt"
		if array {
			name = "ids.npy"
		}
		ids, err := ReadIDs(name, file(t, string(b)))
		if err != nil {
			return
		}
		for row, id := range ids {
			if !utf8.ValidString(id) || strings.Contains(id, "\x00") {
				t.Errorf("row %d is %q", row, id)
			}
		}
	})
}
