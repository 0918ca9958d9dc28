"""The attacks of the experiment: projected gradient steps in the L-infinity ball and in [0, 1]."""

import torch
import torch.nn.functional as F

from main_job.evaluation import batches


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")


def raw_logit(logits, labels):
    return -logits.gather(1, labels[:, None]).sum()


def gradient_and_logits(model, x, y, loss=cross_entropy):
    x = x.detach().requires_grad_(True)
    logits = model(x)
    return torch.autograd.grad(loss(logits, y), x)[0], logits.detach()


def gradient(model, x, y, loss=cross_entropy):
    return gradient_and_logits(model, x, y, loss)[0]


def perturb(model, x, y, epsilon, step_size, steps, loss=cross_entropy, random_start=False, first_success=False):
    """Attacked images: the last point of each, or the first that the model gets wrong, where no more steps are taken."""
    lowest, highest = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    adversarial = x
    if random_start:
        adversarial = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
    for _ in range(steps):
        slope, logits = gradient_and_logits(model, adversarial, y, loss)
        moved = torch.min(torch.max(adversarial + step_size * slope.sign(), lowest), highest)
        if first_success:
            withstands = logits.argmax(1) == y
            if not withstands.any():
                break
            moved = torch.where(withstands[:, None, None, None], moved, adversarial)
        adversarial = moved
    return adversarial


class Attack:
    def __init__(
        self, step_size, steps=1, restarts=1, loss=cross_entropy, random_start=False, first_success=False
    ):
        self.step_size, self.steps, self.restarts = step_size, steps, restarts
        self.how = {"loss": loss, "random_start": random_start, "first_success": first_success}

    def once(self, model, x, y, epsilon):
        images = self.perturbed(model, x, y, epsilon)
        with torch.no_grad():
            return images, model(images)

    def perturbed(self, model, x, y, epsilon):
        return perturb(model, x, y, epsilon, self.step_size(epsilon), self.steps, **self.how)

    def __call__(self, model, x, y, epsilon):
        """Attacked images and their logits; of several restarts, for each image the first that succeeds."""
        images, logits = self.once(model, x, y, epsilon)
        for _ in range(self.restarts - 1):
            withstood = logits.argmax(1) == y
            if not withstood.any():
                break
            other, said = self.once(model, x, y, epsilon)
            images = torch.where(withstood[:, None, None, None], other, images)
            logits = torch.where(withstood[:, None], said, logits)
        return images, logits

    def of_many_sizes(self, model, x, y):
        """Attacked images by epsilon. One step from the image itself needs one gradient for all of them."""
        if self.restarts > 1:
            return lambda epsilon: self(model, x, y, epsilon)[0]
        if self.steps > 1 or self.how["random_start"]:
            return lambda epsilon: self.perturbed(model, x, y, epsilon)
        signs = gradient(model, x, y, self.how["loss"]).sign()
        return lambda epsilon: (x + epsilon * signs).clamp(0, 1)


def proportional(settings, first_success=False):
    relative, restarts = settings["relativeStep"], settings.get("restarts", 1)
    return Attack(
        lambda epsilon: relative * epsilon,
        settings["steps"],
        restarts,
        random_start=True,
        first_success=first_success,
    )


def attacks_of(params):
    """By column and kind."""
    faithful_pgd = params["attacks"]["pgd"]["faithful"]
    return {
        "faithful": {
            "fgsm": Attack(lambda epsilon: epsilon, loss=raw_logit),
            "pgd": Attack(lambda _: faithful_pgd["alpha"], faithful_pgd["steps"], loss=raw_logit),
        },
        "corrected": {
            "fgsm": Attack(lambda epsilon: epsilon),
            "pgd": proportional(params["attacks"]["pgd"]["corrected"]),
        },
    }


def attack_all(model, data, attack, epsilon, size):
    """Every image attacked, and the share that the model gets wrong then."""
    made, wrong = [], 0
    for x, y in batches(data, size):
        images, logits = attack(model, x, y, epsilon)
        wrong += (logits.argmax(1) != y).sum().item()
        made.append(images)
    return torch.cat(made), wrong / len(data[1])
