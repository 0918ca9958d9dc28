"""What is measured of a model."""

import torch
import torch.nn.functional as F


def batches(data, size):
    images, labels = data
    return zip(images.split(size), labels.split(size))


@torch.no_grad()
def judge(logits, y):
    """Summed over a batch: what is right, the confidence, the loss."""
    confidence, prediction = F.softmax(logits, 1).max(1)
    return prediction == y, confidence.sum().item(), F.cross_entropy(logits, y, reduction="sum").item()


@torch.no_grad()
def evaluate(model, data, size):
    return sum(judge(model(x), y)[0].sum().item() for x, y in batches(data, size)) / len(data[1])


def sweep(model, sets, epsilons, attacked, size):
    """
    Mean accuracy over sets by epsilon; what is wrong without an attack counts as wrong. `attacked(x, y)` gives a
    function from epsilon to images.
    """
    right = dict.fromkeys(epsilons, 0.0)
    for data in sets:
        for x, y in batches(data, size):
            images = attacked(x, y)
            with torch.no_grad():
                clean, *_ = judge(model(x), y)
            for epsilon in epsilons:
                still = clean
                if epsilon != 0:
                    made = images(epsilon)
                    with torch.no_grad():
                        still = judge(model(made), y)[0] & clean
                right[epsilon] += still.sum().item() / len(data[1]) / len(sets)
    return right


def attacked_by(attack, source):
    """Images made against `source`: white-box where that is the judged model itself, else a transfer."""
    return lambda x, y: attack.of_many_sizes(source, x, y)


def random_signs(x, _):
    return lambda epsilon: (x + epsilon * torch.randint(0, 2, x.shape).mul_(2).sub_(1)).clamp(0, 1)
