"""Where a repository is: from what a user typed, or from a name that the config holds."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from miner.errors import RepositoryRefusedError
from miner.secrets import without_secrets
from miner.settings import GitHubSettings, GitSettings

_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What git serves itself. Any other word before the address makes git run a program of that name.
_TRANSPORTS = frozenset({"https", "http", "ssh", "git", "file"})
_SCP_ADDRESS = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!:)(?!//)([^\s-].*)")


@dataclass(frozen=True, slots=True)
class Locator:
    """A repository's address.

    ``name`` is what people call it and what the tables hold; ``key`` is the same for every spelling of one address;
    ``url`` may hold a secret and goes to git only, ``public_url`` never does; ``transport`` is the one transport that
    git may use for it.
    """

    name: str
    host: str
    key: str
    url: str
    transport: str

    @property
    def public_url(self) -> str:
        """The address without user names, passwords and tokens."""
        return without_secrets(self.url)

    @property
    def folder(self) -> str:
        """The name of the clone's folder: readable, and different for different keys."""
        digest = hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()
        readable = re.sub(r"[^A-Za-z0-9._-]+", "+", self.name).strip("+.-")[-80:]
        return f"{readable}-{digest[:12]}.git"


def folder_of_number(github_id: int) -> str:
    """Give the name of the folder in which a clone waits whose name another repository on GitHub took."""
    return f"github-number-{github_id}"


def locate(text: str, github: GitHubSettings, git: GitSettings) -> Locator:
    """Read ``owner/name``, a URL, or the path of a local or bare repository.

    A path is one that starts with ``/``, ``.`` or ``~``, or that exists and is not of the form ``owner/name``. Paths
    and ``github.clone_url`` come from the user's own hand, so any transport may serve them; a URL must use one of
    ``git.transports``.

    :raises RepositoryRefusedError: for anything else, ``ext::`` and the like among it.
    """
    try:
        os.fsencode(text)
        return _locate(text.strip(), github, git)
    except (ValueError, OSError) as error:
        reason = "a name is too long" if isinstance(error, OSError) else "it holds what no address may hold"
        raise RepositoryRefusedError(
            f"{_shown(text)} is no repository address, {reason}: give owner/name, a URL or a path"
        ) from None


def _locate(text: str, github: GitHubSettings, git: GitSettings) -> Locator:
    if text.startswith(("/", ".", "~")):
        return _at_path(text)
    if "://" in text:
        return _at_url(text, github, git)
    if "::" not in text and not text.startswith("-"):
        if _FULL_NAME.fullmatch(text) and not text.endswith("/.git"):
            return _on_github(text, github)
        if text and Path(text).exists():
            return _at_path(text)
        if scp := _SCP_ADDRESS.fullmatch(text):
            return _at_url(f"ssh://{text[: scp.start(2) - 1]}/{scp[2].lstrip('/')}", github, git)
    raise RepositoryRefusedError(
        f"{_shown(text)} is no repository address: give owner/name, a URL with one of the transports "
        f"{', '.join(git.transports)}, or the path of a repository"
    )


def _shown(text: str) -> str:
    shown = without_secrets(text)
    return ascii(shown if len(shown) <= 200 else f"{shown[:200]}...")


def _on_github(full_name: str, github: GitHubSettings) -> Locator:
    owner, name = full_name.split("/")
    name = name.removesuffix(".git")
    url = github.clone_url.format(owner=owner, name=name)
    if not urlsplit(url).scheme:
        return _github_locator(owner, name, _at_path(url).url)
    return _github_locator(owner, name, url)


def _github_locator(owner: str, name: str, url: str) -> Locator:
    transport = _transport(url)
    if transport not in _TRANSPORTS:
        raise RepositoryRefusedError(
            f"{owner}/{name}: github.clone_url names a transport that is not allowed; "
            f"allowed are {', '.join(sorted(_TRANSPORTS))}, or the path of a folder"
        )
    return Locator(f"{owner}/{name}", "github.com", f"github.com/{owner}/{name}".lower(), url, transport)


def _transport(url: str) -> str:
    # "https::ssh://h/x" has the scheme https for urlsplit; git would run the helper git-remote-https on "ssh://h/x".
    scheme = urlsplit(url).scheme
    return scheme if url[len(scheme) :].startswith("://") else ""


def _at_path(text: str) -> Locator:
    try:
        resolved = Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RepositoryRefusedError(f"{_shown(text)} is no path that can be followed: {reason}") from None
    return Locator(str(resolved), "local", f"file://{resolved}", resolved.as_uri(), "file")


def _at_url(text: str, github: GitHubSettings, git: GitSettings) -> Locator:
    parts = urlsplit(text)
    if _CONTROL.search(text):
        raise ValueError("a control character")
    if _transport(text) not in git.transports:
        raise RepositoryRefusedError(
            f"{_shown(text)}: the transport {parts.scheme!r} is not allowed; allowed are "
            f"{', '.join(git.transports)} (git.transports in the config); a local repository is given by its path"
        )
    path = parts.path.strip("/").removesuffix(".git")
    host = (parts.hostname or "").lower()
    if host in {"github.com", "www.github.com"} and parts.username is None and _FULL_NAME.fullmatch(path):
        return _on_github(path, github)
    place = f"{host}:{parts.port}" if parts.port else host
    if host == "github.com":
        return Locator(path, host, f"{host}/{path}".lower(), text, parts.scheme)
    return Locator(f"{place}/{path}", place or "local", f"{parts.scheme}://{place}/{path}", text, parts.scheme)
