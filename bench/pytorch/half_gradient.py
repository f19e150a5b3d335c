#!/usr/bin/env python3
"""Which rounding to bf16 changes the gradient of MoCo v2's step, and by how much (docs/experiments/0008-half-precision.md).

    python3 bench/pytorch/half_gradient.py noise|images [STEPS]

Trains the networks of moco_cifar.py in float32 for STEPS steps on synthetic images, then compares the gradient of one more
step under several roundings with float32's: relative L2 of all parameters and of some tensors, the share of ReLUs that fall on the
other side of zero, and the same with each ReLU kept on float32's side. Works with Debian's python3-torch 1.13.
"""
import copy
import sys

import torch
from torch import nn

import moco_cifar
from moco_cifar import F, RATE, MOMENTUM, T, WEIGHT_DECAY, MoCo

TENSORS = ["0.conv1.weight", "0.bn1.bias", "0.blocks.5.conv1.weight", "3.bias"]
ROUNDINGS = {
    "autocast: everything": {"autocast": True},
    "weights only": {"weights": True},
    "images only": {"images": True},
    "outputs of layers, forward only": {"forward": True},
    "the same, backward only": {"backward": True},
}


def rounded(tensor):
    return tensor.bfloat16().float()


class Round(torch.autograd.Function):
    """Rounds a layer's output on the way forward, its gradient on the way back, or both."""

    @staticmethod
    def forward(context, x, forward, backward):
        context.round = backward
        return rounded(x) if forward else x.clone()

    @staticmethod
    def backward(context, slope):
        return (rounded(slope) if context.round else slope), None, None


class Relus:
    """Takes the place of F.relu: records each ReLU's side in float32, then counts those that change it, or keeps it."""

    def __init__(self):
        self.sides, self.recording, self.kept = [], True, False
        self.begin(False)

    def begin(self, kept):
        self.kept, self.next, self.changed, self.all = kept, 0, 0, 0

    def __call__(self, x, inplace=False):
        if self.recording:
            self.sides.append(x.detach() > 0)
            return torch.relu(x)
        side = self.sides[self.next]
        self.next += 1
        self.changed += ((x.detach() > 0) != side).sum().item()
        self.all += side.numel()
        return x * side if self.kept else torch.relu(x)


def views(kind):
    if kind == "noise":
        both = [torch.randn(128, 3, 32, 32) for _ in range(2)]
    else:
        smooth = 1.5 * F.interpolate(torch.randn(128, 3, 6, 6), size=32, mode="bilinear", align_corners=False)
        both = [smooth + 0.3 * torch.randn(128, 3, 32, 32) for _ in range(2)]
    return [view.to(memory_format=torch.channels_last) for view in both]


def trained(both, steps):
    model = MoCo()
    for network in (model.query, model.key):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.query.parameters(), RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * min(1, (step + 1) / 100)
        loss = model.loss(*both)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


def gradient(model, keys, view, weights=False, images=False, forward=False, backward=False, autocast=False):
    network = copy.deepcopy(model.query)
    network.zero_grad()
    if weights:
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.dim() > 1:
                    parameter.copy_(rounded(parameter))
    if forward or backward:
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d)):
                layer.register_forward_hook(lambda _, __, output: Round.apply(output, forward, backward))
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        projections = network(rounded(view) if images else view)
    unit = F.normalize(projections.float())
    logits = torch.cat([(unit * keys).sum(1, keepdim=True), unit @ model.queue.T], 1) / T
    F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)).backward()
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters()}


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else "noise"
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    torch.set_num_threads(1)
    torch.manual_seed(0)
    both = views(kind)
    model = trained(both, steps)
    with torch.no_grad():
        keys = F.normalize(copy.deepcopy(model.key)(both[1]))
    relus = Relus()
    moco_cifar.F.relu = relus
    exact = gradient(model, keys, both[0])
    relus.recording = False
    whole = torch.cat([x.flatten() for x in exact.values()])
    print(f"{kind}, {steps} steps, torch {torch.__version__}; relative L2 to float32: all, " + ", ".join(TENSORS))
    for name, rounding in ROUNDINGS.items():
        for kept in (False, True):
            relus.begin(kept)
            other = gradient(model, keys, both[0], **rounding)
            all_of_it = torch.cat([x.flatten() for x in other.values()])
            far = (all_of_it - whole).norm() / whole.norm()
            each = ", ".join(f"{((other[t] - exact[t]).norm() / exact[t].norm()).item():.3f}" for t in TENSORS)
            print(
                f"{name:32}{', sides kept' if kept else '':12} all {far:.3f} cosine "
                f"{torch.cosine_similarity(all_of_it, whole, 0):.4f}; {each}; "
                f"{100 * relus.changed / relus.all:.2f} % of the ReLUs on the other side",
                flush=True,
            )


if __name__ == "__main__":
    main()
