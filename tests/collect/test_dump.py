"""A dump is found in each of the forms in which dumps are handed around; what is none, or several, is told apart."""

from __future__ import annotations

import os
import pickle
import shutil
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.dumps import HEAD, answer, ids, pack, question, read, row, settings, table, write

from miner.collect.dump import AnyRow, ByPost, Dump, PostsWanted, open_dump
from miner.collect.dumprows import comment, link, question_or_answer, vote
from miner.errors import DumpError
from miner.model import PostKind

REAL = Path(__file__).parents[3] / "shared" / "data" / "ai.stackexchange.com"
POSTS = table([question(1), answer(2, 1, CreationDate="2017-03-04T05:06:07.890")])
COMMENTS = table([row({"Id": 1, "PostId": 1, "Text": "x"})], "Comments")
PACKED_AT = datetime(2024, 4, 2, 18, 3, 4, tzinfo=UTC)


def found(path: Path, as_of: datetime | None = None) -> Dump:
    """Open a dump; one whose name does not tell its site is of Stack Overflow."""
    try:
        return open_dump(path, settings(), as_of=as_of)
    except DumpError as error:
        if "as --site DOMAIN" not in str(error):
            raise
    return open_dump(path, settings(), site="stackoverflow.com", as_of=as_of)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is named after its site, with two tables and something else."""
    folder = write(tmp_path / "ai.stackexchange.com", Posts=POSTS, Comments=COMMENTS, Badges=table([], "Badges"))
    for file in folder.iterdir():
        os.utime(file, (PACKED_AT.timestamp(), PACKED_AT.timestamp()))
    return folder


def tables_of(dump: Dump) -> dict[str, list[int]]:
    return {name: ids(read(table)) for name, table in dump.tables.items()}


WHOLE = {"Posts": [1, 2], "Comments": [1]}


def test_a_folder_is_a_dump(folder: Path) -> None:
    dump = found(folder)
    assert (dump.name, dump.site) == ("ai.stackexchange.com", "ai.stackexchange.com")
    assert tables_of(dump) == WHOLE
    assert dump.tables["Posts"].size == len(POSTS)


def test_the_posts_file_stands_for_its_folder(folder: Path) -> None:
    dump = found(folder / "Posts.xml")
    assert (dump.name, dump.identity) == ("ai.stackexchange.com", found(folder).identity)


def test_a_folder_as_it_is_seen_from_inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert found(Path()).name == "ai.stackexchange.com"
    assert found(Path("../ai.stackexchange.com/..") / folder.name).name == "ai.stackexchange.com"


def test_names_of_files_may_have_any_case(tmp_path: Path) -> None:
    folder = write(tmp_path / "dump", posts=POSTS, COMMENTS=COMMENTS)
    assert tables_of(found(folder)) == WHOLE


def test_an_archive_of_all_tables_is_a_dump(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "ai.stackexchange.com.7z", *folder.iterdir())
    dump = found(archive)
    assert (dump.name, dump.site) == ("ai.stackexchange.com.7z", "ai.stackexchange.com")
    assert tables_of(dump) == WHOLE
    assert dump.tables["Posts"].size == len(POSTS)


def by_table(folder: Path, into: Path, site: str = "stackoverflow.com") -> Path:
    for name in ("Posts", "Comments", "Badges"):
        pack(into / f"{site}-{name}.7z", folder / f"{name}.xml")
    return into


@pytest.mark.parametrize("name", ["", "stackoverflow.com-Posts.7z", "stackoverflow.com-Comments.7z"])
def test_archives_of_single_tables_belong_together(folder: Path, tmp_path: Path, name: str) -> None:
    into = by_table(folder, tmp_path / "so")
    dump = found(into / name)
    assert dump.site == "stackoverflow.com"
    assert tables_of(dump) == WHOLE
    assert dump.name == (name or "so")


def test_archives_of_other_sites_beside_it_do_not_belong_to_it(folder: Path, tmp_path: Path) -> None:
    into = by_table(folder, tmp_path / "all", site="ru.stackoverflow.com")
    pack(into / "stackoverflow.com-Posts.7z", folder / "Posts.xml")
    dump = found(into / "stackoverflow.com-Posts.7z")
    assert tables_of(dump) == {"Posts": [1, 2]}


def test_an_archive_of_a_table_that_is_not_read_need_not_be_sound(folder: Path, tmp_path: Path) -> None:
    into = by_table(folder, tmp_path / "so")
    (into / "stackoverflow.com-Users.7z").write_bytes(b"not yet downloaded")
    assert tables_of(found(into)) == WHOLE


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("AI.StackExchange.com", "ai.stackexchange.com"),
        ("mathoverflow.net", "mathoverflow.net"),
        ("dump", "stackoverflow.com"),
        ("dump-2024.04", "stackoverflow.com"),
    ],
)
def test_the_site_is_the_name_if_that_is_a_domain(tmp_path: Path, name: str, site: str) -> None:
    assert found(write(tmp_path / name, Posts=POSTS)).site == site


def test_an_archive_without_a_domain_in_a_folder_that_has_one(folder: Path) -> None:
    pack(folder / "packed.7z", folder / "Posts.xml")
    assert found(folder / "packed.7z").site == "ai.stackexchange.com"


def refusal(path: Path) -> str:
    with pytest.raises(DumpError) as error:
        found(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_several_sites_in_a_folder_are_not_one_dump(folder: Path, tmp_path: Path) -> None:
    into = by_table(folder, tmp_path / "all")
    pack(into / "ai.stackexchange.com.7z", folder / "Posts.xml")
    assert "(ai.stackexchange.com, stackoverflow.com): name the one archive that you want" in refusal(into)


def test_a_table_twice_is_not_one_dump(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "twice", Posts=POSTS, posts=POSTS)
    assert "holds the table Posts twice" in refusal(tmp_path / "twice")
    shutil.copytree(folder, tmp_path / "two" / "a")
    shutil.copytree(folder, tmp_path / "two" / "b")
    archive = pack(tmp_path / "two.7z", tmp_path / "two" / "a", tmp_path / "two" / "b")
    assert "holds the table" in refusal(archive)


def test_what_is_no_dump_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    assert "neither Posts.xml nor a 7z archive" in refusal(tmp_path / "empty")
    assert "there is no dump" in refusal(tmp_path / "missing")
    assert "neither a folder with Posts.xml nor a 7z archive" in refusal(tmp_path / "notes.txt")
    assert "holds no Posts.xml" in refusal(pack(tmp_path / "c.7z", folder / "Comments.xml"))


def test_a_folder_shows_the_time_of_its_last_posts(folder: Path) -> None:
    assert found(folder).as_of == datetime(2017, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_last_posts_are_found_behind_long_ones(tmp_path: Path) -> None:
    """A row may be longer than what is read of the end at first, and the file may be cut off within one."""
    long = answer(3, 1, CreationDate="2018-01-01T00:00:00.000", Body="x" * 200_000)
    content = table([question(1), long]).removesuffix(b"</posts>") + long[:150_000]
    assert found(write(tmp_path / "dump", Posts=content)).as_of == datetime(2018, 1, 1, tzinfo=UTC)


def test_an_archive_shows_the_time_when_it_was_packed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In UTC, wherever the machine is."""
    archive = pack(tmp_path / "dump.7z", *folder.iterdir())
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert found(archive).as_of == PACKED_AT


