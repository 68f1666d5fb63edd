#!/bin/sh
# What each part of the flagship is worth: small trainings that differ in one thing, on the same lessons, then one table.
# Needs the lessons of 10-lessons.sh. MUSIC names a folder of songs to be labelled by `full` and learned from too; the
# tracks that the table tests on are left out of it. The same command goes on where it was stopped.
set -eu
run=${FLAGSHIP_RUN:-flagship-run}
out="$run/ablations"
mkdir -p "$out"
for row in full-small full-small-rgb full-small-no-rhythm full-small-no-spectral; do
  beatomizer train full --recipe "$row" --data "$run/lessons" -o "$out/$row"
done
beatomizer train live --recipe live-small --data "$run/lessons" -o "$out/live-small"
beatomizer train live --recipe live-small --data "$run/lessons" -o "$out/live-small-taught" --teacher full

# The paper's two models on takes of the same composer and designers, labelled with the mean colour of the stage.
beatomizer dataset compose -o "$out/takes" --takes 18 --seed 2022 --generators train
beatomizer dataset build "$out/takes" -o "$out/clips" --labels mean
for model in cnn attention; do
  beatomizer train "$model" --data "$out/clips" -o "$out/$model" --epochs 6 --set train.threads=1
done

if [ -n "${MUSIC:-}" ]; then
  python benchmarks/ablations.py "$out" --music "$MUSIC" --spare "$out/music"
  beatomizer dataset lessons -o "$out/music-lessons" --music "$out/music" --model full --versions 2
  beatomizer train full --recipe full-small --data "$out/music-lessons" "$run/lessons" -o "$out/full-small-pseudo"
fi
python benchmarks/ablations.py "$out" ${MUSIC:+--music "$MUSIC"} -o docs/results.md
