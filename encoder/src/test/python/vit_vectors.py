"""Reference vectors of vision transformers from PyTorch: features and gradients of all parameters, and resampled position embeddings.

Needs Debian's python3-torch (1.13) and python3-numpy, and nothing of Millrace: the blocks are torch.nn.TransformerEncoderLayer with
norm_first, the exact GELU and 4·width hidden channels, in float64, on random float32 weights under timm's names. Run in encoder/:
  /usr/bin/python3 src/test/python/vit_vectors.py src/test/resources/vectors
It writes vit_*.safetensors, the same bytes on every run; 10 s.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

EPSILON = 1e-6
DEPTH = 2
IMAGES = 3

# name: width, heads, patch, channels, registers, layer scale, pool, positions, projection, sizes (height, width)
CASES = {
    "plain": (8, 2, 4, 3, 0, False, "class", "learned", "learned", [(8, 8), (12, 16)]),
    "registers": (8, 2, 4, 3, 4, True, "mean", "learned", "learned", [(8, 8), (8, 12)]),
    "moco": (12, 3, 4, 3, 0, False, "class", "sine", "frozen", [(8, 8), (16, 16)]),
    "grey": (8, 4, 8, 1, 0, True, "mean", "learned", "learned", [(16, 16), (24, 8)]),
}


class Layer(nn.TransformerEncoderLayer):
    """A block; with factors of its residuals where there is LayerScale."""

    def __init__(self, width, heads, scaled):
        super().__init__(width, heads, 4 * width, 0.0, "gelu", EPSILON, batch_first=True, norm_first=True, dtype=torch.float64)
        self.scaled = scaled
        self.gamma1 = nn.Parameter(torch.ones(width, dtype=torch.float64))
        self.gamma2 = nn.Parameter(torch.ones(width, dtype=torch.float64))

    def _sa_block(self, *arguments):
        y = super()._sa_block(*arguments)
        return y * self.gamma1 if self.scaled else y

    def _ff_block(self, x):
        y = super()._ff_block(x)
        return y * self.gamma2 if self.scaled else y

    def named(self, index):
        """timm's name of each parameter."""
        block = f"blocks.{index}."
        names = {
            "norm1.weight": self.norm1.weight,
            "norm1.bias": self.norm1.bias,
            "attn.qkv.weight": self.self_attn.in_proj_weight,
            "attn.qkv.bias": self.self_attn.in_proj_bias,
            "attn.proj.weight": self.self_attn.out_proj.weight,
            "attn.proj.bias": self.self_attn.out_proj.bias,
            "norm2.weight": self.norm2.weight,
            "norm2.bias": self.norm2.bias,
            "mlp.fc1.weight": self.linear1.weight,
            "mlp.fc1.bias": self.linear1.bias,
            "mlp.fc2.weight": self.linear2.weight,
            "mlp.fc2.bias": self.linear2.bias,
        }
        if self.scaled:
            names["ls1.gamma"] = self.gamma1
            names["ls2.gamma"] = self.gamma2
        return {block + name: tensor for name, tensor in names.items()}


