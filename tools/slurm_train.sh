#!/usr/bin/env bash
# Train under Slurm, with mmpretrain's arguments and variables:
#   GPUS=16 GPUS_PER_NODE=8 CPUS_PER_TASK=5 SRUN_ARGS="--time=2-0" bash \
#     tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [train.py's own]
# It resumes from the newest checkpoint in WORK_DIR if there is one, so a job
# that is requeued, or started again by hand, goes on where it stopped:
#   sbatch --requeue --nodes=2 ... --wrap "bash tools/slurm_train.sh ..."
# PORT tells apart jobs that share a node.
set -euo pipefail
unset CDPATH  # or cd may go elsewhere, and say so
if [ $# -lt 4 ]; then
  echo "usage: tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR" \
    "[arguments of train.py]" >&2
  exit 2
fi
partition=$1 name=$2 config=$3 work_dir=$4
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra more <<< "${SRUN_ARGS:-}"
export MASTER_PORT=${PORT:-${MASTER_PORT:-29500}}

# In place of this shell, so that Slurm's signals reach srun.
exec srun --partition="$partition" --job-name="$name" \
  --gres="gpu:${GPUS_PER_NODE:-8}" \
  --ntasks="${GPUS:-8}" --ntasks-per-node="${GPUS_PER_NODE:-8}" \
  --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
  ${more[@]+"${more[@]}"} \
  "${PYTHON:-python}" -u "$tools/train.py" "$config" --work-dir "$work_dir" \
  --resume --launcher slurm "${@:5}"
