// Package code keeps the rows of a layer as integers of 8 and of 4 bits a value, with numbers that
// bound the error. The code of a row gives its score up to a proven bound; code.go has the proof.
//
// # Nouns
//
// A code is the integers of one row. A fine code has 8 bits a value, a coarse one 4. The mean μ and
// the axes of a layer are subtracted from a row before it is coded. A chunk is 16,384 rows that are
// built, checked and written at a time. A span is the rows that share one bound.
//
// # Files
//
// Layers of float32, float16, bfloat16 and of bytes may have codes; WorthCodes says for which they
// make searches faster. PrepareCodes opens codes, or builds them in one pass over the matrix:
//
//	.strata/C.codes        see file.go; three eighths of a float32 matrix, and up to 68 bytes a row
//	.strata/C.codes.part   an interrupted build, which the next one continues
//	.strata/C.codes.lock   held by the process that builds
//
// Every chunk has checksums of its parts and of the rows it was made of. Codes are not used if they
// are damaged, of another version, of another matrix, or without a seal (see package seal). Codes
// are derived: deleting them loses only time.
//
// OpenEarly checks the head of a file, the numbers of all rows, and few blocks of the matrix. Scan
// checks the codes that it is the first to read, in the same pass (check.go); Complete checks what is
// left. No result comes from codes that were not checked.
//
// # Ownership and concurrency
//
// Codes own the mapping of their file until Close, and refer to their layer. They are read-only and
// may be used concurrently, but not during Close. A CodedQuery owns its memory. The bytes of a file
// do not depend on the number of goroutines that build it.
package code
