"""Servers whose model is the fake."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.llm import Answer, FakeLLM
from tests.snapinfra import Server, serving, settings


@contextmanager
def writing(files: dict[str, str], emulator: str, data: Path, **variables: str) -> Generator[Server]:
    """Run a server whose model always writes these files."""
    with FakeLLM(default=Answer(files=files)) as fake:
        model = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": fake.groq_url}
        with serving(settings(emulator, SNAPINFRA_DATA=str(data), **model, **variables)) as running:
            yield running
