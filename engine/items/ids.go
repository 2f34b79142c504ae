package items

import "hash/maphash"

// idIndex finds the row of an item by its id. It is a hash table with open
// addressing whose keys are the rows' ids themselves: a map of a million strings
// takes longer to build and three times the memory.
type idIndex struct {
	seed  maphash.Seed
	slots []uint64 // a power of two; the upper half of the id's hash, then row+1; 0 is free
}

// NewIDIndex returns an index with room for the rows; it grows beyond.
func NewIDIndex(rows int) idIndex {
	slots := 16
	for slots < 2*rows {
		slots *= 2
	}
	return idIndex{maphash.MakeSeed(), make([]uint64, slots)}
}

// Find returns the row of an id, or -1, and then the slot that is free for it,
// with the upper half of its hash. ids are those of the rows, by row.
func (x *idIndex) Find(ids []string, id string) (row int, slot, tag uint64) {
	hash, mask := maphash.String(x.seed, id), uint64(len(x.slots)-1)
	tag = hash >> 32 << 32
	for slot = hash & mask; x.slots[slot] != 0; slot = (slot + 1) & mask {
		if s := x.slots[slot]; s>>32<<32 == tag {
			if row = int(uint32(s)) - 1; ids[row] == id {
				return row, slot, tag
			}
		}
	}
	return -1, slot, tag
}

// Add gives the id the row len(ids). It returns the row that has the id already,
// or -1.
func (x *idIndex) Add(ids []string, id string) int {
	if 2*len(ids) >= len(x.slots) {
		grown := NewIDIndex(len(x.slots))
		for row, id := range ids {
			grown.Add(ids[:row], id)
		}
		*x = grown
	}
	row, slot, tag := x.Find(ids, id)
	if row < 0 {
		x.slots[slot] = tag | uint64(len(ids)+1)
	}
	return row
}
