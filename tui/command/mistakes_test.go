package command

import (
	"strings"
	"testing"
)

// TestMistakes wants mistakes in a command line told in plain words.
func TestMistakes(t *testing.T) {
	for line, want := range map[string]string{
		"evil demo":                              `there is no folder and no command "evil"; did you mean "eval"?`,
		"evil demo --scheme A":                   `there is no folder and no command "evil"; did you mean "eval"?`,
		"serch":                                  `there is no folder and no command "serch"; did you mean "search"?`,
		"demo demo":                              `strata opens one gallery, not 2 (see strata --help for its commands)`,
		"eval":                                   `eval needs GALLERY (see strata eval --help)`,
		"derive":                                 `derive needs GALLERY and FACTOR (see strata derive --help)`,
		"diff a b c":                             `diff takes RUN1 and RUN2 and nothing more, not "c"`,
		"doctor now":                             `doctor takes no argument, not "now"`,
		"eval demo A B":                          `eval takes one gallery: use --scheme, as in strata eval demo --scheme A --scheme B`,
		"eval demo A B|pca8 --scheme C":          `eval takes one gallery: use --scheme, as in strata eval demo --scheme A --scheme 'B|pca8' --scheme C`,
		"tune demo A B --step 1/2":               `tune takes one gallery: use --layers, as in strata tune demo --layers A --layers B --step 1/2`,
		"eval demo A --report --k 1,5":           `eval takes one gallery: use --scheme, as in strata eval demo --scheme A --k 1,5 --report`,
		"eval demo A --report=x --plot":          `eval takes one gallery: use --scheme, as in strata eval demo --scheme A --plot --report=x`,
		"eval demo --shceme A":                   `eval has no flag --shceme; did you mean --scheme?`,
		"eval demo --nothing":                    `eval has no flag --nothing (see strata eval --help)`,
		"eval demo -z":                           `eval has no flag -z (see strata eval --help)`,
		"eval demo --out":                        `--out needs a value, FOLDER`,
		"eval demo --k 1,x":                      `--k is whole numbers with commas between them, such as 1,5,10, not "1,x"`,
		"eval demo --seed -1":                    `--seed is a whole number, not negative, not "-1"`,
		"eval demo --seed 1e3":                   `--seed is a whole number, not negative, not "1e3"`,
		"search demo -k 1.5":                     `-k is a whole number, not "1.5"`,
		"tune demo --share half":                 `--share is a number, such as 0.5, not "half"`,
		"extract m g --mean a":                   `--mean is numbers with commas between them, such as 0.5,0.25, not "a"`,
		"search demo --json=perhaps":             `--json is a switch: it takes no value but true or false, not "perhaps"`,
		"cost demo --items 99999999999999999999": `--items is too large or too small: "99999999999999999999"`,
		"eval demo ---":                          `"---" is not a flag: a flag is --NAME or --NAME=VALUE`,
	} {
		root := rootCommand()
		root.SetArgs(strings.Fields(line))
		err := root.ExecuteContext(t.Context())
		if err == nil || err.Error() != want || exitCode(t.Context(), err) != exitUsage {
			t.Errorf("strata %s: %v (exit code %d)\nwant %s", line, err, exitCode(t.Context(), err), want)
		}
	}
}
