"""Makes the files beside this script that ART's unit tests do not come with, and checks the numbers in art.test.ts.

    pip install numpy==2.4.6 torch==2.15.0
    python make.py DIRECTORY

DIRECTORY holds MNIST's files. Everything is computed in double precision, by PyTorch, which shares no code with ours.
"""

import gzip
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch

here = Path(__file__).parent
count = 11


def idx(name, header):
    return gzip.open(Path(sys.argv[1]) / name).read()[header:]


pixels = idx("t10k-images-idx3-ubyte.gz", 16)[: count * 784]
labels = idx("t10k-labels-idx1-ubyte.gz", 8)[:count]
header = struct.pack(">IIII", 0x803, count, 28, 28)
(here / "mnist-test-11.idx.gz").write_bytes(gzip.compress(header + pixels, mtime=0))

x = torch.tensor(np.frombuffer(pixels, np.uint8).reshape(count, 28, 28) / 255.0)
y = torch.tensor(np.frombuffer(labels, np.uint8).astype(np.int64))
w, b, dense, bias = (
    torch.tensor(np.load(here / f"{name}_MNIST.npy")) for name in ("W_CONV2D", "B_CONV2D", "W_DENSE", "B_DENSE")
)


def network(images):
    hidden = torch.relu(torch.nn.functional.conv2d(images[:, None], w.permute(3, 2, 0, 1), b))
    return torch.nn.functional.max_pool2d(hidden, 4).flatten(1) @ dense + bias


def attack(norm, aims):
    images = x.clone().requires_grad_()
    torch.nn.functional.cross_entropy(network(images), aims, reduction="sum").backward()
    gradient = images.grad
    step = torch.sign(gradient) if norm == "linf" else gradient / gradient.flatten(1).norm(dim=1).view(-1, 1, 1)
    moved = torch.clip(x + step, 0, 1)
    change = moved - x
    return {
        "mean": change.mean().item(),
        "min": change.min().item(),
        "max": change.max().item(),
        "predictions": network(moved).argmax(1).tolist(),
    }


predicted = network(x).argmax(1)
images = x.clone().requires_grad_()
torch.nn.functional.cross_entropy(network(images), y, reduction="sum").backward()
known = {
    "labels": y.tolist(),
    "logits": network(x)[0].tolist(),
    "lossGradient": {"column14": images.grad[0, :, 14].tolist(), "row14": images.grad[0, 14].tolist()},
    "linfPredicted": attack("linf", predicted),
    "linfTrue": attack("linf", y),
    "l2Predicted": attack("l2", predicted),
}
(here / "known.json").write_text(json.dumps(known, indent=2) + "\n")
