#!/bin/sh
# `full`: first from composed lessons, then also from real songs that it has labelled itself (a folder of yours in MUSIC).
set -eu
run=${FLAGSHIP_RUN:-flagship-run}
beatomizer train full --data "$run/lessons" -o "$run/full-composed" "$@"
if [ -n "${MUSIC:-}" ]; then
  beatomizer export "$run/full-composed" -o "$run/full-composed.onnx"
  beatomizer dataset lessons -o "$run/music" --music "$MUSIC" --model "$run/full-composed.onnx" --versions 4
  beatomizer train full --data "$run/lessons" "$run/music" -o "$run/full" --start "$run/full-composed" \
    --epochs 6 --set optimiser.learning_rate=0.0004 "$@"
fi
