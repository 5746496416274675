"""The promise that the receivers in docs/how-to/receive-webhooks.md take our messages and no others."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.notifications.signing import secret_of, signed_headers

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/how-to/receive-webhooks.md"
SECRET, BODY = secret_of(b"k" * 32), '{"type":"webhook.test","data":{"name":"é"}}'
Check = Callable[[str, dict[str, str], str], bool]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return found


def in_python(secret: str, headers: dict[str, str], body: str) -> bool:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - our own page
    return names["is_ours"](secret, headers, body.encode())


def in_node(secret: str, headers: dict[str, str], body: str) -> bool:
    path = f"{os.environ['PATH']}:{ROOT / '.tools/bin'}"  # noqa: TID251 - where a program is, not a setting
    node = shutil.which("node", path=path)
    assert node is not None
    call = f"{block('js')}\nconsole.log(isOurs({json.dumps(secret)}, {json.dumps(headers)}, {json.dumps(body)}));"
    done = subprocess.run([node, "--input-type=module", "-e", call], check=True, capture_output=True, timeout=60)
    return json.loads(done.stdout)


def message(*secrets: str, age: int = 0) -> dict[str, str]:
    return signed_headers(secrets, message_id="delivery_1", timestamp=int(time.time()) - age, body=BODY)


@pytest.mark.parametrize("check", [in_python, in_node])
def test_a_documented_receiver_takes_our_messages_and_no_others(check: Check) -> None:
    other = secret_of(b"o" * 32)

    assert check(SECRET, message(SECRET), BODY)
    assert check(SECRET, message(other, SECRET), BODY), "while a secret is being replaced"
    assert not check(SECRET, message(other), BODY)
    assert not check(SECRET, message(SECRET), BODY + " ")
    assert not check(SECRET, {**message(SECRET), "webhook-id": "delivery_2"}, BODY)
    assert not check(SECRET, message(SECRET, age=3600), BODY)
