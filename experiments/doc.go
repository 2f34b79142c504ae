// Package experiments runs experiments on galleries: its sessions execute steps, log
// what they give, replay logs and export tables.
//
// # Nouns
//
// A step is one act of a user. A script is a file of steps; package script has its
// grammar. A session executes steps, whether they come from keys, a script or a command,
// and writes its log: the steps as executed, each with what it gave indented below. So a
// log is a script, and a replay of it gives the same lines.
//
// The packages below hold what steps and commands compute: metric, stats and eval
// measure schemes over many queries, live while weights move; mine, tune, cost, check and
// bench are one study each; table, run and report write results.
//
// # Logs
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
//	require P@10 category >= 0.4
//	    B  P@10 category  0.63… over 199
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
// # Ownership and concurrency
//
// A Session owns the galleries it opens; its methods may be called
// concurrently. Do takes one call at a time; Preview, Warm and Evaluate run
// beside it. Close cancels, waits, and closes the galleries and their Extractors.
// Evaluations and results are values that nobody changes afterwards.
//
//	s := experiments.NewSession(experiments.Options{Open: open, Budget: 1 << 30, Log: file})
//	defer s.Close()
//	colours, err := script.ReadScript("colours.strata", script.Reading{})
//	...
//	for _, line := range colours.Lines {
//		results, err := s.Do(ctx, line.Step)
//		...
//	}
package experiments
