#!/usr/bin/env bash
# BYOL with and without RELA on real CIFAR-10, from a clean clone:
#   tools/quickstart.sh [--size long] [other arguments of experiment.py]
# Environment (VENV, default .venv), data, weights, targets, three trainings,
# probes and work_dirs/quickstart/report.{json,md,png}. What is done already
# is not done again. The size `long` takes four times the steps.
set -euo pipefail
unset CDPATH  # or cd may go elsewhere, and say so
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=${VENV:-.venv}
bash tools/setup_env.sh "$VENV"
"$VENV/bin/python" tools/prepare_cifar10.py
"$VENV/bin/python" tools/prepare_mobilenet_v2.py
there=work_dirs/quickstart
exec "$VENV/bin/python" tools/experiment.py quickstart --size short \
  --work-dir "$there" --results "$there/results.jsonl" --out "$there/report" \
  "$@"
