// Package report draws the results of studies as HTML pages with plots and pictures.
//
// A page is one self-contained file. Sheets chooses its contact sheets: rows of pictures with the
// hits of a query under every scheme. A Strip is an axis for lines of text, which the screen draws,
// too. The templates are the .html files of this folder.
//
// Drawing a page does not change the outcome of the study.
package report
