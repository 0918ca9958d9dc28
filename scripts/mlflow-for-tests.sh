#!/usr/bin/env bash
# mlflow-for-tests.sh DIR: a Python environment with the MLflow that the tests run against, in DIR.
#
# Prints the path of its Python, and nothing else, on standard output; what an environment variable wants:
#
#     export ADVPIPE_MLFLOW_PYTHON=$(scripts/mlflow-for-tests.sh ~/.cache/advpipe-mlflow)
#
# A directory that has it already is left as it is. As root on Debian it also installs Chromium, for the test that looks
# at a run in MLflow's pages; without Chromium that test is skipped, and says so.
set -euo pipefail

# Keep the versions equal to those in compose.yaml and src/cli/track-serve.ts.
packages=("mlflow[auth]==3.17.2" onnx==1.23.2 onnxruntime==1.31.1)

directory=${1:?usage: mlflow-for-tests.sh DIR}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
python=$directory/bin/python
wanted=${packages[*]}

if [ "$(cat "$directory/installed.txt" 2>/dev/null || true)" != "$wanted" ]; then
  python3 -m venv --clear "$directory" >&2
  "$python" -m pip install --quiet --disable-pip-version-check "${packages[@]}" >&2
  echo "$wanted" >"$directory/installed.txt"
fi

if [ "$(id -u)" = 0 ] && ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then
  {
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -qq -y --no-install-recommends chromium
  } >"$directory/chromium.log" 2>&1 || echo "no Chromium: see $directory/chromium.log" >&2
fi

echo "$python"
