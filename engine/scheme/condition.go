package scheme

// Condition is met by the rows whose label holds a value.
type Condition struct {
	Label, Value string
}

// String returns LABEL=VALUE, each quoted if necessary.
func (c Condition) String() string { return Quote(c.Label) + "=" + Quote(c.Value) }
