"""Checks the loopback server's answers against GitHub's own OpenAPI description: a slice is in ``github_openapi``."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

SLICE = Path(__file__).parent / "github_openapi" / "api.github.com.slice.json"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri", raises=ValueError)
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def errors(path: str, status: int, body: object) -> list[str]:
    """Give what is wrong with an answer to a GET, in words; ``path`` is a path of the description.

    A status that the description does not have at this path has the body of any error.
    """
    checked = _validator(path, status)
    return [f"{path} {status}: {error.json_path}: {error.message[:200]}" for error in checked.iter_errors(body)]


@cache
def described() -> dict[str, Any]:
    """Give the slice."""
    return dict(json.loads(SLICE.read_text(encoding="utf-8")))


@cache
def _validator(path: str, status: int) -> Draft202012Validator:
    answers = described()["paths"].get(path, {})
    if str(status) not in answers and status < 400:
        raise KeyError(f"GitHub describes no answer {status} to {path}")
    schema = answers.get(str(status)) or described()["common"]["basic-error"]
    return Draft202012Validator({**schema, "$defs": described()["$defs"]}, format_checker=FORMATS)
