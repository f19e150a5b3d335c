"""Two MoCo v2 views of decoded 32x32 images with torchvision, on one thread: images/s of CPU time for each line on standard input.

Run by `bench/run views`.
"""
import sys
import time

import numpy
import torch
from PIL import Image
from torchvision import transforms

IMAGES = 1000

torch.set_num_threads(1)
view = transforms.Compose([
    transforms.RandomResizedCrop(32, scale=(0.2, 1.0)),
    transforms.RandomHorizontalFlip(),
    transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
    transforms.RandomGrayscale(p=0.2),
    transforms.RandomApply([transforms.GaussianBlur(3, sigma=(0.1, 2.0))], p=0.5),
    transforms.ToTensor(),
    transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
])
image = Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=numpy.uint8))
for _ in sys.stdin:
    start = time.process_time()
    for _ in range(IMAGES):
        view(image), view(image)
    print(IMAGES / (time.process_time() - start), flush=True)
