#!/bin/sh
# Model files that the core renders with, without torch.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
for labels in mean implied; do
  for model in cnn attention; do
    beatomizer export "$run/$model-$labels" -o "$run/$model-$labels.onnx"
  done
done
