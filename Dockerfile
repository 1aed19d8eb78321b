# docker build -t ddbbackup .
# docker run --rm --read-only --tmpfs /tmp --tmpfs /state -v "$PWD:/work:ro" -v ~/.aws:/home/ddbbackup/.aws:ro ddbbackup validate
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY ddbbackup ddbbackup
COPY schemas schemas
COPY configs configs
COPY docs/ddbbackup.1 docs/
RUN python -m venv /opt/ddbbackup \
    && /opt/ddbbackup/bin/pip install --no-cache-dir --disable-pip-version-check '.[otel]'

FROM python:3.13-slim
# `preview --against` reads plans from commits with git, also where the checkout belongs to another user.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
RUN useradd --uid 65532 --create-home --shell /usr/sbin/nologin ddbbackup \
    && install -d -o ddbbackup -g ddbbackup -m 0700 /state
COPY --from=build /opt/ddbbackup /opt/ddbbackup
ENV PATH=/opt/ddbbackup/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DDBBACKUP_STATE_DIR=/state
USER 65532
WORKDIR /work
ENTRYPOINT ["ddbbackup"]
CMD ["--help"]
