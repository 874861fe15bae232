"""One frozen settings object, loaded in one place: shipped defaults < config file < environment < flags.

Every key of ``config/miner.toml`` can be given as ``MINER_<SECTION>__<KEY>`` in the environment; a value there is read
as TOML where it parses (``true``, ``3``, ``["a", "b"]``) and as plain text otherwise.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from miner.errors import SettingsError
from miner.resources import resource

ENVIRONMENT_PREFIX = "MINER_"
DEFAULT_CONFIG_NAMES = (Path("config/miner.toml"), Path("miner.toml"))

Positive = Annotated[int, Field(gt=0)]
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]
"""A time span such as 90s, 15m, 6h or 7d."""
JobKind = Literal["questions", "reobserve", "discover", "fetch", "relabel", "retention", "maintenance"]

_SPAN = ".constrained-str"
"""What Pydantic calls a time span that is one of several things that a setting may be."""
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Section(BaseModel):
    """A section of the settings: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    """Where the tables are."""

    url: str


class StorageSettings(Section):
    """Where everything else is kept, clones among it."""

    data_dir: Path


class ArchiveSettings(Section):
    """Where what the sources sent is kept, and how much of it."""

    url: str
    keep_days: Annotated[int, Field(ge=0)]
    max_bytes: Annotated[int, Field(ge=0)]


class CollectSettings(Section):
    """What a collect runs."""

    sources: tuple[Literal["github", "git", "stackoverflow"], ...]
    workers: Positive
    page_commits: Positive
    opt_out_file: str
    libraries_file: str


