"""MoCo v2 of ResNet-20 on CIFAR-10 in plain PyTorch: what Millrace's trainer is compared with.

Needs Debian's python3-torch (1.13), python3-numpy, python3-pil. TRAIN and TEST are tar.gz files: <split>/<class>/<name>.jpg.
  whole recipe:  /usr/bin/python3 moco_cifar.py --train TRAIN --test TEST
  speed only:    /usr/bin/python3 moco_cifar.py --train TRAIN --test TEST --steps 60 --no-eval
The whole recipe was estimated at 10 minutes on 2 idle cores; it took 33 on 2 cores shared with other work, with
OMP_WAIT_POLICY=passive, which the launcher of Millrace sets too: set it here for a comparison.

Per cent right, fitted on the 50,000 training images and scored on the 10,000 test images (kNN, linear):
                                 untrained     50k images    100k images
  reference run of the recipe    33.2, 38.3    41.3, 44.1    43.8, 45.7    254 images/s, 2 idle cores
  this file, seed 0              33.0, 36.3    42.0, 43.6    44.0, 45.1     84 images/s, 2 busy cores
Untrained linear was 34.5 with seed 1. The last line printed is one JSON object with every figure.
Compare speeds only in the same minutes, and with libopenblas0 installed: with Debian's reference BLAS, torch's default,
the product with the queue takes about 120 ms of a step. The JSON names the BLAS that was loaded.
"""

import argparse
import copy
import io
import json
import math
import os
import tarfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

THREADS = 2
K, M, T = 4096, 0.99, 0.1  # queue length, momentum of the key encoder, temperature
RATE, MOMENTUM, WEIGHT_DECAY, WARMUP_STEPS = 0.03, 0.9, 5e-4, 100
KNN_K, KNN_T = 200, 0.1
LAMBDAS = (1e-3, 1e-4, 1e-5)
SETTLING_STEPS = 20  # left out of the steady-state medians
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1)
STD = torch.tensor([0.2470, 0.2435, 0.2616]).view(1, 3, 1, 1)
GREY = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)


def load(path):
    """Decoded images, N×3×32×32 uint8, and labels, N; classes are numbered in the order of their names."""
    images, names = [], []
    with tarfile.open(path, "r|gz") as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            image = Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB")
            images.append(np.asarray(image).transpose(2, 0, 1))
            names.append(member.name.split("/")[-2])
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.unique(names, return_inverse=True)[1])


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()  # the identity
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class ResNet20(nn.Module):
    """The CIFAR form of He et al. 2015: N×3×32×32 to N×64 features, after the global average pool."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        shapes = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nn.Sequential(*[BasicBlock(*shape) for shape in shapes])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3))


class MoCo:
    """Two encoders and the queue of past keys (He et al. 2020, algorithm 1; head of Chen et al. 2020)."""

    def __init__(self):
        self.backbone = ResNet20()
        self.query = nn.Sequential(self.backbone, nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 128))
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.queue = F.normalize(torch.randn(K, 128))  # K×C, oldest key at `oldest`
        self.oldest = 0

    def loss(self, view_q, view_k):
        q = F.normalize(self.query(view_q))  # N×C
        with torch.no_grad():
            for parameter_k, parameter_q in zip(self.key.parameters(), self.query.parameters()):
                parameter_k.lerp_(parameter_q, 1 - M)
            k = F.normalize(self.key(view_k))  # N×C
        positive = (q * k).sum(1, keepdim=True)  # N×1
        negative = q @ self.queue.clone().T  # N×K; cloned, because backward needs it after the keys below are written
        self.queue[self.oldest : self.oldest + len(k)] = k
        self.oldest = (self.oldest + len(k)) % K
        logits = torch.cat([positive, negative], 1) / T  # N×(1+K)
        return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def uniform(low, high, *shape):
    return torch.empty(*shape).uniform_(low, high)


def crop_and_flip(x):
    """Random resized crop, area (.2, 1), ratio (3/4, 4/3), first fitting of 10 draws; flip with p .5. x: N×3×S×S."""
    n, size = len(x), x.shape[-1]
    area = size * size * uniform(0.2, 1, n, 10)
    ratio = uniform(math.log(3 / 4), math.log(4 / 3), n, 10).exp()
    w, h = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()  # N×10
    fits = (w <= size) & (h <= size)
    first = fits.float().argmax(1, keepdim=True)
    w, h = (side.gather(1, first).squeeze(1).masked_fill(~fits.any(1), size) for side in (w, h))  # N
    left, top = (torch.rand(n) * (size - w + 1)).floor(), (torch.rand(n) * (size - h + 1)).floor()
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = flip * w / size, (2 * left + w) / size - 1
    theta[:, 1, 1], theta[:, 1, 2] = h / size, (2 * top + h) / size - 1
    return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), "bilinear", "border", align_corners=False)


def grey(x):
    return (x * GREY).sum(1, keepdim=True)  # N×1×S×S


def shift_hue(x, turns):
    """Adds `turns` (N×1×1×1, 1 is the whole circle) to the hue in HSV space."""
    value, brightest = x.max(1, keepdim=True)
    chroma = value - x.min(1, keepdim=True)[0]
    r, g, b = x.split(1, 1)
    offset = torch.where(brightest == 0, g - b, torch.where(brightest == 1, b - r, r - g)) / chroma.clamp(min=1e-6)
    hue = 2.0 * brightest + offset + 6 * turns  # in sixths of the circle
    k = (hue + torch.tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1)) % 6  # N×3×S×S
    return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)


def augment(x):
    """One normalised random view of each image, N×3×S×S in [0, 1]; jitter's factors are drawn per image, its order per call."""
    n = len(x)
    chosen = (torch.rand(n, 1, 1, 1) < 0.8).float()
    brightness, contrast, saturation = (1 + chosen * uniform(-0.4, 0.4, n, 1, 1, 1) for _ in range(3))
    turns = chosen * uniform(-0.1, 0.1, n, 1, 1, 1)
    jitters = (
        lambda y: (y * brightness).clamp_(0, 1),
        lambda y: torch.lerp(grey(y).mean((2, 3), keepdim=True), y, contrast).clamp_(0, 1),
        lambda y: torch.lerp(grey(y), y, saturation).clamp_(0, 1),
        lambda y: shift_hue(y, turns),
    )
    x = crop_and_flip(x)
    for index in torch.randperm(4):
        x = jitters[index](x)
    x = torch.where(torch.rand(n, 1, 1, 1) < 0.2, grey(x), x)
    return (x - MEAN) / STD


