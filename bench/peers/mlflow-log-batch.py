"""Logs points with MLflow's own client, 1,000 in a call, and prints as JSON what that took.

    mlflow-log-batch.py POINTS       MLFLOW_TRACKING_URI names the server
"""

import json
import math
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

points = int(sys.argv[1])
names = ["loss", "accuracy", "learning_rate", "gradient_norm"]
client = MlflowClient()
run = client.create_run(client.create_experiment(f"bench-{time.time_ns()}")).info.run_id
at = time.time_ns() // 1_000_000
start = time.perf_counter()
for first in range(0, points, 1000):
    metrics = [
        Metric(names[index % 4], math.sin(index), at + index, index // 4)
        for index in range(first, min(first + 1000, points))
    ]
    client.log_batch(run, metrics)
print(json.dumps({"seconds": time.perf_counter() - start}))
