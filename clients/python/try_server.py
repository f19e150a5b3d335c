"""Tries millrace.py against a real server: pushes distinct images by several threads, counts them in the log, and embeds some.

    ./millrace up --set broker.port=9092 --set images.partitions=1           # in another terminal, with an empty data folder
    /usr/bin/python3 clients/python/try_server.py --images 10000 --threads 8

The log is counted by the receipts' offsets and, with --kcat HOST:PORT, by reading the topic with Debian's kcat. Exit code 1 where an image
was lost, is there twice, or the features of two ways differ.
"""

import argparse
import collections
import subprocess
import sys
import time

import numpy as np

from millrace import Millrace, Receipt, png


def image(i: int) -> np.ndarray:
    """Noise whose first pixels are the number."""
    pixels = np.random.default_rng(i).integers(0, 256, (16, 16), dtype=np.uint8)
    pixels[0, :4] = [(i >> (8 * k)) & 255 for k in range(4)]
    return pixels


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--token")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--kcat", metavar="HOST:PORT", help="count the keys on the topic images with kcat, too")
    options = parser.parse_args()
    client = Millrace(options.url, options.token, attempts=50)
    prefix = f"try-{time.time_ns()}-"
    began = time.monotonic()
    ids = [f"{prefix}{i}" for i in range(options.images)]
    results = list(client.push_all((image(i) for i in range(options.images)), threads=options.threads, ids=ids))
    seconds = time.monotonic() - began
    receipts = [result for result in results if isinstance(result, Receipt)]
    problems = [f"not acknowledged: {result}" for result in results if not isinstance(result, Receipt)][:5]
    places = collections.Counter((r.topic, r.partition, r.offset) for r in receipts)
    problems += [f"two receipts for {place}" for place, count in places.items() if count > 1]
    print(f"{len(receipts)} of {options.images} images acknowledged by {options.threads} threads in {seconds:.1f} s")
    if options.kcat:
        topic = receipts[0].topic
        command = ["kcat", "-C", "-b", options.kcat, "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k\\n"]
        keys = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
        found = collections.Counter(key for key in keys if key.startswith(prefix))
        lost = [key for key in ids if key not in found]
        twice = [key for key, count in found.items() if count > 1]
        print(f"in the log: {len(found)} different keys, {len(lost)} lost, {len(twice)} twice")
        problems += [f"lost: {key}" for key in lost[:5]] + [f"twice: {key}" for key in twice[:5]]
    run = client.run()
    print(f"run {run.name}, current encoder {run.current}, {len(run.encoders)} published")
    some = [image(i) for i in range(50)]
    together = client.embed(some, batch=16)
    alone = client.embed([png(pixels) for pixels in some], batch=1, version=together.version)
    far = float(np.abs(together.features - alone.features).max())
    print(f"features {together.features.shape} by encoder {together.version}; in batches and alone they differ by {far:.1e}")
    if not far < 1e-4:
        problems.append(f"features differ by {far}")
    bad = client.embed([some[0], b"no image", some[1]], skip_bad=True)
    if list(bad.errors) != [1] or not np.allclose(bad.features[[0, 2]], together.features[:2], atol=1e-4):
        problems.append(f"an image that does not decode was not left out: {bad.errors}")
    label = client.label(some[0], "noise", split="test")
    print(f"labelled image at {label}")
    for problem in problems:
        print("PROBLEM:", problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