class GitHubSettings(Section):
    """GitHub, or a mirror of it."""

    clone_url: str
    api_url: Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+(/[^?#@\s]*)?$")]
    tokens: SecretStr
    token_file: str
    strategies: tuple[Literal["repositories", "commits", "code"], ...]
    evidence: bool
    evidence_min_score: Annotated[float, Field(ge=0, le=1)]
    evidence_commits: Annotated[int, Field(ge=1, le=100)]
    searches: dict[str, tuple[str, ...]]
    commit_searches: dict[str, tuple[str, ...]]
    code_searches: dict[str, tuple[str, ...]]
    code_min_stars: Annotated[int, Field(ge=0)]
    timeout_seconds: Positive
    attempts: Positive
    max_wait_seconds: Positive
    max_response_bytes: Positive

    @field_validator("clone_url")
    @classmethod
    def _names_the_repository(cls, value: str) -> str:
        try:
            named = value.format(owner="an-owner", name="a-name")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError("may hold {owner} and {name} and no other field") from error
        if "an-owner" not in named or "a-name" not in named:
            raise ValueError("must hold {owner} and {name}")
        return value


class GitSettings(Section):
    """The git source: which branches, and the bounds that a repository must keep."""

    branches: Literal["default", "all"]
    repositories: tuple[str, ...]
    transports: tuple[Literal["https", "http", "ssh", "git", "file"], ...]
    clone_timeout_seconds: Positive
    command_timeout_seconds: Positive
    max_repository_bytes: Positive
    min_free_disk_bytes: Positive
    max_file_bytes: Positive
    max_diff_bytes: Positive
    max_commit_bytes: Positive
    max_commit_files: Positive


class StackOverflowSettings(Section):
    """The Stack Exchange API, and what of a site is a fix."""

    api_url: str
    site: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
    key: SecretStr
    min_score: int
    timeout_seconds: Positive
    max_response_bytes: Positive
    attempts: Positive
    max_wait_seconds: Positive
    requests_per_second: Annotated[float, Field(gt=0, le=30)]
    quota_reserve: Annotated[int, Field(ge=1)]
    reobserve_share: Annotated[float, Field(ge=0, le=1)]
    reobserve_min_days: Annotated[float, Field(ge=0)]
    reobserve_age_factor: Annotated[float, Field(gt=0)]

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("must be an http(s) address without a user and a query")
        return value.rstrip("/")


class DumpSettings(Section):
    """The data dump: what is read and committed at a time."""

    block_bytes: Positive
    max_row_bytes: Positive
    page_questions: Positive


class ClassifySettings(Section):
    """When a judgement counts, and which rules make it."""

    bug_fix_threshold: Annotated[float, Field(ge=0, le=1)]
    rules_dir: str


class JobSettings(Section):
    """A job of the daemon: what it runs, when, and with which request. Exactly one of ``cron`` and ``every`` is given.

    Without ``misfire_grace`` a run that was missed is made up for, once, however late.
    """

    run: JobKind
    cron: str = ""
    every: Duration | Literal[""] = ""
    jitter: Duration | Literal[""] = ""
    misfire_grace: Duration | Literal[""] = ""
    since: datetime | None = None
    libraries: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    @field_validator("since")
    @classmethod
    def _is_utc_unless_told(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @model_validator(mode="after")
    def _has_one_schedule(self) -> Self:
        if bool(self.cron) == bool(self.every):
            raise ValueError("say when it runs, with one of cron and every")
        if self.every and self.jitter and in_seconds(self.jitter) >= in_seconds(self.every):
            raise ValueError("jitter must be shorter than every")
        return self

    @model_serializer(mode="wrap")
    def _as_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if key in self.model_fields_set}


class DaemonSettings(Section):
    """The daemon: where it tells how it is, and what it runs when."""

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    log: Literal["auto", "human", "json"]
    metrics_cache_seconds: Annotated[float, Field(ge=0)]
    lock_wait_seconds: Annotated[float, Field(ge=0)]
    jobs: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,50}$")], JobSettings]


class Settings(Section):
    """All settings of a run. Made by :func:`load`; nothing else reads the environment or the config file."""

    database: DatabaseSettings
    storage: StorageSettings
    archive: ArchiveSettings
    collect: CollectSettings
    github: GitHubSettings
    git: GitSettings
    stackoverflow: StackOverflowSettings
    dump: DumpSettings
    classify: ClassifySettings
    daemon: DaemonSettings


class Library(Section):
    """A deep-learning library, and what tells that code uses it. From ``config/libraries.toml``."""

    name: str
    modules: tuple[str, ...]
    aliases: tuple[str, ...]
    distributions: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    tags: tuple[str, ...]
    repositories: tuple[str, ...]
    searches: tuple[str, ...] = ()
    commit_searches: tuple[str, ...] = ()
    code_searches: tuple[str, ...] = ()


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Give the settings in force.

    :param config: the config file; without one, ``config/miner.toml`` or ``miner.toml`` of the working directory if
        there is one.
    :param environ: the environment, ``os.environ`` by default.
    :param flags: section -> key -> value; None values are as if not given.
    :raises SettingsError: for a file that is missing or not TOML, an unknown key, or a value of the wrong form.
    """
    merged = _read_toml(resource("config/miner.toml"))
    found = config or next((path for path in DEFAULT_CONFIG_NAMES if path.is_file()), None)
    if found is not None:
        _merge(merged, _read_toml(found))
    _merge(merged, _from_environment(os.environ if environ is None else environ))
    _merge(merged, {s: {k: v for k, v in keys.items() if v is not None} for s, keys in (flags or {}).items()})
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise SettingsError(_explain(error, found)) from None


def in_seconds(duration: str) -> int:
    """Give the seconds of a :data:`Duration`; 0 for none."""
    return int(duration[:-1]) * _UNIT_SECONDS[duration[-1]] if duration else 0


def recorded(sections: Mapping[str, Any], more: Mapping[str, Mapping[str, Any]]) -> tuple[Settings, list[str]]:
    """Give the settings that a run was recorded with, as far as this version knows them, and the names of the others.

    Neither a config file nor the environment has a say.

    :param more: section -> key -> value, which win.
    :raises SettingsError: for a value that this version does not take.
    """
    merged = _read_toml(resource("config/miner.toml"))
    unknown = []
    for section, keys in sections.items():
        known = merged.get(section, {})
        unknown += [f"{section}.{key}" for key in keys if key not in known]
        _merge(merged, {section: {key: value for key, value in keys.items() if key in known}} if known else {})
    _merge(merged, more)
    try:
        return Settings.model_validate(merged), unknown
    except ValidationError as error:
        raise SettingsError(_explain(error, None)) from None


@cache
def libraries(path: Path | None = None) -> tuple[Library, ...]:
    """Give the libraries that the miner knows, in the order of the file.

    :raises SettingsError: for a file of the wrong form.
    """
    path = path or resource("config/libraries.toml")
    try:
        return tuple(Library.model_validate({"name": name, **keys}) for name, keys in _read_toml(path).items())
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from None


def libraries_of(chosen: Settings) -> tuple[Library, ...]:
    """Give the libraries that are mined with some settings: those of ``collect.libraries_file``, or the shipped ones.

    :raises SettingsError: for a file that cannot be read, or of the wrong form.
    """
    named = chosen.collect.libraries_file
    return libraries(Path(named).absolute()) if named else libraries()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the config file {path}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"the config file {path} is not TOML: {error}") from None


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for section, keys in over.items():
        if isinstance(keys, Mapping) and isinstance(base.get(section), dict):
            base[section].update(keys)
        else:
            base[section] = keys


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and separator:
            found.setdefault(section.lower(), {})[key.lower()] = _toml_value(text)
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _explain(error: ValidationError, path: Path | None) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    source = f" (in {path}, the environment or a flag)" if path else " (in the environment or a flag)"
    if first["type"] == "extra_forbidden":
        return f"unknown setting {where}{source}; 'miner config show' lists those that exist"
    if first["type"] == "string_pattern_mismatch" and where.endswith(_SPAN):
        return f"setting {where.removesuffix(_SPAN)}{source}: a time span is written like 90s, 15m, 6h or 7d"
    return f"setting {where}{source}: {first['msg']}"
