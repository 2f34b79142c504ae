package kernel

import "golang.org/x/sys/cpu"

// vector says that the processor and the operating system support AVX2, FMA and F16C. All assembly
// needs these.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C

// wide says that they also support AVX-512 F, BW, DQ and VL.
var wide = vector && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL

// vnni says that they also support AVX-512 VNNI, products of bytes.
var vnni = wide && cpu.X86.HasAVX512VNNI
