#!/bin/sh
# The data as the paper had it: the videos of a list made by people (docs/lists.md).
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer dataset fetch "$1" -o "$run/takes"
