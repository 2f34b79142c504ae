package scheme

// Condition keeps the rows whose label holds a value.
type Condition struct {
	Label, Value string
}

// String returns LABEL=VALUE, each quoted where it must be.
func (c Condition) String() string { return Quote(c.Label) + "=" + Quote(c.Value) }
