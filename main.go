// Strata compares what the layers of a deep network find similar. See README.md.
package main

import "strata/tui/command"

func main() { command.Main() }
