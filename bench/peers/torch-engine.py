"""The PyTorch side of `engine`: one task on one network, as often as it is asked (bench/engine/protocol.ts).

Written as PyTorch's own documentation writes it: eager mode, NCHW, `torch.optim.Adam` with its defaults. With the second
argument `tuned`: channels-last memory and the fused Adam.
"""

import json
import re
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

work = json.loads(sys.argv[1])
tuned = sys.argv[2:] == ["tuned"]
batch_size = work["batchSize"]
torch.set_num_threads(work["threads"])
torch.manual_seed(1)


class Normalise(nn.Module):
    def forward(self, x):
        return (x - 0.5) / 0.5


def keras_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def course_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(32, 64, 2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(64, 128, 1), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(1152, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def no_pool_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(36864, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def even_deeper_cnn():
    layers, channels = [Normalise()], 3
    for width in (32, 64, 128):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(2048, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)
    )


def mlp_625(dropout=False):
    layers = [nn.Flatten(), nn.Linear(784, 625, bias=False), nn.ReLU(), nn.Linear(625, 10, bias=False)]
    if dropout:
        layers.insert(3, nn.Dropout(0.5))
        layers.insert(1, nn.Dropout(0.2))
    return nn.Sequential(*layers)


grey, colour = (1, 28, 28), (3, 32, 32)
networks = {
    "keras-cnn": (keras_cnn, grey),
    "course-cnn": (course_cnn, grey),
    "no-pool-cnn": (no_pool_cnn, grey),
    "even-deeper-cnn": (even_deeper_cnn, colour),
    "mlp-625": (mlp_625, grey),
    "mlp-625-dropout": (lambda: mlp_625(dropout=True), grey),
}

make, shape = networks[work["network"]]
model = make()
count = 16 * batch_size
images = torch.rand(count, *shape)
labels = torch.arange(count) % 10
if tuned:
    model = model.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)


def batches():
    while True:
        for rows in torch.randperm(count).split(batch_size):
            yield images[rows], labels[rows]


stream = batches()


def training():
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **({"fused": True} if tuned else {}))

    def once():
        x, y = next(stream)
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        assert loss.isfinite()

    return once


def evaluation():
    model.eval()

    @torch.no_grad()
    def once():
        x, y = next(stream)
        logits = model(x)
        confidence, prediction = F.softmax(logits, 1).max(1)
        return F.cross_entropy(logits, y, reduction="none"), prediction, confidence

    return once


def attacked():
    """The model as an attack wants it: in evaluation mode, without gradients of its weights."""
    model.eval()
    model.requires_grad_(False)


def gradient(x, y):
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(F.cross_entropy(model(x), y, reduction="sum"), x)[0]


def fgsm_images(x, y, epsilon=0.1):
    return (x + epsilon * gradient(x, y).sign()).clamp(0, 1)


def fgsm():
    attacked()
    return lambda: fgsm_images(*next(stream))


def attacker():
    attacked()

    def once():
        x, y = next(stream)
        adversarial = fgsm_images(x, y)
        with torch.no_grad():
            logits = model(adversarial)
            prediction = logits.argmax(1)
            return adversarial, logits, prediction, F.cross_entropy(logits, y, reduction="none"), prediction != y

    return once


def pgd(epsilon=0.3, step_size=0.01, steps=40):
    attacked()

    def once():
        x, y = next(stream)
        lowest, highest = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
        adversarial = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
        for _ in range(steps):
            adversarial = adversarial + step_size * gradient(adversarial, y).sign()
            adversarial = torch.min(torch.max(adversarial, lowest), highest)
        return adversarial

    return once


def peak_memory():
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024 / 1e6
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def say(answer):
    print(json.dumps(answer), flush=True)


tasks = {
    "train": training,
    "trainer": training,
    "evaluate": evaluation,
    "fgsm": fgsm,
    "attacker": attacker,
    "pgd": pgd,
}
once = tasks[work["task"]]()
for _ in range(3):
    once()
say({"ready": f"PyTorch {torch.__version__}"})
for line in sys.stdin:
    seconds, start = float(line), time.perf_counter()
    done, passed = 0, 0.0
    while passed < seconds:
        once()
        done += batch_size
        passed = time.perf_counter() - start
    say({"images": done, "seconds": passed})
say({"peak": peak_memory()})
