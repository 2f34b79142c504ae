// Package report draws the results of studies as HTML pages with plots and pictures.
//
// A page is one file with everything in it. Sheets says which contact sheets, rows of
// pictures with the hits of a query under every scheme, it shows beside the tables. A
// Strip is an axis for lines of text, which the screen draws, too. The templates are the
// .html files of this folder.
//
// A page is drawn from the outcome of a study, which it does not change.
package report
