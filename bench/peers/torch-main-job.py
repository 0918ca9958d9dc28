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

from main_job.attacks import attack_all, attacks_of, gradient, proportional
from main_job.digits import read_idx, read_safetensors
from main_job.evaluation import attacked_by, batches, evaluate, random_signs, sweep
from main_job.networks import networks
from main_job.params import check
from main_job.training import attack_on_the_fly, train

began = time.perf_counter()
job = json.loads(sys.argv[1])
params, evaluation_batch, tuned = job["params"], job["evaluationBatch"], job["tuned"]
# Threads do not survive the forks of the pool; its processes get their own.
torch.set_num_threads(1)
check(params)
attacks = attacks_of(params)
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


# --- training -----------------------------------------------------------------------------------------------------------


def train_on(model, data, epochs, learning_rate=None, attack=None):
    """With a learning rate of its own, a training anneals it."""
    settings = params["training"]
    anneal = learning_rate is not None or settings["schedule"] == "cosine"
    rate = learning_rate or settings["learningRate"]
    return train(model, data, validation, epochs, settings["batchSize"], evaluation_batch, rate, anneal, tuned, attack)


def train_on_the_fly(name):
    settings = params["onTheFly"]
    data, attack = first(training, settings["images"]), settings[name]
    each_batch = attack_on_the_fly(settings, attack)
    return train_on(make(settings["network"]), data, attack["epochs"], settings["learningRate"], each_batch)


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


def accuracy(model, data):
    return evaluate(model, data, evaluation_batch)


def attacked(model, data, column, kind, epsilon):
    return attack_all(model, data, attacks[column][kind], epsilon, evaluation_batch)[0]


def run_baseline():
    with part("baseline"):
        save_model("baseline", train_on(make(params["network"]), training, params["baseline"]["epochs"]))


def run_on_the_fly(name):
    with part("on the fly"):
        save_model(name, train_on_the_fly(name.removesuffix("-on-the-fly")))


def run_static(column, kind):
    clean, baseline = first(training, params["static"]["images"]), load_model("baseline")
    with part("static sets"):
        epsilons = params["attacks"][kind]["epsilons"]
        sets = [attacked(baseline, clean, column, kind, epsilon) for epsilon in epsilons]
        combined = torch.cat([clean[0], *sets]), clean[1].repeat(1 + len(sets))
        del sets
    with part("static trainings"):
        settings = params["static"]
        retrained = train_on(baseline.requires_grad_(True), combined, settings["retrainedEpochs"])
        save_model(f"{column}/{kind}-retrained", retrained)
        fresh = train_on(make(params["network"]), combined, settings["freshEpochs"])
        save_model(f"{column}/{kind}-fresh", fresh)


def run_transferred():
    with part("evaluations"):
        baseline = load_model("baseline")
        for kind, epsilons in params["sweep"]["transfer"].items():
            made = {epsilon: attacked(baseline, test, "corrected", kind, epsilon) for epsilon in epsilons}
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
        fgsm = sweep(model, sets, epsilons, attacked_by(column["fgsm"], model), batch)
        if name == "baseline":
            pgd = {"baseline-pgd": sweep(model, sets, epsilons, attacked_by(column["pgd"], model), batch)}
        else:
            answer = attacked_by(column["pgd"], baseline)
            pgd = {f"{name}-pgd-transfer": sweep(model, sets, epsilons, answer, batch)}
    return {f"faithful/sweeps/{sweep}": points for sweep, points in {f"{name}-fgsm": fgsm, **pgd}.items()}


def run_corrected(name):
    settings, column = params["sweep"], attacks["corrected"]
    with part("evaluations"):
        model = model_of("corrected", name)
        fgsm, pgd = attacked_by(column["fgsm"], model), attacked_by(proportional(settings["pgd"], first_success=True), model)
        sweeps = {
            "fgsm": sweep(model, [test], settings["fgsm"]["epsilons"], fgsm, evaluation_batch),
            "pgd": sweep(model, [test], settings["pgd"]["epsilons"], pgd, evaluation_batch),
            "noise": sweep(model, [test], settings["noise"]["epsilons"], random_signs, evaluation_batch),
        }
        if name != "baseline":
            for kind in settings["transfer"]:
                made = torch.load(path_of(f"transferred-{kind}"))
                points = {epsilon: accuracy(model, (images, test[1])) for epsilon, images in made.items()}
                sweeps[f"{kind}-transfer"] = points
        if name == "pgd-on-the-fly":
            strong = attacked_by(proportional(params["strong"], first_success=True), model)
            sweeps["pgd-strong"] = sweep(model, [test], params["strong"]["epsilons"], strong, evaluation_batch)
        clean = {0: accuracy(model, test)}
        # For the check that gradients are there.
        sum((gradient(model, x, y).flatten(1).abs().amax(1) == 0).sum().item() for x, y in batches(test, evaluation_batch))
    with part("matrix"):
        made = attacked(model, matrix_sample(), "corrected", "pgd", params["matrix"]["epsilon"])
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
        assert all(0 <= accuracy(model, data) <= 1 for model in models for data in sets)


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
