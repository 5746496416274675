"""What is asked for before credentials are kept, in their forms."""

from typing import Any

import pytest
from click.testing import CliRunner

from cli.integrating import asked


@pytest.mark.parametrize(
    ("kind", "given", "credentials"),
    [
        ("HEROKU", ["HRKU-1"], {"token": "HRKU-1"}),
        ("GITHUB", ["ghp_1"], {"token": "ghp_1"}),
        ("RENDER", ["rnd_1", ""], {"token": "rnd_1"}),
        ("RENDER", ["rnd_1", "tea-1"], {"workspaceToken": {"token": "rnd_1", "workspace": "tea-1"}}),
        ("AWS_ECS", ["AKIA1", "secret"], {"aws": {"accessKeyId": "AKIA1", "secretAccessKey": "secret"}}),
        ("AWS_ECS", ["arn:aws:iam::1:role/x"], {"awsRole": {"roleArn": "arn:aws:iam::1:role/x"}}),
    ],
)
def test_credentials_are_asked_for_in_the_form_of_their_service(
    kind: str, given: list[str], credentials: dict[str, Any]
) -> None:
    with CliRunner().isolation(input="".join(f"{line}\n" for line in given)) as (output, *_):
        assert asked(kind) == credentials
        shown = output.getvalue().decode()

    secret = given[-1] if kind == "AWS_ECS" and len(given) > 1 else given[0]
    assert (secret in shown) == secret.startswith("arn:")
