"""How npm and Node are called for a generated backend, and what their environment holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from services.core.foreign_json import UnreadableJson, read_json
from services.platforms.port import DeployFailed

_NETWORK: Final = frozenset(
    {
        "node_extra_ca_certs",
        "node_use_system_ca",
        "ssl_cert_file",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "npm_config_registry",
        "npm_config_cafile",
        "npm_config_userconfig",
        "npm_config_proxy",
        "npm_config_https_proxy",
        "npm_config_strict_ssl",
    }
)
_LONGEST_ARGUMENT: Final = 128 * 1024
"""Bytes, its last NUL included."""


def network_settings(environment: Mapping[str, str], *, home: Path) -> dict[str, str]:
    """Pick what npm needs to reach this machine's registry; the rest of the environment stays with us.

    `home` is where the machine's own `.npmrc` is, because a build has another home folder.
    """
    own = home / ".npmrc"
    settings = {"NODE_USE_SYSTEM_CA": "1"}  # a Node that is not the system's trusts a list of its own otherwise
    settings |= {name: value for name, value in environment.items() if name.lower() in _NETWORK}
    if own.is_file() and not any(name.lower() == "npm_config_userconfig" for name in settings):
        settings["NPM_CONFIG_USERCONFIG"] = str(own)
    return settings


def cache_settings(cache: Path) -> dict[str, str]:
    return {"NPM_CONFIG_CACHE": str(cache), "NPM_CONFIG_UPDATE_NOTIFIER": "false"}


def scripts(folder: Path) -> dict[str, str]:
    """Read the scripts of a backend's package.json. Raises DeployFailed BAD_ARCHIVE."""
    try:
        package = read_json((folder / "package.json").read_bytes())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DeployFailed("BAD_ARCHIVE", "The archive has no package.json at its root.") from error
    except UnreadableJson as error:
        raise DeployFailed("BAD_ARCHIVE", f"The package.json of the archive {error}.") from error
    declared = cast("dict[str, Any]", package).get("scripts") if isinstance(package, dict) else None
    if not isinstance(declared, dict):
        return {}
    return {name: text for name, text in cast("dict[str, Any]", declared).items() if isinstance(text, str)}


def install_command(npm: str, folder: Path) -> list[str]:
    """Install what the lock file says, or resolve where there is none. Tools for the build are always included."""
    verb = "ci" if (folder / "package-lock.json").is_file() else "install"
    return [npm, verb, "--prefer-offline", "--no-audit", "--no-fund", "--include=dev"]


def shell(command: str) -> list[str]:
    """Return the call of a command, which may be a script of the archive. Raises DeployFailed BAD_ARCHIVE.

    Linux gives a program no argument with a NUL or of more than 128 KiB (execve(2), MAX_ARG_STRLEN).
    """
    if "\0" in command or len(command.encode()) >= _LONGEST_ARGUMENT:
        raise DeployFailed(
            "BAD_ARCHIVE", "The script that starts the server is longer, or other, than a command can be."
        )
    return ["/bin/sh", "-c", command]


def path_with_tools(search_path: str, folder: Path) -> str:
    """Put the programs of the backend's own packages first, as npm does for scripts."""
    return f"{folder / 'node_modules' / '.bin'}:{search_path}"
