"""Authors, repositories and posts that do not want to be in the data are not in it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from support.labels import write_csv
from support.repositories import RepositoryBuilder
from support.runs import Runner

from miner.errors import ExportError, OptOutError
from miner.export.folder import refuse_opted_out
from miner.optout import read_opt_out
from miner.rating.importing import ImportRequest, import_labels
from miner.rating.sampling import SampleRequest, batch_named, sample
from miner.rating.sheets import hand_out
from miner.store.session import open_engine

CODE = "import keras\nmodel.add(keras.layers.Dense({}))\n"


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    """Two fixes, by two authors."""
    built = RepositoryBuilder(tmp_path / "r.git")
    built.commit("Add", {"m.py": CODE.format(1)})
    built.commit("Fix crash", {"m.py": CODE.format(2)}, parents=[0], author=b"Ada Lace <ada@example.org>")
    built.commit("Fix bug", {"m.py": CODE.format(3)}, parents=[1], author=b"Ben Other <ben@example.org>")
    built.build()
    return built


def runner_with(database_url: str, tmp_path: Path, *entries: str, **sections: Any) -> Runner:
    listed = tmp_path / "optout.txt"
    listed.write_text("# Asked by mail.\n\n" + "\n".join(entries), encoding="utf-8")
    flags = {"collect": {"opt_out_file": str(listed)} if entries else {}, **sections}
    return Runner(database_url, tmp_path / "data", flags)


@pytest.mark.parametrize("entry", ["author: ADA lace", "author: ada@example.org  # her address"])
def test_the_commits_of_an_author_are_never_stored(
    database_url: str, tmp_path: Path, repository: RepositoryBuilder, entry: str
) -> None:
    """Not the commit, not its diff, not its fix; that it was left out is said, without the name."""
    runner = runner_with(database_url, tmp_path, entry)
    summary = runner.collect(repository.path)
    assert (summary.fixes, summary.omissions["opted_out"]) == (1, 1)
    assert runner.one("SELECT COUNT(*) FROM git_commit") == 2
    for table in ("file_change", "hunk", "fix", "bug_fix_evidence"):
        assert runner.one(f"SELECT COUNT(*) FROM {table} WHERE sha = :sha", sha=repository.shas[1]) == 0  # noqa: S608
    (left_out,) = runner.rows("SELECT subject, detail FROM omission WHERE reason = 'opted_out'")
    assert left_out[0] == f"commit:{repository.shas[1]}"
    assert "ada" not in left_out[1].lower()


def test_what_was_stored_before_is_removed_when_the_next_collect_starts(
    database_url: str, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """From every table; the rest stays, and the same collect again changes nothing."""
    runner_with(database_url, tmp_path).collect(repository.path)
    runner = runner_with(database_url, tmp_path, "author: Ada Lace")
    assert runner.one("SELECT COUNT(*) FROM fix") == 2
    runner.collect(repository.path)
    assert runner.rows("SELECT sha FROM fix") == [(repository.shas[2],)]
    assert runner.one("SELECT COUNT(*) FROM git_commit WHERE author_name LIKE 'Ada%'") == 0
    assert runner.one("SELECT COUNT(*) FROM label WHERE fix_id LIKE :id", id=f"git:{repository.shas[1]}%") == 0
    before = runner.rows("SELECT * FROM label ORDER BY 1, 2, 3, 4")
    runner.collect(repository.path)
    assert runner.rows("SELECT * FROM label ORDER BY 1, 2, 3, 4") == before


def test_letters_of_every_language_are_the_same_in_both_cases(database_url: str, tmp_path: Path) -> None:
    """What is stored of them is found, whatever the database calls a small letter."""
    built = RepositoryBuilder(tmp_path / "r.git")
    author = "Éva Ünal <eva@example.org>".encode()
    built.commit("Fix crash", {"m.py": CODE.format(2)}, author=author)
    built.build()
    runner_with(database_url, tmp_path).collect(built.path)
    runner = runner_with(database_url, tmp_path, "author: éva ünal")
    assert runner.one("SELECT COUNT(*) FROM git_commit") == 1
    runner.collect(built.path)
    assert runner.one("SELECT COUNT(*) FROM git_commit") == 0


def test_a_repository_is_not_mined_and_loses_what_it_alone_has(
    database_url: str, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """What another repository holds, too, is the other's."""
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Add", {"m.py": CODE.format(1)})
    other.build()
    assert other.shas[0] == repository.shas[0]
    runner_with(database_url, tmp_path).collect(repository.path, other.path)
    runner = runner_with(database_url, tmp_path, f"repository: {repository.path}")
    summary = runner.collect(repository.path, other.path)
    assert summary.omissions["opted_out"] == 1
    assert runner.rows("SELECT sha FROM git_commit") == [(other.shas[0],)]


