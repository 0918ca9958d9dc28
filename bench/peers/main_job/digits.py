"""Reads images and labels, as bytes: MNIST's own files, packed or not, and what `pipeline artifacts export` writes."""

import gzip
import json
import os

import torch


def idx_values(directory, name, header):
    path = os.path.join(directory, name)
    with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as file:
        return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)


def read_idx(directory, split):
    images = idx_values(directory, f"{split}-images-idx3-ubyte", 16).view(-1, 1, 28, 28)
    return images, idx_values(directory, f"{split}-labels-idx1-ubyte", 8)


def read_safetensors(path):
    """What `pipeline artifacts export` writes. One channel: NHWC and NCHW are the same bytes."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])

    def tensor(name, dtype):
        begin, end = header[name]["data_offsets"]
        return torch.frombuffer(content[start + begin : start + end], dtype=dtype)

    return tensor("images", torch.uint8).view(-1, 1, 28, 28), tensor("labels", torch.int32)
