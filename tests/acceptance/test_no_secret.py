"""Nothing that a run writes holds a secret: not the database, not a clone, not a backup, not what is printed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from servers import github_faults
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import select

from miner.store.session import open_engine, reading
from miner.store.tables import metadata

Miner = Callable[..., CompletedProcess[str]]
SECRETS = {
    "token": "ghp_S3CRETtokenOfAda",
    "file": "ghp_S3CRETtokenOfBen",
    "refused": "ghp_S3CRETtokenOfNobody",
    "key": "S3CRET+key/(of",
    "password": "S3CRET:pass@word",
    "query": "S3CRETquery",
    "database": "S3CRETofDatabase",
}
MARK = b"s3cret"
"""Is in all of them, and in whatever they are encoded to."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[GitHub, dict[str, str], list[str]]]:
    """A GitHub, a site, settings that hold every kind of secret, and the flags of a whole collect."""
    file = tmp_path / "tokens"
    file.write_text(SECRETS["file"] + "\n")
    file.chmod(0o600)
    accounts = {SECRETS["token"]: "ada", SECRETS["file"]: "ben"}
    hub = make_hub(3, tmp_path / "hub", commits=8)
    site = Site(generate(150, tags=("keras", "theano")))
    with GitHub(hub, tokens=accounts) as github, StackExchange(site, keys=[SECRETS["key"]]) as stackexchange:
        settings = {
            "GITHUB__API_URL": github.url,
            "GITHUB__CLONE_URL": github.clone_url.replace("://", f"://x:{quote(SECRETS['password'], safe='')}@"),
            "GITHUB__TOKENS": f"{SECRETS['refused']},{SECRETS['token']}",
            "GITHUB__TOKEN_FILE": str(file),
            "GITHUB__SEARCHES": '{keras = ["deep in:description"], torch = [], caffe = [], theano = []}',
            "STACKOVERFLOW__API_URL": stackexchange.url,
            "STACKOVERFLOW__KEY": SECRETS["key"],
            "GIT__TRANSPORTS": '["https", "http", "file"]',
        }
        owner, name = next(iter(hub.repositories.values())).full_name.split("/")
        there = github.clone_url.format(owner=owner, name=name)
        with_user = there.replace("://", f"://x:{quote(SECRETS['password'], safe='')}@")
        gone = f"https://127.0.0.1:1/a/b.git?private_token={SECRETS['query']}"
        flags = ["--repo", with_user, "--repo", gone, "--source", "github", "--source", "stackoverflow"]
        yield github, {f"MINER_{key}": value for key, value in settings.items()}, [*flags, "--library", "keras"]


def with_password(url: str) -> str:
    """Give a database's URL a password, which the server of the tests does not ask for."""
    return url.replace("postgres:@", f"postgres:{SECRETS['database']}@")


def test_no_secret_is_in_anything_that_was_written(
    miner: Miner, world: tuple[GitHub, dict[str, str], list[str]], database_url: str, tmp_path: Path
) -> None:
    """A whole collect, one that fails, an audit, a look by the doctor, and a backup, as text and as JSON."""
    github, environ, flags = world
    environ["MINER_DATABASE__URL"] = with_password(database_url)
    said = [miner("collect", *flags, **environ)]
    assert said[0].returncode == 3, said[0].stderr
    github.faults = github_faults.every(2, ("reset", "html_502", "cut_json"))
    said.append(miner("collect", *flags, "--json", "--since", "2020-01-01", **environ, MINER_GITHUB__ATTEMPTS="1"))
    github.faults = github_faults.never
    said += [
        miner(*words, **environ)
        for words in (
            ["collect", *flags, "--plan"],
            ["status", "--json"],
            ["audit", "--sample", "2"],
            ["doctor"],
            ["config", "show"],
            ["db", "backup", "backup.zip"],
            ["--database-url", "postgresql://me:S3CRETofDatabase@127.0.0.1:1/x?password=S3CRETofDatabase", "status"],
        )
    ]
    printed = "".join(one.stdout + one.stderr for one in said)
    assert "Traceback" not in printed
    assert len(printed) > 3000
    assert MARK not in printed.lower().encode()
    rows = stored(database_url)
    assert sum(name == "raw_response" for name, _ in rows) > 5
    assert [(name, value) for name, value in rows if MARK in value.lower()] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "tokens"]
    assert sum("repositories" in path.parts for path in files) > 10
    assert [path for path in files if MARK in content(path)] == []


def stored(url: str) -> list[tuple[str, bytes]]:
    """Give every value of every table as bytes, what is compressed as it was before."""
    engine = open_engine(url)
    found: list[tuple[str, bytes]] = []
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found += [(table.name, plain(value)) for value in row if value is not None]
    engine.dispose()
    return found


def plain(value: Any) -> bytes:
    if not isinstance(value, bytes):
        return quote_plus(str(value)).encode() + b" " + str(value).encode("utf-8", "surrogatepass")
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def content(path: Path) -> bytes:
    """Give what is in a file, in lower case."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return b"".join(archive.read(name) for name in archive.namelist()).lower()
    return path.read_bytes().lower()
