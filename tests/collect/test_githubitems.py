"""Items of GitHub become values; one that is wrong costs itself alone, with a reason that quotes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.collect.githubitems import FoundCommit, Repository, Unreadable, read_commit, read_repository

REPOSITORY: dict[str, Any] = {
    "id": 33015583,
    "full_name": "keras-team/keras",
    "html_url": "https://github.com/keras-team/keras",
    "clone_url": "https://github.com/keras-team/keras.git",
    "default_branch": "master",
    "private": False,
    "fork": True,
    "parent": {"id": 5},
    "archived": True,
    "stargazers_count": 60000,
    "created_at": "2015-03-28T00:35:42Z",
    "pushed_at": "2024-02-29T23:59:59Z",
    "topics": ["deep-learning", "python"],
    "description": "Deep Learning for humans",
    "license": {"key": "apache-2.0", "spdx_id": "Apache-2.0"},
}
SHA = "0123456789abcdef0123456789abcdef01234567"
COMMIT: dict[str, Any] = {
    "sha": SHA,
    "commit": {
        "author": {"name": "Ann", "date": "2019-01-01T01:00:00.000+02:00"},
        "committer": {"name": "Bob", "date": "2019-01-02T00:00:00Z"},
        "message": "Fix shape",
    },
    "repository": {"id": 7, "full_name": "o/n"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_repository() -> None:
    """All that is used of a repository is read."""
    assert read_repository(REPOSITORY) == Repository(
        github_id=33015583,
        full_name="keras-team/keras",
        host="github.com",
        clone_url="https://github.com/keras-team/keras.git",
        default_branch="master",
        private=False,
        fork=True,
        parent_id=5,
        archived=True,
        stars=60000,
        created_at=datetime(2015, 3, 28, 0, 35, 42, tzinfo=UTC),
        pushed_at=datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
        topics=("deep-learning", "python"),
        description="Deep Learning for humans",
        licence="Apache-2.0",
    )


@pytest.mark.parametrize(
    "name",
    ["parent", "created_at", "pushed_at", "topics", "description", "license", "default_branch", "html_url", "archived"],
)
def test_what_a_repository_may_lack(name: str) -> None:
    """A field that GitHub leaves out or has as null is empty, and the repository is read."""
    without = {key: value for key, value in REPOSITORY.items() if key != name}
    assert isinstance(read_repository(without), Repository)
    assert read_repository(REPOSITORY | {name: None}) == read_repository(without)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 0),
        ("id", True),
        ("id", 2**63),
        ("full_name", "../etc"),
        ("full_name", "a/b/c"),
        ("full_name", "a/.."),
        ("clone_url", "ext::sh -c id"),
        ("clone_url", "https://a b"),
        ("default_branch", "--upload-pack=x"),
        ("private", 1),
        ("html_url", "https://[/"),
        ("created_at", "yesterday"),
        ("created_at", "9999-12-31T23:59:59-23:59"),
        ("topics", ["a", 1]),
        ("license", "MIT"),
        ("parent", {"id": "x"}),
    ],
)
def test_repository_that_is_wrong(name: str, value: object) -> None:
    """A field of another form makes the item unreadable: the reason names the field, never its value."""
    read = read_repository(REPOSITORY | {name: value})
    assert isinstance(read, Unreadable)
    assert read.reason.startswith(name)
    assert read.subject.startswith("repository:")


def test_commit() -> None:
    """A found commit has its moments in UTC, and the repository that it was found in."""
    assert read_commit(COMMIT) == FoundCommit(
        SHA,
        7,
        "o/n",
        datetime(2018, 12, 31, 23, tzinfo=UTC),
        datetime(2019, 1, 2, tzinfo=UTC),
        "Fix shape",
    )


@pytest.mark.parametrize("author", [None, 3, {}, {"date": None}, {"date": "0000-00-00"}, {"date": 5}])
def test_commit_whose_date_is_no_date(author: object) -> None:
    """Anybody can write any date into a commit: it is read without one."""
    read = read_commit(COMMIT | {"commit": COMMIT["commit"] | {"author": author}})
    assert isinstance(read, FoundCommit)
    assert read.authored_at is None


@pytest.mark.parametrize("name", ["sha", "commit", "repository"])
def test_commit_that_is_wrong(name: str) -> None:
    """A commit without identity, message or repository is unreadable."""
    read = read_commit(COMMIT | {name: "x"})
    assert isinstance(read, Unreadable)
    assert read.subject == ("commit:?" if name == "sha" else f"commit:{SHA}")


@given(JSON, st.dictionaries(st.sampled_from(sorted(REPOSITORY)), JSON))
def test_any_json_is_a_repository_or_a_reason(raw: object, changed: dict[str, Any]) -> None:
    """Whatever an item holds, nothing is raised."""
    assert isinstance(read_repository(raw), Unreadable)
    assert isinstance(read_repository(REPOSITORY | changed), Repository | Unreadable)


@given(JSON, st.dictionaries(st.sampled_from(["sha", "commit", "repository"]), JSON), JSON)
def test_any_json_is_a_commit_or_a_reason(raw: object, changed: dict[str, Any], author: object) -> None:
    """Whatever an item holds, nothing is raised."""
    assert isinstance(read_commit(raw), Unreadable)
    commit = COMMIT | {"commit": COMMIT["commit"] | {"author": author}} | changed
    assert isinstance(read_commit(commit), FoundCommit | Unreadable)