def sine(width, side):
    """MoCo v3's positions of side×side patches, as vits.py of facebookresearch/moco-v3 makes them, with the class token's zeros."""
    rows, columns = torch.meshgrid(torch.arange(side, dtype=torch.float64), torch.arange(side, dtype=torch.float64), indexing="ij")
    omega = 1.0 / (10000.0 ** (torch.arange(width // 4, dtype=torch.float64) / (width // 4)))
    across, down = torch.einsum("m,d->md", rows.flatten(), omega), torch.einsum("m,d->md", columns.flatten(), omega)
    places = torch.cat([across.sin(), across.cos(), down.sin(), down.cos()], dim=1)
    return torch.cat([torch.zeros(1, width, dtype=torch.float64), places])[None]


def save(path, tensors, metadata):
    """A safetensors file of float32."""
    header, values, at = {"__metadata__": metadata}, b"", 0
    for name, tensor in tensors.items():
        data = tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        values += data
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + values)


def case(folder, name, size):
    width, heads, patch, channels, registers, scaled, pool, positions, projection, _ = CASES[name]
    height, breadth = size
    rows, columns = height // patch, breadth // patch
    generator = np.random.Generator(np.random.PCG64(sum(map(ord, name)) + 1000 * height + breadth))

    def random(*shape, middle=0.0, spread=1.0):
        values = (middle + spread * generator.standard_normal(shape)).astype(np.float32)
        return torch.from_numpy(values).to(torch.float64)

    embedded = rows * columns + (1 if registers == 0 else 0)
    first = {"cls_token": random(1, 1, width), "patch_embed.proj.weight": random(width, channels, patch, patch, spread=0.2)}
    first["patch_embed.proj.bias"] = random(width, spread=0.2)
    first["pos_embed"] = sine(width, rows).float().double() if positions == "sine" else random(1, embedded, width, spread=0.5)
    if registers:
        first["reg_token"] = random(1, registers, width)
    first["norm.weight"], first["norm.bias"] = random(width, middle=1, spread=0.3), random(width, spread=0.3)
    parameters = {key: nn.Parameter(value) for key, value in first.items()}
    layers = [Layer(width, heads, scaled).train() for _ in range(DEPTH)]
    for index, layer in enumerate(layers):
        for key, parameter in layer.named(index).items():
            middle = 1.0 if "norm" in key and key.endswith("weight") or key.endswith("gamma") else 0.0
            spread = 1 / math.sqrt(parameter.shape[-1]) if parameter.dim() > 1 else 0.3
            parameter.data = random(*parameter.shape, middle=middle, spread=spread)
            parameters[key] = parameter

    images, slopes = random(IMAGES, channels, height, breadth), random(IMAGES, width)
    x = nn.functional.conv2d(images, parameters["patch_embed.proj.weight"], parameters["patch_embed.proj.bias"], stride=patch)
    x = x.flatten(2).transpose(1, 2)
    token = parameters["cls_token"].expand(IMAGES, -1, -1)
    if registers:
        x = torch.cat([token, parameters["reg_token"].expand(IMAGES, -1, -1), x + parameters["pos_embed"]], dim=1)
    else:
        x = torch.cat([token, x], dim=1) + parameters["pos_embed"]
    for layer in layers:
        x = layer(x)
    x = nn.functional.layer_norm(x, (width,), parameters["norm.weight"], parameters["norm.bias"], EPSILON)
    features = x[:, 0] if pool == "class" else x[:, 1 + registers :].mean(1)
    (features * slopes).sum().backward()

    constant = (["pos_embed"] if positions == "sine" else []) + (
        ["patch_embed.proj.weight", "patch_embed.proj.bias"] if projection == "frozen" else []
    )
    tensors = dict(parameters)
    tensors |= {"gradient." + key: value.grad for key, value in parameters.items() if key not in constant}
    tensors |= {"images": images, "slopes": slopes, "features": features}
    shape = dict(width=width, depth=DEPTH, heads=heads, patch=patch, rows=rows, columns=columns, channels=channels)
    shape |= dict(registers=registers, scaled=scaled, pool=pool, positions=positions, projection=projection)
    shape = {key: str(value).lower() for key, value in shape.items()}
    save(folder / f"vit_{name}_{height}x{breadth}.safetensors", tensors, shape | {"torch": torch.__version__})


def positions(folder):
    """Grids resampled as timm does (resample_abs_pos_embed): bicubic, antialiased."""
    generator = np.random.Generator(np.random.PCG64(7))
    tensors = {}
    for (rows, columns), (new_rows, new_columns) in [((4, 4), (7, 5)), ((7, 7), (3, 4)), ((2, 2), (4, 4)), ((5, 5), (2, 9)), ((1, 1), (2, 3))]:
        grid = torch.from_numpy(generator.standard_normal((1, 3, rows, columns)).astype(np.float32)).double()
        new = nn.functional.interpolate(grid, size=(new_rows, new_columns), mode="bicubic", antialias=True, align_corners=False)
        name = f"{rows}x{columns}-{new_rows}x{new_columns}"
        tensors[name + ".from"] = grid[0].permute(1, 2, 0).flatten(0, 1)
        tensors[name + ".to"] = new[0].permute(1, 2, 0).flatten(0, 1)
    save(folder / "vit_positions.safetensors", tensors, {"torch": torch.__version__})


def main():
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    for name, about in CASES.items():
        for size in about[-1]:
            case(folder, name, size)
    positions(folder)


main()
