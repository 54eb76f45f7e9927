# What slurm_train.sh and slurm_test.sh ask of srun; sourced by both.
for name in GPUS GPUS_PER_NODE CPUS_PER_TASK; do  # of other OpenMMLab scripts; ignoring them would change the job
    instead=${name/GPUS/PROCESSES} instead=${instead/TASK/PROCESS}
    [ -z "${!name:-}" ] || { echo "$name is not used here: set $instead" >&2; exit 2; }
done
processes=${PROCESSES:-8}
slurm_arguments=(--ntasks="$processes" --ntasks-per-node="${PROCESSES_PER_NODE:-$((processes < 8 ? processes : 8))}"
                 --cpus-per-task="${CPUS_PER_PROCESS:-5}" --kill-on-bad-exit=1)
if [ "${GPUS_PER_PROCESS:-1}" != 0 ]; then
    slurm_arguments+=(--gpus-per-task="${GPUS_PER_PROCESS:-1}")
fi
read -r -a more <<< "${SRUN_ARGS:-}"
slurm_arguments+=("${more[@]}")
