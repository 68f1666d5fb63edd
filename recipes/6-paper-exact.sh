#!/bin/sh
# Both models as the paper describes them, with its loss: what its scores mean.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer train cnn --recipe cnn-paper --data "$run/mean" -o "$run/cnn-paper" --epochs 6 "$@"
beatomizer train attention --recipe attention-paper --data "$run/mean" -o "$run/attention-paper" --epochs 3 "$@"
