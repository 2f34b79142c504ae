// Package convert has layers in other forms: held in another stored type, and a scheme's layers as one
// vector for each item.
package convert
