"""Values that both databases hold alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.store.values import KEY_BYTES, MAX_EPOCH, MIN_EPOCH, clean, epoch, key, small, stamp

ANY_TEXT = st.text(st.characters(categories=None))


@given(ANY_TEXT)
def test_clean_text_is_utf8_without_nul_and_as_long_as_before(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_text_that_a_database_holds_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.text(st.characters(categories=None), max_size=3 * KEY_BYTES))
def test_a_key_fits_an_index(text: str) -> None:
    assert len(key(text).encode()) <= KEY_BYTES


def test_long_keys_that_begin_alike_stay_apart() -> None:
    start = "é" * KEY_BYTES
    assert key(start + "a") != key(start + "b")
    assert key(start + "a") == key(start + "a")


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stamps_are_in_the_order_of_times(one: datetime, other: datetime) -> None:
    one, other = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (stamp(one) < stamp(other)) == (one < other)
    assert datetime.fromisoformat(stamp(one)) == one


def test_a_stamp_is_in_utc() -> None:
    moment = datetime(2020, 1, 1, 1, 30, 15, 999, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(moment) == "2019-12-31 23:30:15+00:00"


@pytest.mark.parametrize("seconds", [-(10**30), -(2**62), 0, 2**62, 2**64, 10**30])
def test_an_epoch_lies_in_the_widest_interval(seconds: int) -> None:
    assert MIN_EPOCH <= epoch(seconds) < MAX_EPOCH


@pytest.mark.parametrize(("number", "expected"), [(None, None), (-720, -720), (2**31, None), (-(2**31) - 1, None)])
def test_a_number_beyond_32_bits_is_not_known(number: int | None, expected: int | None) -> None:
    assert small(number) == expected
