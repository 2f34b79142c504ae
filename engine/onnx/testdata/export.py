"""Exports small networks of torchvision, with random weights, and what PyTorch itself
makes in their blocks.

    python3 export.py DIR

writes, for each network, NAME.onnx for one picture, NAME-any.onnx for any number, and for
each picture of input.f32 the outputs of blocks, NAME.BLOCK.f32, as little-endian float32.
"""

import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(0)
folder = sys.argv[1]
pictures = torch.rand(2, 3, 32, 32)
pictures.numpy().tofile(folder + "/input.f32")

vit = torchvision.models.VisionTransformer(
    image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=5
)
swin = torchvision.models.SwinTransformer(
    patch_size=[4, 4], embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=5
)
convnext = torchvision.models.ConvNeXt(
    [
        torchvision.models.convnext.CNBlockConfig(24, 48, 1),
        torchvision.models.convnext.CNBlockConfig(48, None, 1),
    ],
    num_classes=5,
)


def blocks(net, chosen):
    """Yields the outputs of modules for the pictures, by name."""
    kept = {}
    hooks = [
        module.register_forward_hook(lambda _, __, out, name=name: kept.__setitem__(name, out))
        for name, module in net.named_modules()
        if name in chosen
    ]
    net(pictures)
    for hook in hooks:
        hook.remove()
    return kept


for name, net, chosen in (
    ("vit", vit, ["encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1"]),
    ("swin", swin, ["features.1.1", "features.3.0"]),
    ("convnext", convnext, ["features.1.0", "features.3.0"]),
):
    for parameter in net.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    net.eval()
    for block, out in blocks(net, chosen).items():
        out.detach().contiguous().numpy().tofile(f"{folder}/{name}.{block}.f32")
    common = {"opset_version": 14, "input_names": ["input"], "output_names": ["output"]}
    torch.onnx.export(net, pictures[:1], f"{folder}/{name}.onnx", **common)
    torch.onnx.export(net, pictures, f"{folder}/{name}-any.onnx", dynamic_axes={"input": {0: "batch"}}, **common)
