"""The PyTorch side of `main-job`: the experiment of pipelines/mnist-advtrain.ts, written straight in PyTorch.

One argument, JSON: the pipeline's resolved `params`, where the `data` are, `evaluationBatch`, `processes` and `threads` (of
each process), `tuned`. One line of JSON comes back: seconds in all and in each part, and the accuracies under our nodes' names.

The experiment falls into tasks that need each other's files: models and attacked images are saved with `torch.save`. Tasks
run in a pool of processes as soon as what they need is there, the longest first. Otherwise as PyTorch's documentation writes
it: eager mode, NCHW, images in memory, `Adam` with its defaults, `no_grad` where there is nothing to differentiate. `tuned`
means channels-last memory and the fused Adam.
"""

import json
import math
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager

import torch
import torch.nn.functional as F

from main_job.digits import read_idx, read_safetensors
from main_job.networks import networks
from main_job.params import check

began = time.perf_counter()
job = json.loads(sys.argv[1])
params, evaluation_batch, tuned = job["params"], job["evaluationBatch"], job["tuned"]
# Threads do not survive the forks of the pool; its processes get their own.
torch.set_num_threads(1)
check(params)
parts = {}


@contextmanager
def part(name):
    start = time.perf_counter()
    yield
    parts[name] = parts.get(name, 0) + time.perf_counter() - start


def make(network):
    model = networks[network]()
    return model.to(memory_format=torch.channels_last) if tuned else model


# --- data ---------------------------------------------------------------------------------------------------------------


def load(split, idx_name, count):
    data = job["data"]
    images, labels = read_idx(data["idx"], idx_name) if "idx" in data else read_safetensors(data[split])
    images = images[:count].float().div_(255)
    if tuned:
        images = images.contiguous(memory_format=torch.channels_last)
    return images, labels[:count].long()


def prepare():
    train, test = load("train", "train", params["trainCount"]), load("test", "t10k", params["testCount"])
    order = torch.randperm(len(train[0]), generator=torch.Generator().manual_seed(params["splitSeed"]))
    held_out = math.floor(len(order) * params["validationShare"] + 0.5)
    rows, kept = order[:held_out].sort().values, order[held_out:].sort().values
    training, validation = [each[kept] for each in train], [each[rows] for each in train]
    return training, validation, test


def first(data, count):
    return data if count is None else [each[:count] for each in data]


def sample_per_class(data, count, seed):
    images, labels = data
    generator = torch.Generator().manual_seed(seed)
    members = [(labels == label).nonzero().flatten() for label in range(10)]
    rows = torch.cat([each[torch.randperm(len(each), generator=generator)[:count]] for each in members])
    return images[rows], labels[rows]


# --- attacks ------------------------------------------------------------------------------------------------------------


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")


def raw_logit(logits, labels):
    return -logits.gather(1, labels[:, None]).sum()


def gradient(model, x, y, loss=cross_entropy):
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(loss(model(x), y), x)[0]


def perturb(model, x, y, epsilon, step_size, steps, loss=cross_entropy, random_start=False):
    """Attacked images: projected gradient steps in the L-infinity ball and in [0, 1]."""
    lowest, highest = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    adversarial = x
    if random_start:
        adversarial = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
    for _ in range(steps):
        adversarial = adversarial + step_size * gradient(model, adversarial, y, loss).sign()
        adversarial = torch.min(torch.max(adversarial, lowest), highest)
    return adversarial


class Attack:
    def __init__(self, step_size, steps=1, restarts=1, loss=cross_entropy, random_start=False):
        self.step_size, self.steps, self.restarts = step_size, steps, restarts
        self.loss, self.random_start = loss, random_start

    def once(self, model, x, y, epsilon):
        step_size = self.step_size(epsilon)
        images = perturb(model, x, y, epsilon, step_size, self.steps, self.loss, self.random_start)
        with torch.no_grad():
            return images, model(images)

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


