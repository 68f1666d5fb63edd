#!/bin/sh
# Labels at 60 fps and 15 s clips, in both label modes; what is seen in the films is kept and used twice.
set -eu
run=${PAPER_RUN:-paper-run}
mkdir -p "$run"
beatomizer dataset build "$run/takes" -o "$run/mean" --labels mean --work "$run/work"
beatomizer dataset build "$run/takes" -o "$run/implied" --labels implied --work "$run/work"
