# The service in a container: nothing is built, downloaded or written once it runs.
#   docker build --tag prefill .
#   docker run --read-only --publish 127.0.0.1:8000:8000 --env PREFILL_SANDBOX=1 prefill

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock \
 && /venv/bin/python -m pip check \
 && /venv/bin/python -m pip uninstall --quiet --yes pip
COPY prefill prefill
COPY schemas schemas
RUN /venv/bin/python -m compileall -q prefill

FROM python:3.13-slim
LABEL org.opencontainers.image.title="prefill" org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
# In production without a token the start fails, unless PREFILL_SANDBOX=1 asks for invented companies.
# PORT is not set here: a platform that gives one also says so that its router stands in front.
ENV PATH="/venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PREFILL_ENV=production PREFILL_HOST=0.0.0.0
# No account of the image: an identifier that is nobody's.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz\", timeout=4)"]
# The exec form: the service is process 1, receives SIGTERM itself, and waits for its own children.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "prefill", "serve"]