def proportional(settings):
    relative = settings["relativeStep"]
    return Attack(lambda epsilon: relative * epsilon, settings["steps"], settings.get("restarts", 1), random_start=True)


faithful_pgd = params["attacks"]["pgd"]["faithful"]
attacks = {
    "faithful": {
        "fgsm": Attack(lambda epsilon: epsilon, loss=raw_logit),
        "pgd": Attack(lambda _: faithful_pgd["alpha"], faithful_pgd["steps"], loss=raw_logit),
    },
    "corrected": {
        "fgsm": Attack(lambda epsilon: epsilon),
        "pgd": proportional(params["attacks"]["pgd"]["corrected"]),
    },
}


def attack_all(model, data, attack, epsilon):
    """Every image attacked, and the share that the model gets wrong then."""
    made, wrong = [], 0
    for x, y in batches(data):
        images, logits = attack(model, x, y, epsilon)
        wrong += (logits.argmax(1) != y).sum().item()
        made.append(images)
    return torch.cat(made), wrong / len(data[1])


# --- training -----------------------------------------------------------------------------------------------------------


def train(model, data, epochs, learning_rate=None, attack=None):
    """With a learning rate of its own, a training anneals it. `attack(model, x, y, epochs)` makes each batch's images."""
    images, labels = data
    anneal = learning_rate is not None or params["training"]["schedule"] == "cosine"
    learning_rate = learning_rate or params["training"]["learningRate"]
    batch = params["training"]["batchSize"]
    steps = len(images) // batch
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, **({"fused": True} if tuned else {}))
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
            evaluate(model, validation)
    return model.requires_grad_(False)


def train_on_the_fly(name):
    settings = params["onTheFly"]
    attack = settings[name]
    step_size, steps = attack["relativeStep"] * settings["epsilon"], attack.get("steps", 1)
    warmup = min(settings["warmupEpochs"], attack["epochs"] / 2)

    def attacked(model, x, y, epochs):
        size = 1 if epochs >= warmup else epochs / warmup
        return perturb(model, x, y, size * settings["epsilon"], size * step_size, steps, random_start=True)

    model = make(settings["network"])
    data = first(training, settings["images"])
    return train(model, data, attack["epochs"], settings["learningRate"], attacked)


# --- evaluation ---------------------------------------------------------------------------------------------------------


def batches(data, size=evaluation_batch):
    images, labels = data
    return zip(images.split(size), labels.split(size))


@torch.no_grad()
def judge(logits, y):
    """Summed over a batch: what is right, the confidence, the loss."""
    confidence, prediction = F.softmax(logits, 1).max(1)
    return prediction == y, confidence.sum().item(), F.cross_entropy(logits, y, reduction="sum").item()


@torch.no_grad()
def evaluate(model, data):
    return sum(judge(model(x), y)[0].sum().item() for x, y in batches(data)) / len(data[1])


def sweep(model, sets, epsilons, answer, batch=evaluation_batch):
    """Mean accuracy over sets by epsilon; what is wrong without an attack counts as wrong."""
    right = dict.fromkeys(epsilons, 0.0)
    for data in sets:
        for x, y in batches(data, batch):
            with torch.no_grad():
                clean, *_ = judge(model(x), y)
            for epsilon in epsilons:
                still = clean if epsilon == 0 else judge(answer(x, y, epsilon), y)[0] & clean
                right[epsilon] += still.sum().item() / len(data[1]) / len(sets)
    return right


def white_box(model, attack):
    return lambda x, y, epsilon: attack(model, x, y, epsilon)[1]


def transfer(model, source, attack):
    @torch.no_grad()
    def answer(x, y, epsilon):
        with torch.enable_grad():
            images, _ = attack(source, x, y, epsilon)
        return model(images)

    return answer


def random_signs(model):
    @torch.no_grad()
    def answer(x, _, epsilon):
        return model((x + epsilon * torch.randint(0, 2, x.shape).mul_(2).sub_(1)).clamp(0, 1))

    return answer


