#!/bin/sh
# Annotates the sample dataset with a real model, through a coordinator and two worker processes, and shows the result.
set -eu
cd "$(dirname "$0")/.."
binaries=.build/release
out=out/demo
mkdir -p "$out"
echo "Annotating Examples/demo/preferences.jsonl: one coordinator, two workers"
"$binaries/legend-coordinator" run cluster.yaml --local-workers 2 --restart
echo
"$binaries/legend-coordinator" summary "$out/annotated.jsonl" --by harm_degree --rows 3
echo
echo "Every row with its margin:    $out/annotated.jsonl"
echo "Whether they can be trusted: $out/annotated.report.html (open it in a browser), $out/annotated.trust.json"
echo "The safety direction:        $out/annotated.direction.safetensors"
echo "Change cluster.yaml for a dataset of your own, and run: $binaries/legend-coordinator run cluster.yaml"
