#!/bin/sh
# Runs the demo's job with the coordinator in one network namespace and two workers in two others, whose links lose and
# delay packets, and go down and up, at random; the output must be, byte for byte, that of an undisturbed run. Needs root,
# iproute2 and the small model. Programs come from .build/release (make build), or from $BINARIES.
# Usage: chaos-namespaces.sh [SEED]
set -eu
cd "$(dirname "$0")/.."
binaries=$(readlink -f "${BINARIES:-.build/release}")
model=$(readlink -f "${MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}")
seed=${1:-$(date +%s)}
limit=${LIMIT:-900}
net=legend$$
work=$(mktemp -d)
pids=
cleanup() {
    for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
    for name in c 1 2; do ip netns del "$net-$name" 2>/dev/null || true; done
    ip link del "br$$" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fail() {
    echo "error: $1 (seed $seed)" >&2
    tail -n 25 "$work"/*.log >&2
    exit 1
}

# Between 0 and $1 - 1; the same numbers for the same seed. $state changes: never in a subshell.
state=$seed
draw() {
    state=$(((state * 1103515245 + 12345) % 2147483648))
    drawn=$((state / 65536 % $1))
}

# A veth pair into a namespace of its own: $1 is the name, $2 the last part of the address.
attach() {
    ip netns add "$net-$1"
    ip link add "v$$-$1" type veth peer name eth0 netns "$net-$1"
    ip link set "v$$-$1" master "br$$" up
    ip -n "$net-$1" addr add "10.211.37.$2/24" dev eth0
    ip -n "$net-$1" link set eth0 up
    ip -n "$net-$1" link set lo up
}

configure() {
    sed -e "s|Examples/|$PWD/Examples/|" -e "s|out/demo/|$work/$1/|" -e "s|^  path: models/.*|  path: $model\n  precision: f32|" \
        -e "s|^cluster:|&\n  listen: $2\n  unit_tokens: 512\n  heartbeat_seconds: 0.5\n  silence_seconds: 4\n  attempts: 100$3|" \
        cluster.yaml >"$work/$1.yaml"
}

echo "an undisturbed run"
configure calm 'tcp://127.0.0.1:*' ''
"$binaries/legend-coordinator" run "$work/calm.yaml" --local-workers 2 --quiet >"$work/calm.log" 2>&1 ||
    fail "the undisturbed run failed"

echo "the same job between three network namespaces, seed $seed"
ip link add "br$$" type bridge
ip link set "br$$" up
attach c 1
attach 1 2
attach 2 3
# Not every kernel can lose and delay packets.
netem=no
tc qdisc add dev "v$$-c" root netem delay 1ms 2>"$work/netem.log" && netem=yes && tc qdisc del dev "v$$-c" root
[ $netem = yes ] || echo "without loss and delay, links only go down and up: $(head -n 1 "$work/netem.log")"
"$binaries/legend-coordinator" keygen "$work/keys" >/dev/null
configure chaos 'tcp://10.211.37.1:5711' \
    "\\n  secret_key: $work/keys/coordinator.key\\n  allowed_keys: $work/keys/allowed.keys"
ip netns exec "$net-c" "$binaries/legend-coordinator" run "$work/chaos.yaml" --local-workers 0 --quiet \
    >"$work/coordinator.log" 2>&1 &
coordinator=$!
pids=$coordinator
for number in 1 2; do
    ip netns exec "$net-$number" "$binaries/legend-worker" --connect tcp://10.211.37.1:5711 --lanes 1 \
        --key "$work/keys/worker.key" --model "$model" --name "worker-$number" >"$work/worker-$number.log" 2>&1 &
    pids="$pids $!"
done

end=$(($(date +%s) + limit))
faults=0
while kill -0 "$coordinator" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || fail "the job has not ended after $limit seconds"
    draw 3
    case $drawn in 0) name=c ;; *) name=$drawn ;; esac
    draw 4
    case $drawn$netem in
    0yes)
        draw 30
        echo "  $name loses $((drawn + 5)) % of what it gets"
        tc qdisc replace dev "v$$-$name" root netem loss "$((drawn + 5))%"
        ;;
    1yes)
        draw 300
        echo "  $name gets everything after $((drawn + 50)) ms"
        tc qdisc replace dev "v$$-$name" root netem delay "$((drawn + 50))ms" 30ms
        ;;
    *)
        echo "  $name is cut off"
        ip link set "v$$-$name" down
        ;;
    esac
    faults=$((faults + 1))
    # Longer than the time of silence after which a worker counts as lost, or shorter.
    draw 7
    sleep "$drawn"
    ip link set "v$$-$name" up
    tc qdisc del dev "v$$-$name" root 2>/dev/null || true
    draw 3
    sleep "$drawn"
done
wait "$coordinator" || fail "the coordinator ended with status $?"
cmp "$work/calm/annotated.jsonl" "$work/chaos/annotated.jsonl" || fail "the output differs from the undisturbed run's"
echo "$faults faults: $(wc -l <"$work/chaos/annotated.jsonl") rows, as in the undisturbed run;" \
    "$(grep -c 'lost a worker' "$work/coordinator.log" || true) times a worker counted as lost"
