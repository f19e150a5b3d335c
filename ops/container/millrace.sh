#!/bin/sh
# Millrace in its container: `millrace.sh COMMAND …`, with the environment that the launcher sets (docs/decisions/0003-allocator.md).
#
# Trainers that share a volume (docker compose up --scale trainer=3) need a data folder each. `train` takes the first free one of
# $MILLRACE_RUN_DATA, $MILLRACE_RUN_DATA/trainer-2, …/trainer-3 and so on. Its lock is held by this process and ends with it: a trainer that
# starts again finds a folder of before, and a single trainer always has the volume's own.
set -eu
home=${MILLRACE_HOME:-/opt/millrace}
most=256

if [ "${1:-}" = train ]; then
  folder=$MILLRACE_RUN_DATA
  number=1
  while true; do
    (umask 077 && mkdir -p "$folder")
    exec 9>"$folder/container.lock"
    taken=0
    flock --nonblock --conflict-exit-code 75 9 || taken=$?
    [ "$taken" -eq 0 ] && break
    if [ "$taken" -ne 75 ] || [ "$number" -eq "$most" ]; then
      echo "millrace: cannot lock a data folder for this trainer: tried $number, the last was $folder" >&2
      exit 1
    fi
    number=$((number + 1))
    folder=$MILLRACE_RUN_DATA/trainer-$number
  done
  export MILLRACE_RUN_DATA="$folder"
fi

set -a
. "$home/native.env"
set +a
exec java -Xmx2g -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true "-Dmillrace.home=$home" -Dai.djl.offline=true \
  -Dai.djl.pytorch.num_interop_threads=1 org.millrace.app.Millrace "$@"
