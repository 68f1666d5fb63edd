#!/bin/sh
# A page on which a person accepts and rejects takes and clips; build again after it.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer dataset review "$run/mean" -o "$run/review.html"