def test_posts_and_their_authors_are_left_out(database_url: str, tmp_path: Path) -> None:
    """A question goes with its answers, an answer and a comment alone; nothing of them is in a table."""
    site = Site(generate(60))
    question, other = [one for one in site.questions() if one.get("answers")][:2]
    author = other["answers"][0]["owner"]["display_name"]
    with StackExchange(site) as server:
        stackoverflow = {"api_url": server.url}
        entries = (f"post: stackoverflow.com/{question['question_id']}", f"author: {author}")
        before = Runner(database_url, tmp_path / "data", {"stackoverflow": stackoverflow})
        before.collect(sources=("stackoverflow",))
        assert before.one("SELECT COUNT(*) FROM post WHERE author_name = :name", name=author) > 0
        runner = runner_with(database_url, tmp_path, *entries, stackoverflow=stackoverflow)
        for _ in range(2):
            runner.collect(sources=("stackoverflow",))
            assert runner.one("SELECT COUNT(*) FROM post WHERE author_name = :name", name=author) == 0
            assert runner.one("SELECT COUNT(*) FROM comment WHERE author_name = :name", name=author) == 0
            gone = runner.one("SELECT COUNT(*) FROM post WHERE question_id = :id", id=question["question_id"])
            assert gone == 0
        assert runner.one("SELECT COUNT(*) FROM post") > 0
        subject = f"post:stackoverflow.com:{question['question_id']}"
        found = runner.rows("SELECT reason FROM omission WHERE subject = :subject", subject=subject)
        assert ("opted_out",) in found


def test_raters_are_not_shown_them_any_more(database_url: str, tmp_path: Path, repository: RepositoryBuilder) -> None:
    """Batch, sheet and unrated item go; what was rated stays the rater's, in no batch. The message says how."""
    runner = runner_with(database_url, tmp_path)
    runner.collect(repository.path)
    engine = open_engine(database_url)
    drawn = sample(engine, SampleRequest("b"))
    ids = [item.item_id for item in drawn.items]
    ada, ben = (next(one for one in ids if sha in one) for sha in repository.shas[1:])
    listed = "author: Ada Lace", "author: Ben Other"
    said = write_csv(tmp_path / "ben.csv", ("item_id", "pattern"), (ben, "monitor"))
    import_labels(engine, ImportRequest(said, "stackoverflow.com", "cleo"))
    runner_with(database_url, tmp_path, *listed).collect(repository.path)
    assert runner.rows("SELECT item_id, fix_id FROM rating_item") == [(ben, None)]
    assert runner.one("SELECT COUNT(*) FROM rating") == 1
    assert runner.one("SELECT COUNT(*) FROM rating_batch_item") == 0
    (path,) = hand_out(engine, batch_named(engine, "b", None), ["cleo"], tmp_path, "csv")
    text = path.read_text(encoding="utf-8-sig")
    assert ada not in text
    assert ben not in text
    engine.dispose()


def test_an_export_refuses_what_is_on_the_list(
    database_url: str, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """The message says how to remove it; afterwards it goes through."""
    runner_with(database_url, tmp_path).collect(repository.path)
    runner = runner_with(database_url, tmp_path, "author: Ada Lace")
    engine = open_engine(database_url)
    listed = str(tmp_path / "optout.txt")
    with pytest.raises(ExportError, match="miner collect"):
        refuse_opted_out(engine, listed)
    runner.collect(repository.path)
    refuse_opted_out(engine, listed)
    engine.dispose()


@pytest.mark.parametrize("line", ["ada@example.org", "autor: Ada", "post: 12", "repository: keras", "author:", ": x"])
def test_a_line_that_is_not_understood_is_an_error(tmp_path: Path, line: str) -> None:
    """Passed over in silence, somebody would stay in the data."""
    (tmp_path / "list").write_text(f"author: Ada\n{line}\n", encoding="utf-8")
    with pytest.raises(OptOutError, match="line 2"):
        read_opt_out(tmp_path / "list")


@given(data=st.binary(max_size=200))
def test_any_file_gives_a_list_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Never a traceback."""
    path = tmp_path_factory.getbasetemp() / "opt-out"
    path.write_bytes(data)
    with suppress(OptOutError):
        assert all(name == name.casefold() for name in read_opt_out(path).authors)
