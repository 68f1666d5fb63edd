#!/bin/sh
# Lessons for the flagship: composed songs with their truth, and a test set of held-out styles, forms and timbres.
set -eu
run=${FLAGSHIP_RUN:-flagship-run}
mkdir -p "$run"
beatomizer dataset lessons -o "$run/lessons" --songs "${SONGS:-1600}" --seed 1 "$@"
beatomizer dataset lessons -o "$run/held-out" --songs 40 --seed 950 --generators held-out --clean "$@"
