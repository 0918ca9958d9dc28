"""Writes torch-losses.json: losses and their gradients as PyTorch computes them in float64.

    python test/tensor/loss/torch-losses.py > test/tensor/loss/torch-losses.json
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(7)
rounded = lambda t: t.to(torch.float32).to(torch.float64)  # inputs that float32 holds exactly
logits = rounded(torch.randn(6, 5, dtype=torch.float64) * 3)
logits[4] += 40 * F.one_hot(torch.tensor(2), 5)  # a confident example, and a confidently wrong one
logits[5] += 40 * F.one_hot(torch.tensor(3), 5)
logits = rounded(logits)
perturbed = rounded(logits + torch.randn(6, 5, dtype=torch.float64))
labels = torch.tensor([0, 1, 4, 3, 2, 0])
targets = torch.tensor([1, 0, 2, 4, 3, 3])


def best_wrong(z, y):
    return z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -torch.inf).amax(1)


def true(z, y):
    return z.gather(1, y[:, None])[:, 0]


def dlr(z, y):  # the formulae of Croce & Hein, autograd does the rest
    s = z.sort(1, descending=True).values
    return -(true(z, y) - best_wrong(z, y)) / (s[:, 0] - s[:, 2] + 1e-12)


def dlr_targeted(z, y, t):
    s = z.sort(1, descending=True).values
    return -(true(z, y) - true(z, t)) / (s[:, 0] - 0.5 * (s[:, 2] + s[:, 3]) + 1e-12)


def on(f):
    z = logits.clone().requires_grad_()
    value = f(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return {"value": value.tolist(), "slope": slope.flatten().tolist()}


clean = logits.clone().requires_grad_()
moved = perturbed.clone().requires_grad_()
divergence = F.kl_div(F.log_softmax(moved, 1), F.softmax(clean, 1), reduction="none").sum(1)
to_clean, to_perturbed = torch.autograd.grad(divergence.sum(), (clean, moved))

print(json.dumps({
    "torch": torch.__version__,
    "shape": list(logits.shape),
    "logits": logits.flatten().tolist(),
    "perturbed": perturbed.flatten().tolist(),
    "labels": labels.tolist(),
    "targets": targets.tolist(),
    "losses": {
        "crossEntropy": on(lambda z: F.cross_entropy(z, labels, reduction="none")),
        "smoothed": on(lambda z: F.cross_entropy(z, labels, reduction="none", label_smoothing=0.1)),
        "rawLogit": on(lambda z: F.nll_loss(z, labels, reduction="none")),
        "margin": on(lambda z: best_wrong(z, labels) - true(z, labels)),
        "marginAtMost2": on(lambda z: (best_wrong(z, labels) - true(z, labels)).clamp(max=2)),
        "dlr": on(lambda z: dlr(z, labels)),
        "dlrTargeted": on(lambda z: dlr_targeted(z, labels, targets)),
    },
    "kl": {
        "value": divergence.tolist(),
        "toClean": to_clean.flatten().tolist(),
        "toPerturbed": to_perturbed.flatten().tolist(),
    },
}, indent=1))
