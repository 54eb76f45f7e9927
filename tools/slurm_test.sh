#!/usr/bin/env bash
# Test under Slurm: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [tools/test.py's options]
# PROCESSES (number of processes, default 8), PROCESSES_PER_NODE (8 at most by default), GPUS_PER_PROCESS (default 1;
# 0 tests on CPUs), CPUS_PER_PROCESS (default 5), SRUN_ARGS for anything else.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
source "$(dirname "$0")/slurm_arguments.sh"
exec srun --partition="$1" --job-name="$2" "${slurm_arguments[@]}" \
    "${PYTHON:-python}" -u "$(dirname "$0")/test.py" "$3" "$4" --launcher slurm "${@:5}"
