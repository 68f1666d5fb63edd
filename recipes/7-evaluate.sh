#!/bin/sh
# Every metric beside reference rows, on takes that no model has seen; the intensity graph of songs that are given.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
for labels in mean implied; do
  set_of_models="--model $run/cnn-$labels --model $run/attention-$labels --model classic"
  if [ "$labels" = mean ]; then
    set_of_models="$set_of_models --model $run/cnn-paper --model $run/attention-paper"
  fi
  # shellcheck disable=SC2086
  beatomizer evaluate --data "$run/$labels" $set_of_models -o "$run/evaluated-$labels" ${1:+--songs "$@"}
done
