package items

import "cmp"

// Roles are the names of the columns that are no labels. "" is the usual name.
type Roles struct {
	ID    string `yaml:"id,omitempty"`    // unique
	Image string `yaml:"image,omitempty"` // the path of a picture
	Group string `yaml:"group,omitempty"` // items of one group never answer one another
	Split string `yaml:"split,omitempty"` // who asks, and who answers
}

// named returns the roles with all names.
func (r Roles) named() Roles {
	return Roles{cmp.Or(r.ID, "id"), cmp.Or(r.Image, "image"), cmp.Or(r.Group, "group"), cmp.Or(r.Split, "split")}
}

// all returns the names.
func (r Roles) all() []string { return []string{r.ID, r.Image, r.Group, r.Split} }
