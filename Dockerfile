# The image: one program and what it needs to run. Build it with
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" \
#     --build-arg CREATED="$(date -u +%Y-%m-%dT%H:%M:%SZ)" -t moderato .

# Debian 12 to build on and to run on: the C library of both is the same.
FROM rust:1.95-bookworm AS chef
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /build

# What is needed to build the dependencies, and nothing else: while that stays the same, so does the layer below.
FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json --bin moderato

FROM chef AS builder
COPY --from=planner /build/recipe.json recipe.json
RUN cargo chef cook --profile dist --locked --recipe-path recipe.json --bin moderato
COPY . .
# The empty folder is in one of its own, because copying what is inside a folder keeps the modes that it has there.
RUN cargo build --profile dist --locked --bin moderato && install -d -m 0700 /empty/data

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Moderato" \
      org.opencontainers.image.description="A self-hosted comment moderation service" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=builder /build/target/dist/moderato /usr/local/bin/moderato
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/moderato/
COPY --from=builder --chown=65532:65532 /empty/ /
# SQLite's own temporary files go where the data is: nothing else is written to, so the root can be read-only.
ENV MODERATO__DATA_DIR=/data \
    MODERATO__HTTP__LISTEN=0.0.0.0:8080 \
    SQLITE_TMPDIR=/data
USER 65532:65532
EXPOSE 8080
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/local/bin/moderato", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/moderato"]
CMD ["serve"]