def test_the_user_knows_better_what_time_a_dump_shows(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir())
    given = datetime(2020, 1, 1, tzinfo=UTC)
    assert found(folder, given).as_of == found(archive, given).as_of == given


def test_a_dump_that_does_not_tell_its_time_asks_for_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "dump", Posts=HEAD + b"<posts />")
    with pytest.raises(DumpError, match="say it with --dump-date"):
        found(folder)
    assert tables_of(found(folder, PACKED_AT)) == {"Posts": []}


def test_the_identity_is_that_of_the_content(folder: Path, tmp_path: Path) -> None:
    """The same wherever it lies and whatever it is called; another with a byte more, or one that differs."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy" / folder.name))
    archive = pack(tmp_path / "a.7z", *folder.iterdir())
    moved = Path(shutil.copy(archive, tmp_path / "b.7z"))
    assert found(copy).identity == found(folder).identity
    assert found(moved).identity == found(archive).identity
    (copy / "Comments.xml").write_bytes(COMMENTS.replace(b'"x"', b'"y"'))
    assert found(copy).identity != found(folder).identity
    assert found(pack(tmp_path / "c.7z", *copy.iterdir())).identity != found(archive).identity
    (copy / "Comments.xml").unlink()
    assert found(copy).identity != found(folder).identity


def test_a_dump_may_go_to_another_process(folder: Path) -> None:
    assert tables_of(pickle.loads(pickle.dumps(found(folder)))) == WHOLE  # noqa: S301 - own object


real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real dump in {REAL}")


@real
def test_it_has_all_posts() -> None:
    dump = found(REAL)
    (block,) = read(dump.tables["Posts"], AnyRow())
    kinds = [row["PostTypeId"] for row in block.rows]
    assert (kinds.count("1"), kinds.count("2"), block.seen, block.omissions) == (604, 1004, 1735, ())
    assert (dump.site, dump.as_of) == ("ai.stackexchange.com", datetime(2017, 3, 13, 16, 32, 33, tzinfo=UTC))


@real
@pytest.mark.parametrize("tags", [{"neural-networks"}, {"deep-learning", "tensorflow"}, {"no-such-tag"}])
def test_a_selection_is_that_of_a_parser(tags: set[str]) -> None:
    every = [element.attrib for element in ET.parse(REAL / "Posts.xml").getroot()]  # noqa: S314 - known data
    asked = {row["Id"] for row in every if tags & set(row.get("Tags", "")[1:-1].split("><"))}
    expected = [row for row in every if row["Id"] in asked or row.get("ParentId") in asked]
    wanted = PostsWanted(frozenset(tags), set())
    blocks = read(found(REAL).tables["Posts"], wanted)
    assert [dict(row) for block in blocks for row in block.rows] == expected
    assert not blocks[-1].late


@real
def test_every_row_becomes_what_it_is() -> None:
    tables = found(REAL).tables
    rows = {name: [row for block in read(table) for row in block.rows] for name, table in tables.items()}
    posts = [question_or_answer(row) for row in rows["Posts"] if row["PostTypeId"] in "12"]
    assert sum(post.kind == PostKind.QUESTION and bool(post.tags) for post in posts) == 604
    assert [
        len(list(map(convert, rows[name])))
        for name, convert in (("Comments", comment), ("Votes", vote), ("PostLinks", link))
    ] == [1700, 7056, 122]


@real
def test_comments_of_posts_are_those_of_a_parser() -> None:
    every = ET.parse(REAL / "Comments.xml").getroot()  # noqa: S314 - known data
    expected = [int(row.attrib["Id"]) for row in every if row.attrib["PostId"] in ("1", "5", "2974")]
    assert ids(read(found(REAL).tables["Comments"], ByPost({1, 5, 2974}))) == expected
