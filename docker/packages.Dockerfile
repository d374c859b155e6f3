# The same two images as Dockerfile makes, from the packages of a release in target/dist: nothing is compiled.
# SUITE and PG_MAJOR are those that the packages were built on.
ARG SUITE=trixie
ARG PG_MAJOR=17

FROM postgres:${PG_MAJOR}-${SUITE} AS db
COPY target/dist/postgresql-*-ticket-ext_*.deb /tmp/
RUN apt-get update \
 && apt-get install -y --no-install-recommends "postgresql-$PG_MAJOR-cron" \
        "/tmp/postgresql-$PG_MAJOR-ticket-ext"_*.deb \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/*.deb \
 && printf "shared_preload_libraries = 'pg_cron'\ncron.host = '/var/run/postgresql'\n" \
        >>"/usr/share/postgresql/$PG_MAJOR/postgresql.conf.sample"
COPY docker/extensions.sql /docker-entrypoint-initdb.d/

FROM debian:${SUITE}-slim AS driver
COPY target/dist/rotate-driver_*.deb /tmp/
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates openssl /tmp/rotate-driver_*.deb \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/*.deb
COPY docker/driver-entrypoint.sh /usr/local/bin/
USER 65534:65534
ENTRYPOINT ["driver-entrypoint.sh"]
CMD ["--help"]
