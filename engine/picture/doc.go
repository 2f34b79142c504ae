// Package picture finds, opens and decodes the pictures of a gallery's items.
//
// # Nouns
//
// A picture lies in a file of the gallery's folder; in an archive there, as in
// images.zip/knit-0001.jpg; or, by a PicturesRecord, in WebDataset shards under its
// item's id, or in its item's row of a column of a Parquet file. Nothing is unpacked. An
// index says where the members of an archive lie; indexes of tar archives are kept in the
// derived folder, sealed (see package seal).
//
// # Bad input
//
// Pictures come from anywhere. A path that leaves the gallery's folder is refused, and so
// is a file that is not regular. DecodePicture asks its caller about the declared width
// and height before it takes memory for pixels, and turns the picture as its EXIF
// orientation says.
//
// # Ownership and concurrency
//
// Pictures own the indexes and the open table until Close, which comes after every opened
// picture was closed; its other methods may be called concurrently. A file that is
// returned is the caller's to close, an image the caller's to keep.
package picture
