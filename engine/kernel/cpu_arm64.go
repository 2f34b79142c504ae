package kernel

import "golang.org/x/sys/cpu"

// vector is true: every processor that Go runs on has NEON.
var vector = true

// dotprod says that SDOT, products of bytes, is offered too.
var dotprod = cpu.ARM64.HasASIMDDP
