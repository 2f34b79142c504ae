// Package page has the pages of what evaluations and a mine step found: lists of rows, of each of which there is a look
// at what is behind it, and sheets, which show items as pictures where no ranking is.
//
// Findings is the state: the page, its label, the cursor. A Listing makes the rows of a page, which may take its time.
package page
