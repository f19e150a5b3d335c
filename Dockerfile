# Millrace as an image: `docker build -t millrace .`, then `docker run --rm millrace --help`.
# Maven's downloads stay in a cache of the builder (BuildKit). CPU natives; `--build-arg PROFILE=cu124` (or cu118) takes those for that CUDA version.
FROM maven:3.9-eclipse-temurin-17 AS build
ARG PROFILE=
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/root/.m2/repository \
    mvn -B -q -Dmaven.test.skip=true -Dspotless.check.skip=true ${PROFILE:+-P$PROFILE} -pl app -am package \
 && mkdir /image \
 && cp -r app/target/lib samples native.env ops/container/millrace.sh /image/ \
 && cp app/target/millrace-app-*.jar /image/lib/

FROM eclipse-temurin:17-jre
RUN groupadd --system millrace \
 && useradd --system --gid millrace --home-dir /data --no-create-home millrace \
 && mkdir /data \
 && chown millrace:millrace /data
COPY --from=build /image /opt/millrace

# DJL unpacks PyTorch's natives here at the first start; in the volume, so that a new container need not do it again.
# Java reads arguments and names of files in the locale's encoding.
ENV DJL_CACHE_DIR=/data/djl \
    LC_ALL=C.UTF-8 \
    CLASSPATH=/opt/millrace/lib/*
ENV MILLRACE_RUN_DATA=/data

USER millrace
WORKDIR /data
VOLUME /data
ENTRYPOINT ["sh", "/opt/millrace/millrace.sh"]
CMD ["--help"]
