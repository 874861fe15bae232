FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY config config
COPY docs/cookbook.md docs/
COPY migrations migrations
COPY miner miner
RUN python -m venv /opt/miner \
 && /opt/miner/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt .

FROM python:3.12-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends 7zip ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home miner \
 && install --directory --owner miner --group miner /data
COPY --from=build /opt/miner /opt/miner
ENV PATH=/opt/miner/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MINER_DATABASE__URL=sqlite:////data/miner.db \
    MINER_STORAGE__DATA_DIR=/data
USER miner
WORKDIR /data
VOLUME /data
# The same as Ctrl-C: collect stops at a page boundary.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["miner", "db", "current"]
ENTRYPOINT ["miner"]
CMD ["collect"]
