#!/bin/sh
# The data: 75 filmed takes, about 115 minutes, in place of the videos that the paper scraped.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer dataset compose -o "$run/takes" --takes 75 --seed 2022 --film --size 320x180
