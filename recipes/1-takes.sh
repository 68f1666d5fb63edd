#!/bin/sh
# The data: 72 filmed takes, about 110 minutes, in place of the videos that the paper scraped.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer dataset compose -o "$run/takes" --takes 72 --seed 2022 --film --size 320x180
