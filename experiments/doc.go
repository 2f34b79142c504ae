// Package experiments runs experiments on galleries: steps, the scripts and
// logs that hold them, the sessions that execute them, and the precision of
// schemes over many queries.
//
// # Nouns
//
// A step is one act of a user. A script is a file of steps. A session executes
// steps, whether they come from keys, a script or a command, and writes its log:
// the steps as executed, each with what it gave indented below. So a log is a
// script, and a replay of it gives the same lines. An evaluation counts the
// hits of many queries; its summaries are means of metrics, its comparisons
// paired differences of two schemes.
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
// Schemes are those of package engine; lists split at commas outside
// parentheses. A name with blanks, commas, quotes or control characters, or
// one that is a word of its step, stands in Go's double quotes; clauses stand in
// any order. Of conditions on one label one must hold, and so for every label.
// filter restricts the candidates of searches and evaluations, where the queries
// of one evaluation. A gallery step forgets query, schemes and filter.
//
// The query is an item or a picture, whichever step came last. A picture's
// features are computed by the Extractor of the session's Options, as those of the
// gallery were. Its labels are not known: its searches print no precision, and its
// rows of rankings.csv have the file's name as query, without folder, and empty
// labels. A log names gallery and picture by their absolute paths.
//
// Result lines hold only what gallery and script determine; what depends on
// machine or moment stands in comments. Numbers are in the shortest form that
// reads back to the same float64.
//
// A comment "# derived LAYER TYPE SHAPE HASH" under a search or an evaluation names
// a derived layer that is used for the first time: an input that another processor
// may compute with other last bits. It is not compared, but when a check finds a
// difference after another hash, it says so.
//
//	# strata 1  gallery sha256:3f9a…  seed 1
//	gallery demo
//	    1248 items
//	    layer A float16 1248x256
//	    labels category, brand, pattern, colour, background
//	    sha256:3f9a…
//	query   knit-0012
//	schemes B, B+pattern
//	search  2
//	    B
//	    1  knit-0031  0.9132041822  category brand
//	    2  cap-0007  0.9118710034  category
//	    P@2  category 1  brand 0.5
//	    B+pattern
//	    …
//	evaluate B on category over 200 seed 7
//	    200 queries
//	    B
//	    category  P@1 0.81 [0.755, 0.86]  P@5 …  P@10 …  over 199, 1 lone
//	export  metrics.csv
//	    1203 bytes  sha256:77d0…
//	tune    B, C/C|zscore for P@10 category with P@10 brand >= 0.3 over all seed 1 step 1/10 share 0.5
//	    624 queries to tune on, 624 to report on
//	    27 schemes tried
//	    best  3*B+C|zscore  P@10 category  tune 0.66…  report 0.65… [0.62…, 0.67…]  gap 0.01…
//	    equal  B+C  P@10 category  tune 0.61…  report 0.60… [0.57…, 0.62…]  gap 0.01…  best ahead 0.05… [0.03…, 0.06…]  p 4.1…e-11
//	    P@10 brand >= 0.3  tune 0.32…  report 0.31…
//	    front  3*B+C|zscore  P@10 category tune 0.66… report 0.65…  P@10 brand tune 0.32… report 0.31…
//
//	image   /home/me/photo.jpg
//	    picture sha256:9b1c…
//	    features sha256:04e7…
//	# parity 8 pictures: cosine ≥ 0.9999998 (layer C, item 15970), largest difference 3.1e-07
//
// # New pictures
//
// Before the first picture whose features are computed, once for a session and
// gallery, a few of the gallery's own pictures are computed again; when they
// disagree with their rows, no picture is taken. The same picture may have features
// that differ in their last bits on another processor. So they are kept, in
// images/PICTURE-RECIPE.features in the folder of what is derived from the gallery,
// and taken from there when picture and recipe are the same: on one gallery folder,
// a replay is exact, and needs no model. Elsewhere the line that differs is
// that of the features, and a replay that is checked says what that means.
//
// # Judging
//
// A hit is relevant under a label when it has a score and shares a value with
// the query. A query is not judged under a label when its value is unknown, when
// no candidate is relevant (lone), or when it has no score in the scheme
// (unscored); the first reason of these counts. P@k is the hits among the first
// k, divided by k even when fewer were found. Its mean is the sum of all hits,
// divided once by k·n: every query counts alike (micro). The interval is a 95 %
// percentile bootstrap over queries; the schemes of an evaluation share their
// resamples. METRICS.md defines the other metrics, the means over classes (macro),
// and the comparisons of schemes in pairs. A plan asks for further metrics, not a
// script.
//
// # Choosing weights
//
// A Tuning divides the queries, with their groups, into those that weights are
// chosen on and those that the choice is reported on. Weights are whole numbers in
// lowest terms, 7*B+3*pattern, so that a point of the grid has one spelling and no
// rounding. Of equal values the scheme with fewer layers is the better. Only
// queries with a score in every layer take part: all schemes are judged by the
// same ones. Layers that are parted by a slash, C/C|zscore or gap/gem, are
// alternatives for one place of the scheme. What is printed and written names the
// side: tune is of the queries on which the scheme was chosen, and says little of
// others; report is of those on which nothing was chosen; gap is the former less
// the latter.
//
// # Failures
//
// A Mining sets two schemes side by side, what is (A) and what might be instead
// (B), and sorts classes, queries, first hits, items and rankings so that what is
// worth a look comes first. Duplicates are found by the bytes of pictures and by
// cosine; they are left out of an evaluation as the query's group is, by query and
// without a chain from one to the next.
//
// # What approximation costs
//
// A Cost compares ways to search with the exact ranking, scheme by scheme, over the
// same queries. Every way holds so many bytes an item, which are counted, finds a part
// of the exact first k (recall, in which rows of equal score stand for one another),
// and has a precision, of which the difference to the exact one's is paired and
// tested like that of two schemes. All ways take the same candidates: codes and
// components skip others as the exact search does, a graph holds the candidates of all
// queries and is asked for as many more as one query has none of; where it still finds
// too few, that is counted. Times are taken with nothing beside, in files of their own.
//
// # Ownership and concurrency
//
// A Session owns the galleries it opens; its methods may be called
// concurrently. Do takes one call at a time; Preview, Warm and Evaluate run
// beside it. Close cancels, waits, and closes the galleries and their Extractors.
// Evaluations and results are values that nobody changes afterwards.
//
//	s := experiments.NewSession(experiments.Options{Open: open, Budget: 1 << 30, Log: file})
//	defer s.Close()
//	script, err := experiments.ReadScript("colours.strata")
//	...
//	for _, line := range script.Lines {
//		results, err := s.Do(ctx, line.Step)
//		...
//	}
package experiments
