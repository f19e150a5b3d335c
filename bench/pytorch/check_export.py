"""Exported encoders in PyTorch: do the code of a model card and its safetensors file give the features that Millrace gave?

Needs Debian's python3-torch, python3-torchvision, python3-numpy; not the package safetensors, whose reader is below.
  bench/run export-check IMAGES.tar FOLDER && /usr/bin/python3 bench/pytorch/check_export.py FOLDER
For each NAME.safetensors in FOLDER it runs the card's Python, which builds torchvision's network and loads the file strictly, then
embeds the images of NAME.pairs, in a batch and each alone, and compares. Exit code 1 where a feature differs by more than 1e-4 of the largest.
About half a minute for 16 images of 224×224. Seen with torch 1.13, torchvision 0.14: ResNet-20 1.3e-6, ResNet-18 3.0e-6, ResNet-50 2.1e-6.
"""

import json
import os
import re
import sys
import types
from pathlib import Path

import numpy as np
import torch

TOLERANCE = 1e-4


def load_file(path):
    """The tensors of a safetensors file, all of them float32."""
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, values = json.loads(data[8 : 8 + length]), data[8 + length :]
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            assert about["dtype"] == "F32", (name, about)
            begin, end = about["data_offsets"]
            tensors[name] = torch.from_numpy(np.frombuffer(values[begin:end], "<f4").reshape(about["shape"]).copy())
    return tensors


def check(card):
    """Whether the network of this card gives the features that lie beside it."""
    code = re.search(r"```python\n(.*?)```", card.read_text(), re.DOTALL).group(1)
    names = {}
    exec(compile(code, str(card), "exec"), names)
    pairs = load_file(card.name.replace(".safetensors.md", ".pairs"))
    with torch.no_grad():
        features = names["model"](pairs["images"])
        alone = torch.cat([names["model"](image[None]) for image in pairs["images"]])
    largest = pairs["features"].abs().max().item()
    good = names["features"].shape[1] == features.shape[1]
    for what, ours, theirs in (("a batch", pairs["features"], features), ("each image alone", pairs["alone"], alone)):
        difference = (theirs - ours).abs().max().item()
        print(f"{card.stem}: PyTorch differs by {difference:.2e} at most in {what}; the largest of {features.numel()} features is {largest:.2f}")
        good = good and difference <= TOLERANCE * largest
    return good


def main():
    library, module = types.ModuleType("safetensors"), types.ModuleType("safetensors.torch")
    module.load_file = load_file
    sys.modules.update({"safetensors": library, "safetensors.torch": module})
    os.chdir(sys.argv[1])  # cards name their file without its folder
    cards = sorted(Path(".").glob("*.safetensors.md"))
    sys.exit(0 if cards and all([check(card) for card in cards]) else 1)


main()
