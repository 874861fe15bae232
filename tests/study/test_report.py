"""The study as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from miner.console import printable
from miner.errors import StudyError
from miner.export.safe import cell_text
from miner.study.basis import Basis
from miner.study.choice import Choice, LabelTable
from miner.study.counts import Cell, Counts
from miner.study.exhibits import Exhibit, Value, grid, records
from miner.study.material import Material
from miner.study.registry import wanted
from miner.study.report import render, to_csv, write
from miner.study.study import Study


def study(material: Material, *ids: str) -> Study:
    exhibits = tuple(entry.build(material) for entry in wanted(ids))
    return Study(material.choice, material.basis, exhibits)


def test_the_page_has_every_exhibit_and_leads_to_its_files(material: Material, tmp_path: Path) -> None:
    """Each link and picture is there, and each says whose labels count."""
    files = write(study(material), tmp_path / "out")
    assert files[0] == tmp_path / "out" / "index.html"
    page = html.fromstring(files[0].read_bytes())
    assert len(page.xpath("//section")) == 16
    targets = {*page.xpath("//img/@src"), *page.xpath("//a/@href[not(starts-with(., '#'))]")}
    assert {"figure1a.svg", "figure1a.png", "table3.csv", "figure2.svg", "table3.png"} <= targets
    assert all((tmp_path / "out" / target).is_file() for target in targets)
    labels = page.xpath("//section/p[@class='labels']/text()")
    assert labels == ["labels of heuristic/1"] * 16
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in files)


def test_a_study_made_twice_is_the_same(material: Material, tmp_path: Path) -> None:
    """Byte for byte, also over an older one."""
    first = {path.name: path.read_bytes() for path in write(study(material), tmp_path / "a")}
    write(study(replace(material, basis=Basis(26, 99))), tmp_path / "b")
    assert {path.name: path.read_bytes() for path in write(study(material), tmp_path / "b")} == first


def test_the_json_has_what_the_csv_has(material: Material, tmp_path: Path) -> None:
    """For programs."""
    write(study(material, "table3"), tmp_path)
    told = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    assert (told["labels"], told["judged"], list(told["exhibits"])) == ("labels of heuristic/1", 26, ["table3"])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table3.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(told["exhibits"]["table3"]["rows"]) == 160
    assert rows[0]["labels"] == "labels of heuristic/1"


def test_an_empty_study_says_so(empty: Material, tmp_path: Path) -> None:
    """A page and tables, no figure, no error."""
    files = write(study(empty), tmp_path)
    assert "No fix is judged" in files[0].read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.png"))


def test_the_paper_stands_beside_ours(changed: Callable[..., Material]) -> None:
    """In the cell, and in the list of what differs."""
    page = render(study(changed(paper={"table1": {"github/all": 555, "stackoverflow/all": 10}}), "table1"))
    assert "Paper: 555" in page
    assert "2 figures of the paper are known to the miner and compared here; 1 read differently" in page


def test_what_people_named_is_no_markup(changed: Callable[..., Material]) -> None:
    """Raters and libraries are strangers' words."""
    bad = "<script>alert(1)</script>"
    material = changed(choice=Choice(LabelTable.RATING, bad), counts=Counts((Cell("github", bad, bad),)))
    page = render(study(material))
    assert bad not in page
    assert "&lt;script&gt;" in page


@given(st.text(max_size=20))
@example("'")
@example("'=1")
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    """A spreadsheet would run it; the text can still be read, on one line."""
    exhibit = Exhibit("x", "X", "", records(("a", "b"), [(text, -1.5)]), (grid("", ("a",), [[Value("1")]]),))
    header, row = csv.reader(io.StringIO(to_csv(exhibit, "=labels")))
    assert header == ["a", "b", "labels"]
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell_text(row[0]) == printable(text)
    assert row[1:] == ["-1.5", "'=labels"]


def test_a_folder_that_cannot_be_written_is_told_in_words(material: Material, tmp_path: Path) -> None:
    """Which, why, and what to do."""
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(StudyError, match=r"out cannot be written: .*: name another folder with --out"):
        write(study(material, "table2"), tmp_path / "out")


def test_an_exhibit_that_is_none_is_told_in_words() -> None:
    """With those that there are."""
    with pytest.raises(StudyError, match="'table9' is no table or figure of the study: it has table1, table2"):
        wanted(["table9", "table1"])
    assert [entry.id for entry in wanted(["table3", "table1"])] == ["table1", "table3"]
