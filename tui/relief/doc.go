// Package relief has the page of a weight landscape: P@10 over all weights of two or three layers as a picture, with a
// point that the arrow keys move, and beside it what is known of the point, of the best, and the front.
//
// A View is the state. A Plan says where its parts are, a Sight what its picture depends on. Three layers are a
// triangle, with the first layer at its top; two are a line. A picture is drawn beside the loop; where a terminal has no
// colours, characters take its place.
package relief
