# slatrack in a container: wheels are fetched in the first stage, the second runs as nobody special.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/slatrack/.venv
COPY requirements/runtime.lock /tmp/runtime.lock
RUN /opt/slatrack/.venv/bin/pip install --no-cache-dir --requirement /tmp/runtime.lock

WORKDIR /opt/slatrack
COPY manage.py pyproject.toml LICENSE ./
COPY slatrack slatrack
COPY consumers consumers
COPY dashboards dashboards
COPY templates templates
# Hashed names need the settings of a server installation; none of these values is kept.
RUN SLATRACK_DATABASE_URL=postgresql://build/build SLATRACK_REDIS_URL=redis://build \
    SLATRACK_SECRET_KEY=only-for-collecting-static-files-of-the-image \
    .venv/bin/python manage.py collectstatic --no-input --verbosity 0
RUN .venv/bin/python -m compileall -q slatrack consumers dashboards

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /opt/slatrack --shell /usr/sbin/nologin slatrack \
    && install -d -o slatrack /data
COPY --from=build /opt/slatrack /opt/slatrack
WORKDIR /opt/slatrack
ENV PATH=/opt/slatrack/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SLATRACK_DATA_DIR=/data SLATRACK_HOST=0.0.0.0
USER slatrack
VOLUME /data
EXPOSE 8000 4317 9464
CMD ["uvicorn", "slatrack.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", \
     "--timeout-graceful-shutdown", "10"]
