// Package still makes a page of a screen: HTML that holds the screen's text with its colours, and the pictures in it.
package still
