"""How words of a command line become values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from miner.cli.options import Source, known_libraries, moment
from miner.settings import CollectSettings, libraries, load


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("2019-01-31", datetime(2019, 1, 31, tzinfo=UTC), id="a date is its first moment"),
        pytest.param("2019-01-31T12:30:00", datetime(2019, 1, 31, 12, 30, tzinfo=UTC), id="no offset is UTC"),
        pytest.param("2019-01-31 12:30", datetime(2019, 1, 31, 12, 30, tzinfo=UTC), id="space for T"),
        pytest.param("2019-01-31T00:30:00+01:00", datetime(2019, 1, 30, 23, 30, tzinfo=UTC), id="offset"),
        pytest.param("2019-01-31T12:30:00Z", datetime(2019, 1, 31, 12, 30, tzinfo=UTC), id="Z"),
    ],
)
def test_moment(text: str, read: datetime) -> None:
    """Dates and times are UTC."""
    assert moment(text) == read
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2019",
        "2019-13-01",
        "1.2.2019",
        "2019-01-01T25:00",
        "0001-01-01T00:00:00+14:00",
        "2019-01-01\x1b[2J",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Also what lies before the calendar's first moment, once it is UTC."""
    with pytest.raises(typer.BadParameter, match="is not a date"):
        moment(text)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_moment_survives_its_text(when: datetime) -> None:
    """Whatever the zone, the same instant comes back."""
    assert moment(when.astimezone(UTC).isoformat()) == when.astimezone(UTC)
    assert moment(when.isoformat()) == when.astimezone(UTC)


def test_the_sources_are_those_of_the_settings() -> None:
    """--source and collect.sources accept the same words."""
    (literal, _) = get_args(CollectSettings.model_fields["sources"].annotation)
    assert {source.value for source in Source} == set(get_args(literal))


def test_known_libraries_pass() -> None:
    """No library, and each that is known, is accepted as it is."""
    names = [library.name for library in libraries()]
    assert known_libraries(names, load(environ={})) == tuple(names)
    assert known_libraries(None, load(environ={})) == ()


def test_an_unknown_library_is_refused() -> None:
    """The error lists those that are known."""
    with pytest.raises(typer.BadParameter, match=r"'sklearn'.*caffe, keras, tensorflow, theano, torch"):
        known_libraries(["keras", "sklearn"], load(environ={}))
