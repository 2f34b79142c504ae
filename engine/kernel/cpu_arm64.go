package kernel

import "golang.org/x/sys/cpu"

// vector is true: every processor that Go runs on has NEON.
var vector = true

// dotprod says that the processor supports SDOT, products of bytes.
var dotprod = cpu.ARM64.HasASIMDDP