@torch.no_grad()
def embed(backbone, images):
    """Frozen features, N×64, batch norm in evaluation mode."""
    backbone.eval()
    features = torch.cat([backbone((batch.float() / 255 - MEAN) / STD) for batch in images.split(500)])
    backbone.train()
    return features


def knn_accuracy(fit, fit_labels, score, score_labels):
    """Per cent right of weighted k nearest neighbours: each votes exp(cosine / t)."""
    bank, right = F.normalize(fit), 0
    for rows, labels in zip(F.normalize(score).split(500), score_labels.split(500)):
        cosine, nearest = (rows @ bank.T).topk(KNN_K)  # 500×k
        votes = torch.zeros(len(rows), 10).scatter_add_(1, fit_labels[nearest], (cosine / KNN_T).exp())
        right += (votes.argmax(1) == labels).sum().item()
    return 100 * right / len(score)


def linear_accuracies(fit, fit_labels, score, score_labels):
    """Per cent right of logistic regression for each lambda: least mean cross-entropy + lambda/2 |W|², biases free.

    L-BFGS works on principal axes scaled by the Hessian at W = 0, which leaves the minimum where it is and is reached sooner.
    """
    mean, std = fit.mean(0), fit.std(0).clamp(min=1e-6)
    fit, score = (((x - mean) / std).double() for x in (fit, score))
    variances, axes = torch.linalg.eigh(fit.T @ fit / len(fit))  # C, C×C
    fit, score = fit @ axes, score @ axes
    accuracies = {}
    for strength in LAMBDAS:
        scale = (variances.clamp(min=0) / 10 + strength).rsqrt()  # C
        scaled, bias = torch.zeros(10, len(scale), dtype=torch.double), torch.zeros(10, dtype=torch.double)
        lbfgs = torch.optim.LBFGS([scaled.requires_grad_(), bias.requires_grad_()], max_iter=1000, tolerance_grad=1e-5,
                                  tolerance_change=1e-12, history_size=20, line_search_fn="strong_wolfe")  # fmt: skip

        def closure():
            lbfgs.zero_grad()
            weight = scaled * scale
            objective = F.cross_entropy(F.linear(fit, weight, bias), fit_labels) + strength / 2 * weight.square().sum()
            objective.backward()
            return objective

        lbfgs.step(closure)
        if scaled.grad.abs().max() > 1e-4:
            print(f"  warning: not converged at lambda {strength:g}: gradient {scaled.grad.abs().max():.1e}", flush=True)
        right = F.linear(score, scaled * scale, bias).argmax(1) == score_labels
        accuracies[strength] = 100 * right.double().mean().item()
    return accuracies


