//go:build !amd64

package kernel

func readSum(p []byte, _ int) uint64 { return readRef(p) }
func fmaPeak(n int) (operations int) { return peakRef(n) }
