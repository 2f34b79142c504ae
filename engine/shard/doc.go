// Package shard parses the names of files whose rows belong together.
//
// A shard is one of a stated number of files: C-00003-of-00008.npy. A numbered file has a
// number of its own only: img_emb_12.npy. The package looks at names, not at files.
package shard
