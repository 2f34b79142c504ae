// Package script reads and writes steps, and the scripts that hold them.
//
// A step is one action of a user: a value of one of the types here. Kinds has a row for
// each kind of step: its keyword, the parser of the rest of its line, and its completions.
// A script is a file of steps. Indented lines below a step hold its expected results. A log
// is a script.
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
//	          | ( "undo" | "redo" ) [ N ]
//	          | "search" K
//	          | "evaluate" [ scheme { "," scheme } ] [ "on" LABEL { "," LABEL } ]
//	            [ "where" condition { condition } ] [ "over" queries ] [ "seed" N ]
//	          | ( "compare" | "mine" ) what follows evaluate
//	          | "tune" place { "," place } "for" target [ "with" target ">=" NUMBER { "," … } ]
//	            [ "front" target { "," target } ] [ "where" condition { condition } ]
//	            [ "over" queries ] [ "seed" N ] [ "step" 1/N ] [ "share" NUMBER ]
//	          | "require" ( METRIC LABEL ">=" NUMBER | "not-worse-than" RUN [ "margin" NUMBER ] )
//	          | "decide" [ scheme ] [ "against" scheme ] [ "on" LABEL { "," LABEL } ]
//	          | "flag" ID ( WORD | "none" )
//	          | "note" TEXT
//	          | "export" FILE                     …metrics.csv, …rankings.jsonl, …report.html, decision.html, …
//	place     = LAYER { "/" LAYER }             one of them; a layer may be a derived one
//	target    = METRIC LABEL                    P@10 category
//	condition = COLUMN "=" VALUE                of flag=WORD, the items that a flag step flagged
//	queries   = N | "all" | SET | N "of" SET    a set of queries that gallery.yaml names
//	result    = an indented line
//	comment   = a line that begins with #, or an empty one
//
// A file may hold two directives besides steps. "include" FILE is replaced by the lines of
// another script; its path is relative to the folder of the including file. The file must
// lie below the folder of the script that is run, unless the reader allows others. "set"
// NAME VALUE sets a variable; ${NAME} stands for its value in the lines that follow. Other
// relative paths start at the folder of the script that is run. A log holds the included
// lines and the values.
//
// Package scheme defines the language of schemes. Lists split at commas outside parentheses.
// A name stands in Go's double quotes if it has blanks, commas, quotes or control
// characters, or if it equals a keyword of its step. Clauses stand in any order. Conditions
// combine as OR within a label, AND across labels. filter restricts the candidates of
// searches and evaluations. undo goes back over the last N steps, or one, that changed query,
// schemes or filter, and redo forth again; what was searched, measured and written stays. where restricts the queries of one evaluation. RUN is a folder
// that eval --out wrote. A gallery step resets query, schemes and filter.
//
// Parsed scripts and steps are values; the package keeps no state.
package script
