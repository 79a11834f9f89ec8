# The service in a container, from the same locks as scripts/run. It needs a PostGIS database: see compose.yaml.

FROM debian:12.11-slim AS python
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/gis-grid

FROM python AS tools
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*

FROM tools AS console
COPY requirements/build.txt requirements/
RUN python3 -m venv /opt/node && /opt/node/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
ENV PATH=/opt/node/bin:$PATH
COPY web/package.json web/package-lock.json web/
RUN cd web && npm ci --no-audit --no-fund
COPY web/ web/
RUN cd web && npm run build

FROM tools AS packages
COPY requirements/service.in requirements/service.txt requirements/
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/service.txt
# The README is optional here and the pattern says so; the package only needs its metadata.
COPY pyproject.toml README.m[d] ./
COPY gis_grid/ gis_grid/
RUN .venv/bin/pip install --no-cache-dir --no-deps -e .

FROM python
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk fontconfig libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/gis-grid --shell /usr/sbin/nologin gis-grid
COPY --from=packages /opt/gis-grid/.venv/ .venv/
COPY pyproject.toml ./
COPY gis_grid/ gis_grid/
COPY migrations/ migrations/
COPY layers/ layers/
COPY boards/ boards/
COPY dictionary/ dictionary/
COPY --from=console /opt/gis-grid/gis_grid/console/ gis_grid/console/
ENV PATH=/opt/gis-grid/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LC_ALL=C.UTF-8 \
    GIS_GRID_HOME=/var/lib/gis-grid
USER gis-grid
VOLUME /var/lib/gis-grid
EXPOSE 8700
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8700/health/live', timeout=4)"]
CMD ["gis-grid", "serve", "--host", "0.0.0.0", "--port", "8700"]
