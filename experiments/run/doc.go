// Package run writes the results of a study into a folder, whole or not at all, and
// compares two such folders.
//
// A Folder says where results go, and in which formats. A study claims its folder before
// it begins, so that two runs do not write into one. A Manifest, manifest.json, says how
// the files beside it came to be; it is written last, so a folder with a manifest is
// complete. A Diff says how the results of two runs differ; Measured is what a run says
// of every query.
package run
