"""What rows of a file say, and what of them cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.labels import SITE, link, write_csv, write_paper
from support.pages import sha

from miner.errors import LabelsError
from miner.rating.judgements import Asked, RatedRow, Rejection, judged
from miner.rating.labelfile import read_file

HEADER = ("link", "library", "pattern", "bug_type")


def read(
    path: Path, rater: str | None = "ada", schemes: tuple[str, ...] = ()
) -> tuple[list[RatedRow], list[Rejection]]:
    return judged(read_file(path), Asked(rater, schemes, SITE))


def said(row: RatedRow) -> dict[str, str]:
    return {one.scheme: one.value for one in row.judgements}


def test_a_row_of_the_paper_is_judged_in_three_schemes(tmp_path: Path) -> None:
    (row,), rejected = read(write_paper(tmp_path / "p.xlsx", [(link(0, 4), "Data Wrangling", "Tensorflow", "SB.CSB")]))
    assert said(row) == {
        "pattern": "data_wrangling",
        "prior_pattern": "MC-DAP",
        "bug_type": "structural_control_and_sequence",
    }
    assert [one.said for one in row.judgements if one.scheme == "bug_type"] == ["SB.CSB"]
    assert (row.library, row.source, row.rater, rejected) == ("tensorflow", "github", "ada", [])


def test_rows_of_one_link_are_items_of_their_own(tmp_path: Path) -> None:
    """Counted for each rater: what two raters say in one file is of the same items."""
    path = write_csv(
        tmp_path / "a.csv",
        ("link", "rater", "pattern"),
        *((7, "ada", "Monitor"), (7, "ada", "Data type"), (7, "ben", "Monitor")),
    )
    found, _ = read(path, rater=None)
    assert [(row.item_id, row.rater) for row in found] == [
        (f"{SITE}:7", "ada"),
        (f"{SITE}:7/2", "ada"),
        (f"{SITE}:7", "ben"),
    ]


def test_a_long_file_has_a_scheme_a_row(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        ("link", "scheme", "value", "rated_at"),
        *((7, "pattern", "Monitor", "2020-01-02T03:00:00+01:00"), (7, "bug_type", "API Bug", "")),
    )
    found, _ = read(path)
    assert [(row.item_id, said(row), row.rated_at) for row in found] == [
        (f"{SITE}:7", {"pattern": "monitor"}, datetime(2020, 1, 2, 2, tzinfo=UTC)),
        (f"{SITE}:7", {"bug_type": "api"}, None),
    ]


def test_a_column_value_is_of_the_scheme_that_is_asked_for(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ("link", "label"), (7, "Crash"))
    (row,), _ = read(path, schemes=("impact",))
    assert said(row) == {"impact": "crash"}
    with pytest.raises(LabelsError, match="a column value and none that says of which scheme"):
        read(path)


def test_what_cannot_be_read_is_told_by_row_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        HEADER,
        (7, "keras", "Los Functoin", "API Bug"),
        ("nowhere", "keras", "Monitor", ""),
        (8, "kerras", "Monitor", ""),
        ("", "keras", "Monitor", ""),
        (9, "", "", ""),
    )
    found, rejected = read(path)
    assert [(row.item_id, said(row)) for row in found] == [(f"{SITE}:7", {"bug_type": "api"}), (f"{SITE}:9", {})]
    assert [(one.place, one.field, one.text, one.reason) for one in rejected] == [
        ("2", "pattern", "Los Functoin", "is no known pattern, or could mean several; loss_function is near"),
        ("3", "link", "nowhere", "is neither a link nor the id of a post"),
        ("4", "library", "kerras", "is no library; keras is near"),
        ("5", "link", "", "is not there"),
    ]


def test_schemes_that_are_not_asked_for_are_not_looked_at(tmp_path: Path) -> None:
    (row,), rejected = read(write_csv(tmp_path / "a.csv", HEADER, (7, "keras", "Monitor", "?")), schemes=("pattern",))
    assert (said(row), rejected) == ({"pattern": "monitor"}, [])


@pytest.mark.parametrize(
    ("rater", "reason"),
    [
        ("", "has no name"),
        ("x" * 101, "has a name over 100 characters"),
        ("heuristic/1", "is the rules, whose labels the database has by itself"),
        ("a\x07b", "has a name that is not printable text in UTF-8"),
    ],
)
def test_who_cannot_be_a_rater(tmp_path: Path, rater: str, reason: str) -> None:
    found, rejected = read(
        write_csv(tmp_path / "a.csv", ("link", "rater", "pattern"), (7, rater, "Monitor")), rater=None
    )
    assert found == []
    assert [(one.field, one.reason) for one in rejected] == [("rater", reason)]


def test_somebody_must_have_rated_something(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="no column rater: say with --rater whose"):
        read(write_csv(tmp_path / "a.csv", ("link", "pattern"), (7, "Monitor")), rater=None)
    with pytest.raises(LabelsError, match="no column of labels: call one Bug Fix Pattern"):
        read(write_csv(tmp_path / "b.csv", ("link", "library"), (7, "keras")))


def test_a_bare_number_becomes_a_link_of_its_site(tmp_path: Path) -> None:
    """Where another site is asked later, it would mean another post."""
    (row,), _ = read(write_csv(tmp_path / "a.csv", ("link", "pattern"), (7, "Monitor")))
    assert row.link == f"https://{SITE}/q/7"


def test_an_id_is_taken_as_it_is(tmp_path: Path) -> None:
    """Also of a commit whose repository is on no site that a link could lead to."""
    path = write_csv(tmp_path / "a.csv", ("item_id", "link", "pattern"), (f"git:{sha(0)}:1", "/srv/n abc", "Monitor"))
    (row,), rejected = read(path)
    assert (row.item_id, row.base_id, row.link, rejected) == (f"git:{sha(0)}:1", "", "/srv/n abc", [])


def test_a_link_is_kept_without_its_secrets(tmp_path: Path) -> None:
    """Whether it can be read or not."""
    address = "https://me:secret@github.com/o/n"
    path = write_csv(
        tmp_path / "a.csv",
        ("item_id", "link", "pattern"),
        ("", f"{address}/commit/{sha(0)}?token=secret", "Monitor"),
        (f"git:{sha(1)}:1", f"{address}?token=secret", "Monitor"),
        ("", f"{address}?token=secret", "Monitor"),
    )
    found, rejected = read(path)
    assert [row.link for row in found] == [link(0), "https://github.com/o/n"]
    assert [(one.field, one.text) for one in rejected] == [("link", "https://github.com/o/n")]
