"""The networks of the experiment, by the names that the pipeline has for them."""

from torch import nn


def course_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(32, 64, 2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(64, 128, 1), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(1152, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def keras_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def no_pool_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(36864, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def mlp_625(*dropout):
    layers = [nn.Flatten(), nn.Linear(784, 625, bias=False), nn.ReLU(), nn.Linear(625, 10, bias=False)]
    for place, rate in zip((3, 1), dropout):
        layers.insert(place, nn.Dropout(rate))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
    return nn.Sequential(*layers)


networks = {
    "course-cnn": course_cnn,
    "keras-cnn": keras_cnn,
    "no-pool-cnn": no_pool_cnn,
    "mlp-625": mlp_625,
    "mlp-625-dropout": lambda: mlp_625(0.5, 0.2),
}
