package run

import (
	"time"
)

// Manifest says how the files beside it came to be. It is the one file of an
// evaluation that differs from run to run.
type Manifest struct {
	Version   string          `json:"version"`
	Command   []string        `json:"command"`
	Gallery   ManifestGallery `json:"gallery"`
	Schemes   []string        `json:"schemes"`
	Labels    []string        `json:"labels"`
	Ks        []int           `json:"ks"`
	Metrics   []string        `json:"metrics"`
	Depth     int             `json:"depth"` // hits of a ranking that were looked at
	Where     []string        `json:"where"`
	Filter    []string        `json:"filter"`
	Set       string          `json:"set,omitempty"` // the set of queries, with its hash; none: all
	Over      int             `json:"over"`          // queries asked for; 0: all
	Queries   int             `json:"queries"`       // queries evaluated
	Seed      uint64          `json:"seed"`
	Resamples int             `json:"resamples"`
	Baseline  string          `json:"baseline,omitempty"` // that the others are compared with; none: every pair is
	Compared  int             `json:"compared"`           // rows of comparisons.csv
	Kept      int             `json:"kept"`               // queries in trec
	Near      float64         `json:"near,omitempty"`     // the cosine from which on candidates were left out as duplicates of a query; none: they were not
	LeftOut   int             `json:"left_out,omitempty"` // pairs of duplicates
	Machine   Machine         `json:"machine"`
	Started   time.Time       `json:"started"`
	Seconds   float64         `json:"seconds"` // of all, until this file, the last one, is written
}

// took sets Seconds. The clock may go back.
func (m *Manifest) took(now time.Time) { m.Seconds = max(0, now.Sub(m.Started).Seconds()) }

// ManifestName is the file of a Manifest. It is removed before other files of its
// folder are replaced, and written last: where it is, they belong together.
const ManifestName = "manifest.json"

// ManifestGallery says which gallery was evaluated.
type ManifestGallery struct {
	Name        string   `json:"name"`
	Path        string   `json:"path"`
	Fingerprint string   `json:"fingerprint"`
	Items       int      `json:"items"`
	Layers      []string `json:"layers"`
	Derived     []string `json:"derived"` // the derived layers of the schemes, with their hashes
	Faults      []string `json:"faults"`  // rows without a score, a line a layer and kind
}

// Machine says what an evaluation ran on.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	Processors int    `json:"processors"` // that were used
	Go         string `json:"go"`
}
