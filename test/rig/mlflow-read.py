"""What is in an MLflow server, as Python's own client sees it; JSON on standard output.

    mlflow-read.py run ID            a run whole: info, params, tags, metric histories, inputs, outputs, artifacts
    mlflow-read.py runs EXPERIMENT   the runs of an experiment (its name), in the order in which they started
    mlflow-read.py model ID          a logged model
    mlflow-read.py version NAME V    a version in the registry, with its aliases
"""

import hashlib
import json
import math
import os
import sys
import tempfile

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

client = MlflowClient()


def number(value):
    return value if math.isfinite(value) else ("NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity")


def info_of(run):
    info = run.info
    return {
        "id": info.run_id,
        "name": info.run_name,
        "experimentId": info.experiment_id,
        "status": info.status,
        "startTime": info.start_time,
        "endTime": info.end_time,
        "params": run.data.params,
        "tags": run.data.tags,
    }


def artifacts_of(run_id):
    """Sizes and digests by path; the digests are of what a download gives."""
    found = {}

    def walk(directory):
        for entry in client.list_artifacts(run_id, directory):
            if entry.is_dir:
                walk(entry.path)
            else:
                found[entry.path] = {"size": entry.file_size or 0}

    walk(None)
    with tempfile.TemporaryDirectory() as target:
        for path in found:
            local = download_artifacts(run_id=run_id, artifact_path=path, dst_path=os.path.join(target, "a"))
            with open(local, "rb") as file:
                found[path]["sha256"] = hashlib.sha256(file.read()).hexdigest()
    return found


def run(run_id):
    found = client.get_run(run_id)
    metrics = {
        key: [
            {"value": number(m.value), "step": m.step, "timestamp": m.timestamp}
            for m in client.get_metric_history(run_id, key)
        ]
        for key in found.data.metrics
    }
    inputs = [
        {
            "name": each.dataset.name,
            "digest": each.dataset.digest,
            "sourceType": each.dataset.source_type,
            "source": each.dataset.source,
            "schema": each.dataset.schema,
            "profile": each.dataset.profile,
            "tags": {tag.key: tag.value for tag in each.tags},
        }
        for each in found.inputs.dataset_inputs
    ]
    outputs = [{"modelId": each.model_id, "step": each.step} for each in found.outputs.model_outputs]
    return {
        **info_of(found),
        "metrics": metrics,
        "inputs": inputs,
        "outputs": outputs,
        "artifacts": artifacts_of(run_id),
    }


def runs(experiment):
    found = client.get_experiment_by_name(experiment)
    listed = client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"], max_results=1000)
    return [info_of(each) for each in listed]


def model(model_id):
    found = client.get_logged_model(model_id)
    return {
        "name": found.name,
        "status": str(found.status),
        "sourceRunId": found.source_run_id,
        "modelType": found.model_type,
        "params": found.params,
        "tags": found.tags,
        "artifactUri": found.artifact_location,
    }


def version(name, number_of):
    found = client.get_model_version(name, number_of)
    return {
        "version": str(found.version),
        "source": found.source,
        "runId": found.run_id,
        "modelId": found.model_id,
        "tags": found.tags,
        "aliases": list(found.aliases),
        "description": found.description,
    }


commands = {"run": run, "runs": runs, "model": model, "version": version}
print(json.dumps(commands[sys.argv[1]](*sys.argv[2:]), allow_nan=False))
