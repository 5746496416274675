# This file is the image of Snapinfra: one for the api, the worker and the one-shot commands.
#
#   docker build -t snapinfra .                         the product
#   docker build --target emulator -t snapinfra-aws .       the AWS emulator of compose.yaml

# Node and npm, pinned and hashed like everything else: GraphiQL is built, and produced code checked, with them
FROM python:3.11-slim-bookworm AS node
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/node.txt requirements/link-node requirements/
RUN python -m venv .tools \
 && .tools/bin/python -m pip install --require-hashes -r requirements/node.txt \
 && sh requirements/link-node \
 && mkdir -p /opt/node/bin \
 && cp .tools/node/bin/node --dereference /opt/node/bin/node \
 && cp -r "$(dirname "$(dirname "$(readlink -f .tools/node/bin/npm)")")" /opt/node/npm \
 && ln -s ../npm/bin/npm-cli.js /opt/node/bin/npm

FROM node AS graphiql
ENV PATH=/opt/node/bin:$PATH
WORKDIR /src/graph/graphiql
COPY graph/graphiql/package.json graph/graphiql/package-lock.json graph/graphiql/.npmrc ./
RUN npm ci
COPY graph/graphiql ./
RUN npm run build
WORKDIR /src/graph/console
COPY graph/console/package.json graph/console/package-lock.json graph/console/.npmrc ./
RUN npm ci
COPY clients/typescript/src /src/clients/typescript/src
COPY graph/console ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/main.txt requirements/build.txt requirements/words.txt requirements/take-words requirements/
RUN python -m venv /opt/snapinfra \
 && /opt/snapinfra/bin/python -m pip install --require-hashes -r requirements/main.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY cli cli
COPY graph graph
COPY resolvers resolvers
COPY services services
COPY --from=graphiql /src/graph/static graph/static
COPY --from=graphiql /src/graph/console/dist graph/console/dist
RUN sh requirements/take-words python services/scaffold/reading/lexicon
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /tmp/wheel \
 && /opt/snapinfra/bin/python -m pip install --no-index --no-deps /tmp/wheel/*.whl

FROM python:3.11-slim-bookworm AS emulator
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1
COPY requirements/emulator.txt requirements/
RUN python -m venv /opt/emulator \
 && /opt/emulator/bin/python -m pip install --require-hashes -r requirements/emulator.txt
RUN useradd --uid 10001 --no-create-home emulator && install --directory --owner emulator /data
USER emulator
ENV GATEWAY_PORT=4566 MINISTACK_HOST=0.0.0.0 \
    PERSIST_STATE=1 STATE_DIR=/data/state S3_PERSIST=1 S3_DATA_DIR=/data/s3
VOLUME /data
EXPOSE 4566
ENTRYPOINT ["/opt/emulator/bin/ministack"]

FROM python:3.11-slim-bookworm AS runtime
# bubblewrap: the walls of the sandbox in which produced code is checked, where the container may have them
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/snapinfra /opt/snapinfra
COPY --from=node /opt/node /opt/node
RUN useradd --uid 10001 --no-create-home snapinfra && install --directory --owner snapinfra /data
USER snapinfra
WORKDIR /data
ENV PATH=/opt/snapinfra/bin:/opt/node/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 SNAPINFRA_DATA=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=10s --start-period=20s CMD ["snapinfra", "health"]
ENTRYPOINT ["snapinfra"]
CMD ["serve"]

FROM runtime AS snapinfra
