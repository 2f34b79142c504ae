// Package script reads and writes steps, and the scripts that hold them.
//
// A step is one act of a user: a value of one of the types here. Kinds has a row for
// each kind of step: its keyword, how the rest of its line is read, and the words that
// complete it. A script is a file of steps; below a step, indented lines hold the
// results that it is expected to give. A log is a script.
//
// A new step needs its type and a row of Kinds here, and a row in the table of executors
// of package experiments.
//
// # Scripts
//
//	script    = { step | result | comment }       one a line, in UTF-8
//	step      = "gallery" NAME                    demo, the built-in one, or a folder
//	          | "query" ID
//	          | "image" PATH                    a picture from outside the gallery
//	          | "schemes" scheme { "," scheme }
//	          | "filter" ( "none" | condition { condition } )
//	          | "search" K
//	          | "evaluate" [ scheme { "," scheme } ] [ "on" LABEL { "," LABEL } ]
//	            [ "where" condition { condition } ] [ "over" ( N | "all" ) ] [ "seed" N ]
//	          | ( "compare" | "mine" ) what follows evaluate
//	          | "tune" place { "," place } "for" target [ "with" target ">=" NUMBER { "," … } ]
//	            [ "front" target { "," target } ] [ "where" condition { condition } ]
//	            [ "over" ( N | "all" ) ] [ "seed" N ] [ "step" 1/N ] [ "share" NUMBER ]
//	          | "note" TEXT
//	          | "export" FILE                     …metrics.csv, …rankings.jsonl, …report.html, …
//	place     = LAYER { "/" LAYER }             one of them; a layer may be a derived one
//	target    = METRIC LABEL                    P@10 category
//	condition = COLUMN "=" VALUE
//	result    = an indented line
//	comment   = a line that begins with #, or an empty one
//
// In a file, two lines are no steps: "include" FILE is replaced by the lines of
// another script, named from the folder of the file it stands in, and "set" NAME
// VALUE gives a variable a value, which stands for ${NAME} in the lines after it.
// Other relative paths start at the folder of the script that is run. A log has the
// lines and values themselves.
//
// Schemes are those of package scheme; lists split at commas outside
// parentheses. A name with blanks, commas, quotes or control characters, or
// one that is a word of its step, stands in Go's double quotes; clauses stand in
// any order. Of conditions on one label one must hold, and so for every label.
// filter restricts the candidates of searches and evaluations, where the queries
// of one evaluation. A gallery step forgets query, schemes and filter.
//
// Parsed scripts and steps are values; nothing here keeps state.
package script
