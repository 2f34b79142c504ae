package scheme

// Condition keeps the rows whose label holds a value.
type Condition struct {
	Label, Value string
}

func (c Condition) String() string { return Quote(c.Label) + "=" + Quote(c.Value) }
