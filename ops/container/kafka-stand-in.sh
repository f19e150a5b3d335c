#!/bin/bash
# Starts the broker of ops/try-containers as apache/kafka's image does: KAFKA_* variables become server.properties by Kafka's own setup.
set -euo pipefail
classpath='/opt/kafka/libs/*'
properties=/opt/kafka/config
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
# The setup fails on a folder that an earlier start has formatted, and as in that image only that failure is ignored.
said="$(java -cp "$classpath" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config \
  --final-configs-dir "$properties" 2>&1)" || grep -qi 'already formatted' <<< "$said" || { echo "$said" >&2; exit 1; }
exec java -Xmx512m -cp "$classpath" kafka.Kafka "$properties/server.properties"
