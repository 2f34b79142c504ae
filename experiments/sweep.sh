#!/bin/sh
# Replays the layer sweep of the demo's network: P@10 of its eleven blocks by depth, under
# three poolings, for every label.
#
#   experiments/sweep.sh [OUT]
#
# It takes the network that `go run ./fixtures/inception` makes, and writes sweep.csv,
# sweep.svg and report.html into OUT. EVERY=6 takes every sixth item instead of all.
set -eu
out=${1:-sweep}
demo=$(cd "$(dirname "$0")/../fixtures/demo" && pwd)
network=${STRATA_INCEPTION:-${XDG_CACHE_HOME:-$HOME/.cache}/strata/inception}
STRATA_ONNXRUNTIME=${STRATA_ONNXRUNTIME:-$network}
export STRATA_ONNXRUNTIME
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$folder/demo"
awk -v every="${EVERY:-1}" 'NR == 1 || (NR - 2) % every == 0' "$demo/items.csv" >"$folder/demo/items.csv"
ln -s "$demo/images" "$folder/demo/images"
strata sweep --follow-links "$network/inception_v3.onnx" "$folder/demo" --preset unit --pool gap,max,gem --out "$out" --report
