#!/bin/sh
# The baseline on both label modes.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
for labels in mean implied; do
  beatomizer train cnn --data "$run/$labels" -o "$run/cnn-$labels" "$@"
done
