"""What every key vault keeps, and what envelopes promise on top of any."""

import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.core.clock import utc_now
from services.foundation.aws.clients import connect
from services.foundation.aws.provision import Resources, provision
from services.foundation.vault.envelope import Envelopes
from services.foundation.vault.kms import KmsVault
from services.foundation.vault.local import LocalVault
from services.foundation.vault.port import CanNotOpen, KeyVault

OURS = {"teamId": "team_a", "integrationId": "integration_1"}


@pytest.fixture(params=["kms", "local"])
def vault(request: pytest.FixtureRequest, emulator: str, tmp_path: Path) -> Iterator[KeyVault]:
    if request.param == "local":
        yield LocalVault(tmp_path / "data" / "vault-keys")
        return
    aws, name = connect(region="us-east-1", endpoint=emulator), uuid.uuid4().hex
    resources = Resources([], [], f"bucket-{name}", f"topic-{name}", f"alias/{name}")
    provision(aws, resources)
    provision(aws, resources)
    yield KmsVault(aws, f"alias/{name}")
    aws.close()


@pytest.fixture
def envelopes(vault: KeyVault) -> Envelopes:
    return Envelopes(vault, utc_now)


async def test_what_is_sealed_can_be_opened_and_does_not_show(envelopes: Envelopes) -> None:
    sealed = await envelopes.seal(b"gsk_live_secret", OURS)

    assert await envelopes.open(sealed, OURS) == b"gsk_live_secret"
    assert b"gsk_live" not in sealed.key + sealed.nonce + sealed.ciphertext


async def test_every_secret_has_a_data_key_of_its_own(envelopes: Envelopes) -> None:
    one, other = await envelopes.seal(b"s", OURS), await envelopes.seal(b"s", OURS)

    assert one.key != other.key
    assert one.nonce != other.nonce
    assert one.ciphertext != other.ciphertext


@pytest.mark.parametrize(
    "context",
    [{**OURS, "teamId": "team_b"}, {**OURS, "integrationId": "integration_2"}, {"teamId": "team_a"}, {}],
)
async def test_a_secret_does_not_open_for_anybody_else(envelopes: Envelopes, context: dict[str, str]) -> None:
    sealed = await envelopes.seal(b"s", OURS)

    with pytest.raises(CanNotOpen):
        await envelopes.open(sealed, context)


async def test_a_secret_that_was_changed_does_not_open(envelopes: Envelopes) -> None:
    sealed, other = await envelopes.seal(b"secret", OURS), await envelopes.seal(b"secret", OURS)
    flipped = bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:]

    for changed in (
        replace(sealed, ciphertext=flipped),
        replace(sealed, nonce=other.nonce),
        replace(sealed, key=other.key),
    ):
        with pytest.raises(CanNotOpen):
            await envelopes.open(changed, OURS)


async def test_a_data_key_does_not_show_itself(vault: KeyVault) -> None:
    key = await vault.new_data_key(OURS)

    assert repr(key.plain) not in repr(key)


async def test_a_local_vaults_file_is_its_owners_alone_and_lasts(tmp_path: Path) -> None:
    file = tmp_path / "vault-keys"
    sealed = await Envelopes(LocalVault(file), utc_now).seal(b"s", OURS)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await Envelopes(LocalVault(file), utc_now).open(sealed, OURS) == b"s"


async def test_a_new_first_line_rotates_a_local_vault(tmp_path: Path) -> None:
    file = tmp_path / "vault-keys"
    envelopes = Envelopes(LocalVault(file), utc_now)
    before = await envelopes.seal(b"s", OURS)
    file.write_text("00" * 32 + "\n" + (old := file.read_text()))
    after = await envelopes.seal(b"s", OURS)

    assert await envelopes.open(before, OURS) == b"s"
    file.write_text(old)
    with pytest.raises(CanNotOpen):
        await envelopes.open(after, OURS)
