#!/bin/sh
# Model files out of both, and what they are worth on held-out songs.
set -eu
run=${FLAGSHIP_RUN:-flagship-run}
full="$run/full"
[ -d "$full" ] || full="$run/full-composed"
beatomizer export "$full" -o "$run/full.onnx" --licence Apache-2.0
beatomizer export "$run/live" -o "$run/live.onnx" --licence Apache-2.0
python benchmarks/decoder.py "$run/held-out" --engine "$run/full.onnx"
