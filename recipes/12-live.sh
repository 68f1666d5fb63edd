#!/bin/sh
# `live`: from the same lessons, with the finished `full` as its teacher.
set -eu
run=${FLAGSHIP_RUN:-flagship-run}
teacher="$run/full"
[ -d "$teacher" ] || teacher="$run/full-composed"
beatomizer train live --data "$run/lessons" -o "$run/live" --teacher "$teacher" "$@"
