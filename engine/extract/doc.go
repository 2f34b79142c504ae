// Package extract makes the layers of a gallery from its pictures with a model, and the
// vectors of pictures that are not in the gallery.
//
// # Nouns
//
// A tap asks for one layer: a tensor of the model and a pooling (see package onnx). A
// preprocessing says how a picture becomes the model's input; a preset is one with a name.
// The journal of an extraction counts the rows that are on the disk.
//
// # Extraction
//
// Extract makes the layers of a gallery. Each of its workers decodes a picture, fits it to
// the model's input as the preprocessing says, and runs the model on it in the same thread;
// all share one session. Rows are written in their order to .strata/extract, brought to the
// disk, and only then counted in a journal there, so a killed extraction goes on with the
// counted rows. When all rows are done the matrices, and then gallery.yaml, are renamed
// into their places. The bytes do not depend on the number of workers, nor on where the
// extraction was interrupted; on another processor the last bits may.
//
// Extractor does the same for pictures that are not in the gallery, by what gallery.yaml
// records. Its Check extracts pictures of the gallery again and compares, which shows
// whether they can be compared at all.
//
// # Ownership and concurrency
//
// An Extractor owns its session until Close, which comes after every other call has
// returned; its other methods may be called concurrently, and vectors are copies. Of two
// extractions into one gallery the second is refused.
package extract
