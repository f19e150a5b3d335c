"""A step of MoCo v2 (moco_cifar.py) in PyTorch's eager mode, fed from memory: for each line "PRECISION LAYOUT STEPS" on standard input the
median milliseconds a step.

PRECISION is fp32 or bf16 (both networks' forward passes under autocast, the loss in float32), LAYOUT nchw or channels_last. Run by
`bench/run step`.
"""
import sys
import time

import numpy
import torch
from torch import nn

from moco_cifar import MOMENTUM, RATE, THREADS, WEIGHT_DECAY, MoCo

BATCH = 128

torch.set_num_threads(THREADS)


class Bf16(nn.Module):
    """A network whose forward pass is under autocast; its output is float32."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            y = self.network(x)
        return y.float()


class Mode:
    def __init__(self, precision, layout):
        torch.manual_seed(0)
        self.moco = MoCo()
        self.layout = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}[layout]
        for name in ("query", "key"):
            network = getattr(self.moco, name).to(memory_format=self.layout)
            setattr(self.moco, name, Bf16(network) if precision == "bf16" else network)
        self.views = [torch.randn(BATCH, 3, 32, 32).to(memory_format=self.layout) for _ in range(2)]
        self.optimiser = torch.optim.SGD(self.moco.query.parameters(), RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)

    def step(self):
        start = time.perf_counter()
        loss = self.moco.loss(*self.views)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        loss.item()
        return 1000 * (time.perf_counter() - start)


modes = {}
for line in sys.stdin:
    precision, layout, steps = line.split()
    if (precision, layout) not in modes:
        modes[precision, layout] = Mode(precision, layout)
    mode = modes[precision, layout]
    print(numpy.median([mode.step() for _ in range(int(steps))]), flush=True)
