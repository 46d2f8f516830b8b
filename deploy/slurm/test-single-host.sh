#!/bin/bash
# Runs legend.sbatch in a Slurm of its own on this machine, two nodes of it, with everything in a temporary folder: a job
# to its end; the same rows again under a time limit that is too short for them, cancelled once and submitted again, so that
# the job must be queued again until it is finished, with the same output; and a job that no worker can compute, which must
# fail and not be queued again. Takes some minutes. Needs root, Debian's packages slurm-wlm and munge, the programs,
# and the small model.
# Usage: test-single-host.sh [FOLDER OF THE PROGRAMS, default .build/release]
set -euo pipefail
repository=$(readlink -f "$(dirname "$0")/../..")
LEGEND_BIN=$(readlink -f "${1:-$repository/.build/release}")
export LEGEND_BIN
folder=$(mktemp -d)
started=()
finish() {
    # A job's processes would outlive the daemons.
    timeout 10 scancel --user "$(id -un)" 2>/dev/null || true
    for _ in $(seq 40); do
        [ -n "$(timeout 10 squeue --noheader 2>/dev/null)" ] || break
        sleep 0.5
    done
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
mkdir "$folder/munge" "$folder/state"
head --bytes 1024 /dev/urandom >"$folder/munge/key"
chmod 400 "$folder/munge/key"
munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" 2>"$folder/munged.log" &
started+=($!)
eventually 10 test -S "$folder/munge/socket"

export SLURM_CONF=$folder/slurm.conf
host=$(hostname --short)
nodes=(first second)
{
    cat <<SLURM
ClusterName=legend-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
SLURM
    for node in "${nodes[@]}"; do
        echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=$(nproc) State=UNKNOWN"
    done
} >"$SLURM_CONF"
slurmctld -D >"$folder/slurmctld.log" 2>&1 &
started+=($!)
for node in "${nodes[@]}"; do
    mkdir "$folder/spool-$node"
    slurmd -D -N "$node" >"$folder/slurmd-$node.log" 2>&1 &
    started+=($!)
done
are_idle() { [ "$(sinfo --noheader --Node --format %T 2>/dev/null | sort | uniq -c | xargs)" = "${#nodes[@]} idle" ]; }
eventually 30 are_idle

# So that the machine's number of cores does not count.
export LEGEND_WORKER_ARGS="--lanes 1"

ids() { grep -o '"id": *"[^"]*"' "$1" | tr -d ' '; }
# $1: name, $2: copies of the sample's rows, each with prompts of its own
describe() {
    mkdir "$folder/$1"
    for copy in $(seq "$2"); do
        sed "s/\"id\": \"/&$copy-/; s/\"prompt\": \"/&($copy) /" "$repository/Examples/demo/preferences.jsonl"
    done >"$folder/$1/rows.jsonl"
    cat >"$folder/$1/job.yaml" <<JOB
job: {input: rows.jsonl, output: out.jsonl, anchors: $repository/Examples/demo/anchors.jsonl}
model: {path: $repository/models/SmolLM2-135M-Instruct.Q4_1.gguf}
JOB
}
# $1: name, $2: time limit; sets `job`
submit() {
    job=$(cd "$folder/$1" && sbatch --parsable --nodes "${#nodes[@]}" --time "$2" --output "$folder/$1.log" \
        "$repository/deploy/slurm/legend.sbatch" job.yaml)
}
state() { scontrol show job "$job" | grep -o "$1=[^ ]*" | cut -d= -f2; }
has_failed() { case $(state JobState) in FAILED | TIMEOUT | CANCELLED | NODE_FAIL) ;; *) false ;; esac; }
has_ended() {
    # A job that is queued again may pass through a failure.
    if has_failed; then sleep 5 && has_failed && return; fi
    case $(state JobState) in
        COMPLETED) ;;
        # Slurm lets a job that is queued again wait for two minutes; in the first second it refuses its credential.
        PENDING)
            if [ "$(state Reason)" = BeginTime ]; then sleep 5 && scontrol update JobId="$job" StartTime=now; fi
            false
            ;;
        *) false ;;
    esac
}
has_logged() { grep -q "$2" "$folder/$1.log" 2>/dev/null; }
fail() {
    echo "error: $*" >&2
    exit 1
}
expect_state() { [ "$(state JobState)" = "$1" ] || fail "job $job: expected $1, found $(state JobState)"; }
expect_no_keys() { [ ! -e "$folder/$1/.legend-keys-$job" ] || fail "the keys of $1 are still there"; }

echo "a job that has time enough"
describe sample 1
SECONDS=0
submit sample 20
eventually 600 has_ended
# As many rows as two workers compute in more than the time that the limited job's workers have.
copies=$((200 / SECONDS + 1))
cat "$folder/sample.log"
expect_state COMPLETED
expect_no_keys sample

echo "the same with $copies times as many rows"
describe undisturbed "$copies"
submit undisturbed 60
eventually 3600 has_ended
cat "$folder/undisturbed.log"
expect_state COMPLETED
[ "$(grep -c 'a worker is ready' "$folder/undisturbed.log")" = "${#nodes[@]}" ] || fail "a worker is missing"

diff <(ids "$folder/undisturbed/rows.jsonl") <(ids "$folder/undisturbed/out.jsonl") || fail "rows are missing"

echo "a job that is cancelled, and one whose time limit comes before its end"
describe limited "$copies"
export LEGEND_DRAIN_LIMIT=10
submit limited 2
eventually 120 has_logged limited "direction is fitted"
sleep 5
scancel "$job"
eventually 60 has_ended
expect_state CANCELLED
has_logged limited "asked to stop" || fail "the script was not told of its end"
expect_no_keys limited
submit limited 2
eventually 1200 has_ended
cat "$folder/limited.log"
expect_state COMPLETED
expect_no_keys limited
[ "$(state Restarts)" -gt 0 ] || fail "the job was never queued again"
has_logged limited "its deadline is near" || fail "no worker left before the time limit"
cmp "$folder/undisturbed/out.jsonl" "$folder/limited/out.jsonl"
restarts=$(state Restarts)

echo "a job that no worker can compute"
describe broken 1
LEGEND_WORKER_ARGS="--model $repository/README.md" submit broken 20
eventually 120 has_ended
cat "$folder/broken.log"
expect_state FAILED
[ "$(state Restarts)" = 0 ] || fail "it was queued again"
expect_no_keys broken

echo "all as expected; the limited job's $(wc -l <"$folder/limited/out.jsonl") rows took $restarts more starts"