# --- tasks --------------------------------------------------------------------------------------------------------------

statics = [f"{kind}-{variant}" for kind in ("fgsm", "pgd") for variant in ("retrained", "fresh")]
on_the_fly = ["fgsm-on-the-fly", "pgd-on-the-fly"]


def path_of(name):
    return os.path.join(directory, name.replace("/", "-") + ".pt")


def save_model(name, model):
    torch.save(model.state_dict(), path_of(name))


def load_model(name):
    on_fly = name.endswith("-on-the-fly")
    model = make(params["onTheFly"]["network"] if on_fly else params["network"])
    model.load_state_dict(torch.load(path_of(name)))
    return model.eval().requires_grad_(False)


def model_of(column, name):
    return load_model(name if name == "baseline" or name in on_the_fly else f"{column}/{name}")


def run_baseline():
    with part("baseline"):
        save_model("baseline", train(make(params["network"]), training, params["baseline"]["epochs"]))


def run_on_the_fly(name):
    with part("on the fly"):
        save_model(name, train_on_the_fly(name.removesuffix("-on-the-fly")))


def run_static(column, kind):
    clean, baseline = first(training, params["static"]["images"]), load_model("baseline")
    with part("static sets"):
        epsilons = params["attacks"][kind]["epsilons"]
        sets = [attack_all(baseline, clean, attacks[column][kind], epsilon)[0] for epsilon in epsilons]
        combined = torch.cat([clean[0], *sets]), clean[1].repeat(1 + len(sets))
        del sets
    with part("static trainings"):
        settings = params["static"]
        retrained = train(baseline.requires_grad_(True), combined, settings["retrainedEpochs"])
        save_model(f"{column}/{kind}-retrained", retrained)
        fresh = train(make(params["network"]), combined, settings["freshEpochs"])
        save_model(f"{column}/{kind}-fresh", fresh)


def run_transferred():
    with part("evaluations"):
        baseline = load_model("baseline")
        for kind, epsilons in params["sweep"]["transfer"].items():
            made = {epsilon: attack_all(baseline, test, attacks["corrected"][kind], epsilon)[0] for epsilon in epsilons}
            torch.save(made, path_of(f"transferred-{kind}"))


def run_faithful(name):
    settings, column = params["faithful"], attacks["faithful"]
    with part("evaluations, faithful"):
        sets = [sample_per_class(test, settings["perClass"], seed) for seed in settings["seeds"]]
        model, baseline = model_of("faithful", name), load_model("baseline")
        epsilons = settings["epsilons"]
        if name == "baseline":
            epsilons = sorted({*epsilons, *settings["wideEpsilons"]})
        batch = 10 * settings["perClass"]
        fgsm = sweep(model, sets, epsilons, white_box(model, column["fgsm"]), batch)
        if name == "baseline":
            pgd = {"baseline-pgd": sweep(model, sets, epsilons, white_box(model, column["pgd"]), batch)}
        else:
            answer = transfer(model, baseline, column["pgd"])
            pgd = {f"{name}-pgd-transfer": sweep(model, sets, epsilons, answer, batch)}
    return {f"faithful/sweeps/{sweep}": points for sweep, points in {f"{name}-fgsm": fgsm, **pgd}.items()}


