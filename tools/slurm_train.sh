#!/usr/bin/env bash
# Train under Slurm: tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [tools/train.py's options]
# PROCESSES (number of processes, default 8), PROCESSES_PER_NODE (8 at most by default), GPUS_PER_PROCESS (default 1;
# 0 trains on CPUs), CPUS_PER_PROCESS (default 5), SRUN_ARGS for anything else.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
source "$(dirname "$0")/slurm_arguments.sh"
exec srun --partition="$1" --job-name="$2" "${slurm_arguments[@]}" \
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$3" --work-dir "$4" --launcher slurm "${@:5}"
