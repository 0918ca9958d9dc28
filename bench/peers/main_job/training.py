"""The training loop, with Adam; a batch may be attacked before it is trained on."""

import torch
import torch.nn.functional as F

from main_job.attacks import perturb
from main_job.evaluation import evaluate


def train(model, data, validation, epochs, batch, evaluation_batch, learning_rate, anneal, fused, attack=None):
    """`attack(model, x, y, epochs)` makes each batch's images."""
    images, labels = data
    steps = len(images) // batch
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, **({"fused": True} if fused else {}))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * steps) if anneal else None
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        loss_sum, correct = torch.zeros(()), torch.zeros(())
        for step in range(steps):
            rows = order[step * batch : (step + 1) * batch]
            x, y = images[rows], labels[rows]
            if attack is not None:
                model.eval()
                x = attack(model, x, y, epoch + step / steps)
            model.train()
            optimizer.zero_grad(set_to_none=True)
            logits = model(x)
            loss = F.cross_entropy(logits, y)
            loss.backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
            loss_sum += loss.detach()
            correct += (logits.argmax(1) == y).sum()
        assert loss_sum.isfinite()
        model.eval()
        if len(validation[0]) > 0:
            evaluate(model, validation, evaluation_batch)
    return model.requires_grad_(False)


def attack_on_the_fly(settings, attack):
    """An attack that grows to its full size in the first epochs."""
    step_size, steps = attack["relativeStep"] * settings["epsilon"], attack.get("steps", 1)
    warmup = min(settings["warmupEpochs"], attack["epochs"] / 2)

    def attacked(model, x, y, epochs):
        size = 1 if epochs >= warmup else epochs / warmup
        return perturb(model, x, y, size * settings["epsilon"], size * step_size, steps, random_start=True)

    return attacked
