# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrations. compose.yaml runs it; docs/containers.md says how.

FROM python:3.12-slim-bookworm AS build
WORKDIR /portal
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.txt
ENV PATH=/venv/bin:$PATH
COPY . .
# The settings refuse to start without these values. They are made up for this step and stay in no layer.
RUN python -m devtools.catalogues --compile \
    && SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
       SIGNING_KEYS="$(python -c 'import secrets; print(secrets.token_urlsafe(32))')" \
       ALLOWED_HOSTS=build.invalid DEFAULT_FROM_EMAIL=build@build.invalid STATE_DIR=/tmp/build-state \
       DATABASE_URL=postgres://build@127.0.0.1:5432/build REDIS_URL=redis://127.0.0.1:6379/0 \
       python manage.py collectstatic --no-input \
    && python -m compileall -q assessments brands factories portal sharing \
    && rm -r devtools requirements

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
    && install -d -m 700 -o portal -g portal /var/lib/portal
WORKDIR /portal
COPY --from=build /venv /venv
COPY --from=build /portal .
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIR=/var/lib/portal
USER 10001:10001
VOLUME /var/lib/portal
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection; web = HTTPConnection('127.0.0.1', 8000, timeout=4); web.request('GET', '/health/'); raise SystemExit(web.getresponse().status != 200)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000"]
