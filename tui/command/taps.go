package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"strata/engine/native"
	"strata/engine/onnx"
)

func tapsCommand() *cobra.Command {
	var filter, library string
	cmd := &cobra.Command{
		Use:   "taps MODEL.onnx",
		Short: "List the tensors of a model that layers can be read from",
		Long: `Taps lists what the nodes of an ONNX model put out, in the order of the graph: the
tensor's name, operator, element type, shape, and a guess of what it is.

Which dimension of a tensor holds the channels is followed from the input through
the operators; where nothing but the shape says it, that is called a guess, and a
tap has to say it: --tap NAME=TENSOR:POOLING@ntc.

Shapes that the file does not state are inferred by ONNX Runtime, if its library
is found (strata doctor says where it is looked for); weights are not read.`,
		Example: "strata taps inception_v3.onnx --filter concat",
		Args:    takes("MODEL.onnx"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := onnx.Read(args[0])
			if err != nil {
				return err
			}
			if err := inferShapes(cmd, m, library); err != nil {
				return err
			}
			tensors := onnx.Filter(m.Tensors(), filter)
			if len(tensors) == 0 && filter != "" {
				return usagef("%s: no tensor's name, operator or kind contains %q", args[0], filter)
			}
			return onnx.WriteTaps(shown(cmd), m, tensors)
		},
	}
	cmd.Flags().StringVar(&filter, "filter", "", "list only tensors whose name, operator or kind contains this text")
	cmd.Flags().StringVar(&library, "onnxruntime", "",
		"the library of ONNX Runtime, or its folder (default: "+native.LibraryVariable+", then usual places)")
	return cmd
}

// inferShapes lets ONNX Runtime fill in what the model's file does not state.
// Without a library that was asked for that is an error, otherwise a note.
func inferShapes(cmd *cobra.Command, m *onnx.Model, asked string) error {
	if !m.Unclear() {
		return nil
	}
	library, err := native.FindLibrary(asked, os.Getenv)
	if err == nil {
		var r *onnx.Runtime
		if r, err = onnx.Load(library); err == nil {
			err = r.InferUnknown(cmd.Context(), m)
		}
	}
	if err == nil || asked != "" || cmd.Context().Err() != nil {
		return err
	}
	warn(cmd, []string{fmt.Sprintf("shapes marked ? are not stated in the file: %v", err)})
	return nil
}
