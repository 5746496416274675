"""The guards that keep what a model says from being taken for more than it is."""

from typing import Final

from tests.guard import Guard

CHUNKS: Final = "services/llm/chunks.py"
CHAT: Final = "services/llm/chat.py"
PARAMETERS: Final = "services/llm/parameters.py"
OF_CHUNKS: Final = "tests/services/llm/test_chunks.py"
OF_PARAMETERS: Final = "tests/services/llm/test_parameters.py"
OF_THOUGHTS: Final = "tests/services/llm/test_thoughts.py"
OF_PATHS: Final = "tests/services/llm/test_paths.py"

OF_MODELS: Final = (
    Guard(
        "ends: an end for an unknown reason completes nothing",
        CHUNKS,
        "finish = _ENDS.get(end.lower()) if isinstance(end, str) else None",
        "finish = _ENDS.get(str(end).lower(), FinishReason.STOP) if end else None",
        f"{OF_CHUNKS}::test_only_known_ends_are_ends",
    ),
    Guard(
        "ends: of several ends the worst counts",
        CHAT,
        "self.finish = max(self.finish or end, end, key=_SEVERITY.index)",
        "self.finish = self.finish or end",
        "tests/services/llm/test_chat.py::test_of_several_ends_the_worst_counts",
    ),
    Guard(
        "usage: a count of tokens is bounded where it comes in",
        CHUNKS,
        "return int(value) if 0 <= value <= MOST_TOKENS and value == int(value) else None",
        "return int(value) if value == value and abs(value) != float('inf') else None",
        f"{OF_CHUNKS}::test_usage_is_what_can_be",
    ),
    Guard(
        "files: an announced path that is refused is missing",
        "services/llm/announced.py",
        "            self.paths.append(what[:MAX_PATH])\n",
        "            pass\n",
        f"{OF_PATHS}::test_an_announced_path_that_is_refused_is_missing_and_no_answer_can_bring_it",
    ),
    Guard(
        "parameters: only what is not supported is remembered",
        PARAMETERS,
        "            if is_unsupported:\n                self._refused",
        "            if rest is not None:\n                self._refused",
        f"{OF_PARAMETERS}::test_what_is_refused_for_its_value_is_left_out_once",
    ),
    Guard(
        "thoughts: an answer that never leaves its thoughts has no good end",
        CHAT,
        "if self.finish is FinishReason.STOP and not self._thoughts.has_answer:",
        "if self.finish is None:",
        "tests/services/llm/test_chat.py::test_thoughts_that_no_answer_follows_are_a_failure",
    ),
    Guard(
        "thoughts: a tag within the answer is text",
        "services/llm/thoughts.py",
        "            self._watches = False\n            return True\n",
        "            self._tell(tag.end())\n            return True\n",
        f"{OF_THOUGHTS}::test_what_is_thought_and_what_is_said",
    ),
)
