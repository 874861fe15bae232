"""How a fix is shown: within the width, with nothing that acts on a terminal, and with marks where they belong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from miner.cli.render_fix import explanation_lines
from miner.console import in_place
from miner.model import Evidence, Hunk
from miner.store.explain import ChangedPart, Explanation, StoredLabel

WIDTH = 80


def explanation(body: str, *evidence: Evidence, message: str = "Fix it", path: str = "a.py") -> Explanation:
    label = StoredLabel("pattern", "heuristic/1", 1, "loss_function", 0.5, evidence)
    return Explanation(
        fix_id="git:abc:1",
        source="git",
        library="keras",
        fixed_at=datetime(2020, 1, 1, tzinfo=UTC),
        sha="abc",
        repository="o/n",
        urls=("https://github.com/o/n/commit/abc",),
        title=None,
        selection_rule=None,
        message=message,
        bug_fix_score=0.9,
        bug_fix=(Evidence("message.fix", 2.0, message[:3], "message", 0, 3),),
        parts=(ChangedPart(0, path, (Hunk(0, 10, 1, 10, 1, "", body),)),),
        labels=(label,),
        superseded_by=None,
    )


def plain(one: Explanation, *, full: bool = False, width: int = WIDTH) -> list[str]:
    return [line.plain for line in explanation_lines(one, width, full=full)]


def vote(start: int, end: int, text: str = "x", line: int = 10) -> Evidence:
    return Evidence("loss_function.name", 1.5, text, "new", start, end, 0, 0, line)


def test_carets_stand_below_what_voted() -> None:
    """With the rule and its weight; a tab and a wide character before it move both."""
    lines = plain(explanation("-a\n+\t\u5b57 = loss", vote(5, 9, "loss")))
    at = next(at for at, line in enumerate(lines) if "^^^^ loss_function.name +1.5" in line)
    assert lines[at - 1].endswith("\u5b57 = loss")
    assert lines[at].index("^") == cell_len(lines[at - 1]) - 4


def test_a_fix_of_several_hunks_tells_what_its_confidence_is_of() -> None:
    """A strong vote in one of them is not the whole; of one hunk there is nothing to say."""
    one = explanation("-a\n+b", vote(0, 1))
    told = "      a weighted mean of 2 hunks: one strong vote alone does not make it sure"
    assert told not in plain(one)
    (part,) = one.parts
    twice = (*part.hunks, Hunk(1, 20, 1, 20, 1, "", "-c\n+d"))
    lines = plain(replace(one, parts=(part._replace(hunks=twice),)))
    assert lines[lines.index(told) - 1].startswith("      loss_function.name +1.5")


def test_a_mark_far_to_the_right_is_seen() -> None:
    """The line is cut at its left, and the rule stands where there is room."""
    lines = plain(explanation("+" + "a" * 300 + "loss" + "b" * 300, vote(300, 304, "loss")))
    at = next(at for at, line in enumerate(lines) if "^^^^" in line)
    assert lines[at - 1][lines[at].index("^") :].startswith("loss")


def test_rules_that_saw_the_same_place_share_its_carets() -> None:
    """One line of carets, and all their names."""
    other = Evidence("loss_function.compile", 2.5, "loss", "new", 0, 4, 0, 0, 10)
    (line,) = (line for line in plain(explanation("+loss", vote(0, 4), other)) if "^" in line and "message" not in line)
    assert "loss_function.name +1.5, loss_function.compile +2.5" in line


def test_a_secret_in_the_code_is_masked() -> None:
    """Its columns are then no columns of evidence."""
    lines = plain(explanation("+url = 'https://me:s3cr3t@host/x'", vote(0, 3, "url")))
    assert "s3cr3t" not in "\n".join(lines)
    assert "***" in "\n".join(lines)


def test_a_long_change_is_cut_and_says_so() -> None:
    """--full shows all of it."""
    one = explanation("\n".join(f"+line{at}" for at in range(100)))
    assert any("more lines: --full shows them" in line for line in plain(one))
    assert not any("line99" in line for line in plain(one))
    assert any("line99" in line for line in plain(one, full=True))


@given(st.text(max_size=300), st.text(max_size=200), st.text(max_size=60), st.integers(0, 300), st.integers(1, 50))
def test_any_text_is_shown_within_the_width(body: str, message: str, path: str, start: int, length: int) -> None:
    """Whatever strangers wrote, no line is wider than the terminal or holds a character that acts on it."""
    one = explanation("+" + body, vote(start, start + length, body[start : start + length]), message=message, path=path)
    for full in (True, False):
        for line in plain(one, full=full):
            assert cell_len(line) <= WIDTH
            assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & set(map(category, line))


@given(st.text())
def test_a_character_stays_in_its_place(text: str) -> None:
    """One cell of text for each character, so that columns lead to the same ones."""
    assert len(in_place(text)) == len(text)
