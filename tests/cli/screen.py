"""A terminal's screen for tests: it keeps what is printed, and one can wait for a text to appear."""

import asyncio
import io


class Screen(io.StringIO):
    """A standard output; belongs to one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def write(self, text: str) -> int:
        self._changed.set()
        return super().write(text)

    async def shows(self, text: str, *, seconds: float = 30) -> None:
        """Wait until a text was printed. Raises TimeoutError with what was printed instead."""
        try:
            async with asyncio.timeout(seconds):
                while text not in self.getvalue():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise TimeoutError(f"never printed: {text}\n{self.getvalue()}") from error
