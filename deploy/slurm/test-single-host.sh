#!/bin/bash
# Runs legend.sbatch in a Slurm of its own on this machine, with everything in a temporary folder: a small job to its end,
# then one whose time limit ends it, which must be queued again and finish with the same result. Needs root, Debian's
# packages slurm-wlm and munge, the programs, and the small model.
# Usage: test-single-host.sh [FOLDER OF THE PROGRAMS, default .build/release]
set -euo pipefail
repository=$(readlink -f "$(dirname "$0")/../..")
LEGEND_BIN=$(readlink -f "${1:-$repository/.build/release}")
export LEGEND_BIN
folder=$(mktemp -d)
started=()
finish() {
    scancel --user "$(id -un)" 2>/dev/null || true
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    for process in "${started[@]}"; do wait "$process" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

free_port() {
    local port
    while port=$(shuf --input-range 20000-32000 --head-count 1); (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; do :; done
    echo "$port"
}
eventually() { # seconds, command
    for _ in $(seq $((2 * $1))); do "${@:2}" && return; sleep 0.5; done
    echo "error: not so within $1 s: ${*:2}" >&2
    tail -n 30 "$folder"/*.log >&2
    return 1
}

# munge lets no other user write where its files are.
chmod 755 "$folder"
mkdir "$folder/munge" "$folder/state" "$folder/spool"
head --bytes 1024 /dev/urandom >"$folder/munge/key"
chmod 400 "$folder/munge/key"
munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" 2>"$folder/munged.log" &
started+=($!)
eventually 10 test -S "$folder/munge/socket"

export SLURM_CONF=$folder/slurm.conf
node=$(hostname --short)
cat >"$SLURM_CONF" <<SLURM
ClusterName=legend-test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
SLURM
slurmctld -D >"$folder/slurmctld.log" 2>&1 &
started+=($!)
slurmd -D >"$folder/slurmd.log" 2>&1 &
started+=($!)
is_idle() { [ "$(sinfo --noheader --format %T 2>/dev/null)" = idle ]; }
eventually 30 is_idle

# $1: name, $2: rows of the sample, $3: time limit
submit() {
    mkdir "$folder/$1"
    for _ in $(seq "$2"); do cat "$repository/Examples/demo/preferences.jsonl"; done >"$folder/$1/rows.jsonl"
    cat >"$folder/$1/job.yaml" <<JOB
job: {input: rows.jsonl, output: out.jsonl, anchors: $repository/Examples/demo/anchors.jsonl}
model: {path: $repository/models/SmolLM2-135M-Instruct.Q4_1.gguf}
JOB
    (cd "$folder/$1" && sbatch --parsable --nodes 1 --time "$3" --output "$folder/$1.log" \
        "$repository/deploy/slurm/legend.sbatch" job.yaml)
}
state() { scontrol show job "$1" | grep -o "$2=[^ ]*" | cut -d= -f2; }
has_ended() {
    case $(state "$1" JobState) in
        COMPLETED) ;;
        # A job that is queued again may pass through these.
        FAILED | TIMEOUT | CANCELLED | NODE_FAIL)
            sleep 5
            case $(state "$1" JobState) in FAILED | TIMEOUT | CANCELLED | NODE_FAIL) ;; *) false ;; esac
            ;;
        # Slurm lets a job that is queued again wait for two minutes.
        PENDING) scontrol update JobId="$1" StartTime=now; false ;;
        *) false ;;
    esac
}

echo "a job that has time enough"
job=$(submit undisturbed 1 10)
eventually 300 has_ended "$job"
cat "$folder/undisturbed.log"
[ "$(state "$job" JobState)" = COMPLETED ]

echo "a job whose time limit comes before its end"
export LEGEND_WORKER_ARGS="--drain-limit 10"
job=$(submit limited 6 2)
eventually 1200 has_ended "$job"
cat "$folder/limited.log"
[ "$(state "$job" JobState)" = COMPLETED ]
[ "$(state "$job" Restarts)" -gt 0 ] || { echo "error: the job was never queued again" >&2; exit 1; }
grep -q "its deadline is near" "$folder/limited.log"
[ "$(wc -l <"$folder/limited/out.jsonl")" = "$(wc -l <"$folder/limited/rows.jsonl")" ]
[ ! -e "$folder/limited/.legend-keys-$job" ] || { echo "error: the keys are still there" >&2; exit 1; }
echo "both jobs finished, the second after $(state "$job" Restarts) more starts"
