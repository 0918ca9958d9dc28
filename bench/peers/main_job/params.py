"""The params that the script knows, by path. One that it does not know would make it another experiment."""

import sys

known = {
    "data trainCount testCount dataSeed validationShare splitSeed network baseline.epochs matrix.epsilon matrix.perClass",
    "training.batchSize training.learningRate training.schedule training.seed",
    "static.images static.retrainedEpochs static.freshEpochs attacks.seed attacks.fgsm.epsilons attacks.pgd.epsilons",
    "attacks.pgd.faithful.alpha attacks.pgd.faithful.steps attacks.pgd.corrected.steps",
    "attacks.pgd.corrected.relativeStep onTheFly.network onTheFly.images onTheFly.epsilon onTheFly.learningRate",
    "onTheFly.warmupEpochs onTheFly.fgsm.epochs onTheFly.fgsm.relativeStep onTheFly.pgd.epochs onTheFly.pgd.steps",
    "onTheFly.pgd.relativeStep faithful.perClass faithful.seeds faithful.epsilons faithful.wideEpsilons",
    "sweep.fgsm.epsilons sweep.pgd.epsilons sweep.pgd.steps sweep.pgd.relativeStep sweep.pgd.restarts",
    "sweep.noise.epsilons sweep.transfer.fgsm sweep.transfer.pgd strong.epsilons strong.steps strong.relativeStep",
    "strong.restarts hygiene.tolerance",
}


def paths(value, path=()):
    if not isinstance(value, dict):
        return {".".join(path)}
    return {each for name, inner in value.items() for each in paths(inner, (*path, name))}


def check(params):
    strange = paths(params) ^ {name for line in known for name in line.split()}
    if strange:
        sys.exit(f"this script and the pipeline do not have the same params: {', '.join(sorted(strange))}")
