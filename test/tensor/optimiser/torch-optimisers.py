"""Writes torch-optimisers.json: parameters after each of six updates, as PyTorch computes them in float64.

    python test/tensor/optimiser/torch-optimisers.py > test/tensor/optimiser/torch-optimisers.json

`inside` stands for TensorFlow's RMSProp (epsilon under the root), written out here, for PyTorch has none.
"""

import json

import torch

torch.manual_seed(11)
rounded = lambda t: t.to(torch.float32).to(torch.float64)
shapes = {"weight": (3, 2), "bias": (4,)}
start = {name: rounded(torch.randn(shape, dtype=torch.float64)) for name, shape in shapes.items()}
rates = [0.1, 0.1, 0.05, 0.02, 0.02, 0.01]
gradients = [
    {name: rounded(torch.randn(shape, dtype=torch.float64)) for name, shape in shapes.items()} for _ in rates
]


def run(make):
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = make(list(parameters.values()))
    after = []
    for rate, gradient in zip(rates, gradients):
        for group in optimiser.param_groups:
            group["lr"] = rate
        for name, parameter in parameters.items():
            parameter.grad = gradient[name].clone()
        optimiser.step()
        after.append({name: p.detach().flatten().tolist() for name, p in parameters.items()})
    return after


class Inside(torch.optim.Optimizer):
    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0})
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for p, square in zip(self.param_groups[0]["params"], self.squares):
            square.mul_(0.9).add_(0.1 * p.grad**2)
            p.sub_(self.param_groups[0]["lr"] * p.grad / (square + 1e-3).sqrt())


o = torch.optim
cases = {
    "sgd": lambda p: o.SGD(p),
    "momentum": lambda p: o.SGD(p, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda p: o.SGD(p, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: o.Adam(p, betas=(0.9, 0.999), eps=1e-8),
    "adam decayed": lambda p: o.Adam(p, betas=(0.8, 0.95), eps=1e-2, weight_decay=0.1),
    "adamw": lambda p: o.AdamW(p, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
    "rmsprop": lambda p: o.RMSprop(p, alpha=0.9, eps=1e-3, weight_decay=0.01),
    "inside": Inside,
}
print(json.dumps({
    "torch": torch.__version__,
    "rates": rates,
    "start": {name: value.flatten().tolist() for name, value in start.items()},
    "gradients": [{name: g.flatten().tolist() for name, g in step.items()} for step in gradients],
    "after": {name: run(make) for name, make in cases.items()},
}))
