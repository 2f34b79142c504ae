// Package seal tells files that this user's program derived from those that came with a
// gallery.
//
// Files in .strata decide about rankings: codes bound scores, unpacked and derived
// matrices are layers, indexes say where pictures lie. Whoever made the gallery may have
// written them, with sound checksums of wrong contents.
//
// So the program notes in the user's cache what it wrote: an empty file seals/HEX for
// each, whose name is a SHA-256 of the contents, or of a manifest with strong checksums of
// them. A file without a seal is not used, and is made anew. A seal depends neither on the
// gallery's path nor on the machine that shares its disk: equal contents are as good,
// whoever wrote them. Whoever deletes the seals loses time only.
//
// The seals belong to the user's cache; the package keeps no state in memory. All
// functions may be called concurrently, also by several processes. A writer of NewHashing
// is for one goroutine.
package seal