def run_corrected(name):
    settings, column = params["sweep"], attacks["corrected"]
    with part("evaluations"):
        model = model_of("corrected", name)
        fgsm, pgd = white_box(model, column["fgsm"]), white_box(model, proportional(settings["pgd"]))
        sweeps = {
            "fgsm": sweep(model, [test], settings["fgsm"]["epsilons"], fgsm),
            "pgd": sweep(model, [test], settings["pgd"]["epsilons"], pgd),
            "noise": sweep(model, [test], settings["noise"]["epsilons"], random_signs(model)),
        }
        if name != "baseline":
            for kind in settings["transfer"]:
                made = torch.load(path_of(f"transferred-{kind}"))
                points = {epsilon: evaluate(model, (images, test[1])) for epsilon, images in made.items()}
                sweeps[f"{kind}-transfer"] = points
        if name == "pgd-on-the-fly":
            strong = white_box(model, proportional(params["strong"]))
            sweeps["pgd-strong"] = sweep(model, [test], params["strong"]["epsilons"], strong)
        clean = {0: evaluate(model, test)}
        # For the check that gradients are there.
        sum((gradient(model, x, y).flatten(1).abs().amax(1) == 0).sum().item() for x, y in batches(test))
    with part("matrix"):
        made, _ = attack_all(model, matrix_sample(), column["pgd"], params["matrix"]["epsilon"])
        torch.save(made, path_of(f"source-{name}"))
    prefix = f"corrected/evaluations/{name}"
    return {f"{prefix}/clean": clean, **{f"{prefix}/sweeps/{each}": points for each, points in sweeps.items()}}


def matrix_sample():
    count = params["matrix"]["perClass"]
    return test if count is None else sample_per_class(test, count, params["attacks"]["seed"])


def run_matrix():
    with part("matrix"):
        names, (_, labels) = ["baseline", *statics, *on_the_fly], matrix_sample()
        sets = [(torch.load(path_of(f"source-{name}")), labels) for name in names]
        models = [model_of("corrected", name) for name in names]
        assert all(0 <= evaluate(model, data) <= 1 for model in models for data in sets)


def column_task(column, name):
    """The task that makes a model of a column."""
    return name if name == "baseline" or name in on_the_fly else f"{column}/{name.split('-')[0]}"


def tasks():
    """Name, what has to be done before, what to do: longest first."""
    yield "baseline", [], (run_baseline,)
    for name in reversed(on_the_fly):
        yield name, [], (run_on_the_fly, name)
    for kind in ("pgd", "fgsm"):
        for column in ("faithful", "corrected"):
            yield f"{column}/{kind}", ["baseline"], (run_static, column, kind)
    yield "transferred", ["baseline"], (run_transferred,)
    judged = ["pgd-on-the-fly", "fgsm-on-the-fly", "baseline", *statics]
    for name in judged:
        yield f"judged/{name}", [column_task("corrected", name), "transferred"], (run_corrected, name)
    for name in ["baseline", *statics]:
        yield f"sampled/{name}", [column_task("faithful", name), "baseline"], (run_faithful, name)
    yield "matrix", [f"judged/{name}" for name in judged], (run_matrix,)


def carry_out(work):
    """One task, in a process of the pool: its answer, and the seconds of its parts."""
    parts.clear()
    torch.manual_seed(params["training"]["seed"])
    run, *arguments = work
    return run(*arguments), dict(parts)


def carry_out_all():
    accuracies, total, done = {}, {}, set()
    waiting, running = list(tasks()), {}
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(job["processes"], context, torch.set_num_threads, (job["threads"],))
    with pool:
        while waiting or running:
            for task in [task for task in waiting if done.issuperset(task[1])]:
                if len(running) < job["processes"]:
                    waiting.remove(task)
                    running[pool.submit(carry_out, task[2])] = task[0]
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                done.add(running.pop(future))
                answer, seconds = future.result()
                accuracies.update(answer or {})
                for name, each in seconds.items():
                    total[name] = total.get(name, 0) + each
    return accuracies, total


with tempfile.TemporaryDirectory() as directory:
    with part("data"):
        training, validation, test = prepare()
    load_seconds = dict(parts)
    accuracies, seconds = carry_out_all()
points = {node: [[float(epsilon), accuracy] for epsilon, accuracy in each.items()] for node, each in accuracies.items()}
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "seconds": time.perf_counter() - began,
            "parts": {**load_seconds, **seconds},
            "accuracies": points,
        }
    )
)
