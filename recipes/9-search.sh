#!/bin/sh
# From the features to the optimiser, in short trials.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer search cnn --data "$run/implied" -o "$run/search-cnn" --trials 12 --epochs 3 --set data.clips=96 "$@"
