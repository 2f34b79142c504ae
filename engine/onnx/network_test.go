package onnx

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update-network", false, "write the network of the tests")

// networkFile holds the network of the tests, for tests of other packages.
const networkFile = "../../fixtures/models/net.onnx"

// TestNetworkFile: the file holds the network of these tests.
func TestNetworkFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(networkFile, network(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(networkFile); err != nil || !bytes.Equal(b, network()) {
		t.Errorf("%s is not the network of the tests (%v): go test ./engine/onnx -run TestNetworkFile -update-network writes it", networkFile, err)
	}
}
