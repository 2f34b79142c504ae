package kernel

import "golang.org/x/sys/cpu"

// vector says that the processor and the operating system offer AVX2, FMA and F16C, all of which the assembly needs.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C

// wide says that AVX-512F is offered too. Only ReadSum uses it.
var wide = cpu.X86.HasAVX512F
