# What slurm_train.sh and slurm_test.sh ask of srun; sourced by both.
tasks=${TASKS:-8}
slurm_arguments=(--ntasks="$tasks" --ntasks-per-node="${TASKS_PER_NODE:-$((tasks < 8 ? tasks : 8))}"
                 --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1)
if [ "${GPUS_PER_TASK:-1}" != 0 ]; then
    slurm_arguments+=(--gpus-per-task="${GPUS_PER_TASK:-1}")
fi
read -r -a more <<< "${SRUN_ARGS:-}"
slurm_arguments+=("${more[@]}")
