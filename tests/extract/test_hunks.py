"""The hunks of two texts are a unified diff that makes the one of the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.patching import patched

from miner.extract.hunks import CONTEXT, hunks

TEXTS = st.lists(st.sampled_from(["a", "b", " c", "", "-d", "+e", "@@ -1 +1 @@", "\x0cf\u2028"]), max_size=30).map(
    "\n".join
)


@given(TEXTS, TEXTS)
def test_applied_to_the_old_text_they_give_the_new_one(old: str, new: str) -> None:
    assert patched(old, hunks(old, new)) == new


def test_equal_texts_have_none() -> None:
    assert hunks("a\nb", "a\nb") == ()


def test_a_change_is_shown_with_its_context_and_one_based_places() -> None:
    old = [f"line {number}" for number in range(1, 41)]
    new = [*old[:9], "other", *old[10:29], *old[30:], "last"]
    first, second, third = hunks("\n".join(old), "\n".join(new))
    assert (first.old_start, first.old_lines, first.new_start, first.new_lines) == (7, 7, 7, 7)
    assert first.body.split("\n")[CONTEXT : CONTEXT + 2] == ["-line 10", "+other"]
    assert (second.old_start, second.old_lines, second.new_start, second.new_lines) == (27, 7, 27, 6)
    assert (third.old_start, third.old_lines, third.new_start, third.new_lines) == (38, 3, 37, 4)
    assert [hunk.no for hunk in (first, second, third)] == [0, 1, 2]
    assert {hunk.heading for hunk in (first, second, third)} == {""}


def test_what_is_made_of_nothing_starts_at_line_0_as_git_has_it() -> None:
    (hunk,) = hunks("", "a\nb")
    assert (hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines, hunk.body) == (0, 0, 1, 2, "+a\n+b")
