// Package sweep measures the layers of a network by depth: the output of every block, under
// every pooling that is asked for.
//
// A Sweep says what to measure, and Swept is its outcome. A point is a layer that was
// measured: a tensor and a pooling. Its depth is the tensor's place among those of the sweep,
// from 1 on, in the order of the graph.
//
// # What it costs
//
// All layers are extracted in one pass of the network. They lie in a temporary folder, which
// is locked while it is used and removed at the end. One that a killed program has left is
// removed by the next sweep. The pictures in memory are as many as extract's. Layers that are
// kept are copied into the gallery, byte for byte as extract would have made them.
//
// Swept is read-only once made.
package sweep