def evaluate_protocol(name, fit, fit_labels, score, score_labels):
    """kNN and logistic regression; lambda is the best on a held-out tenth of the images to fit, never on the score."""
    order = torch.randperm(len(fit), generator=torch.Generator().manual_seed(1))
    held, kept = order[: len(fit) // 10], order[len(fit) // 10 :]
    held_out = linear_accuracies(fit[kept], fit_labels[kept], fit[held], fit_labels[held])
    chosen = max(LAMBDAS, key=held_out.get)
    linear = linear_accuracies(fit, fit_labels, score, score_labels)
    knn = knn_accuracy(fit, fit_labels, score, score_labels)
    each = ", ".join(f"{strength:g}: {accuracy:.2f}" for strength, accuracy in linear.items())
    print(f"  {name}: kNN {knn:.2f}  linear {linear[chosen]:.2f} at lambda {chosen:g} (of {each})", flush=True)
    return {"knn": knn, "linear": linear[chosen], "lambda": chosen, "linear_by_lambda": linear}


def evaluate(backbone, train, test, images_seen):
    print(f"evaluation after {images_seen} images", flush=True)
    started = time.perf_counter()
    (train_x, train_y), (test_x, test_y) = ((embed(backbone, images), labels) for images, labels in (train, test))
    a, b = torch.randperm(len(test_x), generator=torch.Generator().manual_seed(0)).chunk(2)
    full = evaluate_protocol("train to test", train_x, train_y, test_x, test_y)
    half = evaluate_protocol("half of test to other half", test_x[a], test_y[a], test_x[b], test_y[b])
    return {"images": images_seen, "train_to_test": full, "half_test": half, "seconds": time.perf_counter() - started}


def rate(step, steps):
    """Linear warm-up times the cosine that falls from 1 at step 0 to 0 at the end of the run."""
    return RATE * min(1, (step + 1) / WARMUP_STEPS) * (1 + math.cos(math.pi * step / steps)) / 2


def train_pass(moco, optimiser, images, batch, pass_steps, steps, log):
    """One pass in a random order, the incomplete last batch dropped; a row of loss and seconds per step goes to log."""
    for step, rows in zip(pass_steps, torch.randperm(len(images)).split(batch)):
        started = time.perf_counter()
        x = images[rows].float() / 255  # N×3×32×32
        view_q, view_k = augment(x), augment(x)
        augmented = time.perf_counter()
        optimiser.param_groups[0]["lr"] = rate(step, steps)
        loss = moco.loss(view_q, view_k)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        log.append((loss.item(), augmented - started, time.perf_counter() - augmented))
        if (step + 1) % 50 == 0:
            mean_loss, *seconds = np.mean(log[-50:], 0)
            print(f"step {step + 1}/{steps}  loss {mean_loss:.3f}  {batch / sum(seconds):.0f} images/s", flush=True)


def report(log, batch, loop_seconds):
    """Figures of the training loop; `settled` leaves out the first steps."""
    losses, augment_seconds, train_seconds = np.array(log).T
    settled = slice(min(SETTLING_STEPS, len(log) // 2), None)
    median = lambda seconds: 1000 * float(np.median(seconds[settled]))
    with open("/proc/self/maps") as maps:
        blas = sorted({os.path.realpath(line.split()[-1]) for line in maps if "blas" in line.rsplit("/")[-1]})
    return {
        "torch": torch.__version__, "blas": blas, "threads": THREADS, "batch": batch, "steps": len(log),
        "images": len(log) * batch, "loop_seconds": loop_seconds, "images_per_second": len(log) * batch / loop_seconds,
        "steady_images_per_second": 1000 * batch / median(augment_seconds + train_seconds),
        "median_step_millis": median(augment_seconds + train_seconds),
        "median_augment_millis": median(augment_seconds), "median_train_millis": median(train_seconds),
        "loss_first_50": float(losses[:50].mean()), "loss_last_50": float(losses[-50:].mean()),
    }  # fmt: skip


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="tar.gz of the training images")
    parser.add_argument("--test", required=True, help="tar.gz of the test images")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128, help=f"a divisor of the queue's length, {K}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="stop after this many steps; the rate's schedule stays that of all passes")
    parser.add_argument("--no-eval", action="store_true", help="train only")
    parser.add_argument("--memory", action="store_true", help="keep the decoded images in memory; always so")
    arguments = parser.parse_args()
    if arguments.batch < 1 or K % arguments.batch != 0:
        parser.error(f"--batch must divide the queue's length, {K}, but was {arguments.batch}")
    for path in (arguments.train, arguments.test):
        if not os.path.isfile(path):
            parser.error(f"no such file: {path}")
    return arguments


def main():
    arguments = parse()
    torch.set_num_threads(THREADS)
    torch.manual_seed(arguments.seed)
    train = load(arguments.train)
    test = None if arguments.no_eval else load(arguments.test)
    moco = MoCo()
    optimiser = torch.optim.SGD(moco.query.parameters(), RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)
    evaluations = [] if test is None else [evaluate(moco.backbone, train, test, 0)]
    per_pass = len(train[0]) // arguments.batch
    steps = arguments.passes * per_pass
    stop = min(steps, arguments.steps or steps)
    log, loop_seconds = [], 0.0
    for first in range(0, stop, per_pass):
        started = time.perf_counter()
        train_pass(moco, optimiser, train[0], arguments.batch, range(first, min(first + per_pass, stop)), steps, log)
        loop_seconds += time.perf_counter() - started
        if test is not None:
            evaluations.append(evaluate(moco.backbone, train, test, len(log) * arguments.batch))
    result = {**report(log, arguments.batch, loop_seconds), "seed": arguments.seed, "evaluations": evaluations}
    print("{images_per_second:.1f} images/s over the whole loop, {steady_images_per_second:.1f} steady; median step "
          "{median_step_millis:.0f} ms: augment {median_augment_millis:.0f}, train {median_train_millis:.0f}".format(**result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
