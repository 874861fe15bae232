"""An address is read in one way only, and nothing that a stranger wrote picks the transport."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.collect.locators import locate
from miner.errors import RepositoryRefusedError
from miner.settings import GitSettings, load

SETTINGS = load(environ={})
GITHUB, GIT = SETTINGS.github, SETTINGS.git


@pytest.mark.parametrize(
    "text",
    [
        "Keras-Team/keras",
        "https://github.com/keras-team/keras",
        "https://github.com/keras-team/Keras.git",
        "https://github.com/keras-team/keras/",
        "https://www.github.com/keras-team/keras",
    ],
)
def test_spellings_of_one_github_repository_have_one_key(text: str) -> None:
    assert locate(text, GITHUB, GIT).key == "github.com/keras-team/keras"


def test_a_name_goes_through_the_template_also_to_a_mirror_folder() -> None:
    github = GITHUB.model_copy(update={"clone_url": "file:///srv/mirrors/{owner}+{name}/repo"})
    found = locate("keras-team/keras", github, GIT)
    assert (found.url, found.transport) == ("file:///srv/mirrors/keras-team+keras/repo", "file")
    assert found.key == "github.com/keras-team/keras"


@pytest.mark.parametrize(
    "text",
    [
        "ext::sh -c touch% /tmp/x",
        "ext::git-upload-pack x",
        "file:///etc",
        "fd::17",
        "http://example.org/a/b",
        "ftp://example.org/a/b",
        "--upload-pack=touch",
        "-c/x",
        "owner/..",
        "a b/c d",
        "",
    ],
)
def test_other_transports_options_and_nonsense_are_refused(text: str) -> None:
    with pytest.raises(RepositoryRefusedError, match=r"give owner/name|not allowed"):
        locate(text, GITHUB, GIT)


def test_a_path_is_a_file_address(tmp_path: Path) -> None:
    found = locate(str(tmp_path), GITHUB, GIT)
    assert found.url == tmp_path.as_uri()
    assert found.transport == "file"


def test_secrets_stay_out_of_everything_but_the_address_for_git() -> None:
    found = locate("https://user:s3cret@git.example.org/a/b.git", GITHUB, GIT)
    assert "s3cret" in found.url
    assert "s3cret" not in f"{found.name} {found.key} {found.public_url} {found.folder}"


def test_scp_like_addresses_are_ssh() -> None:
    found = locate("git@git.example.org:group/sub/project.git", GITHUB, GIT)
    assert found.url == "ssh://git@git.example.org/group/sub/project.git"
    assert found.key == "ssh://git.example.org/group/sub/project"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://[::1/x", id="open bracket"),
        pytest.param("https://host:abc/x", id="port that is no number"),
        pytest.param("a" * 300 + ".git", id="long name"),
        pytest.param("a/\ud800", id="lone surrogate"),
        pytest.param("https://host/\ud800", id="lone surrogate in a URL"),
        pytest.param("https://host/a\0b", id="null"),
        pytest.param("/a\0b", id="null in a path"),
        pytest.param("https::ssh://host/x", id="helper of git"),
        pytest.param("~nobody-of-that-name/x", id="home of nobody"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(RepositoryRefusedError):
        locate(text, GITHUB, GIT)


@pytest.mark.parametrize(
    "template",
    [
        "ext::sh -c {owner}/{name}",
        "fd::17/{owner}/{name}",
        "ftp://h/{owner}/{name}",
        "https::ssh://h/{owner}/{name}",
        "https://[::1/{owner}/{name}",
    ],
)
def test_the_template_picks_no_transport_that_runs_a_program(template: str) -> None:
    with pytest.raises(RepositoryRefusedError):
        locate("keras-team/keras", GITHUB.model_copy(update={"clone_url": template}), GIT)


def test_a_refusal_shows_no_secret() -> None:
    with pytest.raises(RepositoryRefusedError) as caught:
        locate("https://u:s3cret/x@host:abc/x?token=s3cret", GITHUB, GIT)
    assert "s3cret" not in str(caught.value)


PARTS = st.sampled_from(
    ["https://", "ssh://", "file://", "ext::", "git@", "github.com", "host", ":", "/", "[", "]", "@", "~", "a" * 300]
)
ANYTHING = st.text(st.characters(), max_size=60)


@given(st.one_of(ANYTHING, st.lists(st.one_of(PARTS, ANYTHING), max_size=6).map("".join)))
def test_any_text_is_an_address_with_an_allowed_transport_or_refused(text: str) -> None:
    """Whatever is typed, git never sees a transport that is not allowed, nor an option."""
    try:
        found = locate(text, GITHUB, GitSettings.model_validate(GIT.model_dump()))
    except RepositoryRefusedError:
        return
    assert found.transport in {"https", "ssh", "file"}
    assert found.public_url.startswith(f"{found.transport}://")
    assert "\0" not in found.url
    assert not found.url.startswith("-")
    assert "/" not in found.folder
    assert len(found.folder) < 120
