#!/bin/sh
# The sequence-to-sequence model on both label modes.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
for labels in mean implied; do
  beatomizer train attention --data "$run/$labels" -o "$run/attention-$labels" "$@"
done
