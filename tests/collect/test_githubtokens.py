"""A pool takes each request from a budget that has something left, and shows no token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import START, PretendClock

from miner.collect.githubtokens import ANONYMOUS, Budget, TokenPool, read_token_file, read_tokens
from miner.errors import GitHubTokensError, SettingsError

NOW = int(START.timestamp())


def headers(remaining: int, reset: float = 600, resource: str = "core", limit: int = 5000) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(NOW + reset)),
        "x-ratelimit-resource": resource,
    }


@pytest.fixture
def pool(clock: PretendClock) -> TokenPool:
    """Two tokens of two accounts."""
    made = TokenPool(["aaa", "bbb"], clock)
    for lease, login in zip(made.unknown(), ("ann", "bob"), strict=True):
        made.identify(lease, login)
    return made


def test_account_in_use_serves_until_it_is_exhausted(pool: TokenPool) -> None:
    """There is no turning about with each call: the account in use stays while it has budget."""
    for remaining in (3, 2, 1):
        lease = pool.choose("core")
        assert lease.account == "ann"
        pool.learn(lease, 200, headers(remaining))
    pool.learn(pool.choose("core"), 200, headers(0))
    assert pool.choose("core").account == "bob"


def test_account_stays_in_use_when_the_first_is_full_again(pool: TokenPool, clock: PretendClock) -> None:
    """A reset of the other account is no reason to change."""
    pool.learn(pool.choose("core"), 200, headers(0))
    pool.learn(pool.choose("core"), 200, headers(10))
    clock.advance(hours=1)
    assert pool.choose("core").account == "bob"


def test_account_that_is_free_first_is_waited_for(pool: TokenPool) -> None:
    """When no account has budget the one whose reset comes first is leased, with the wait."""
    pool.learn(pool.choose("core"), 403, headers(0, reset=600))
    pool.learn(pool.choose("core"), 403, headers(0, reset=50))
    lease = pool.choose("core")
    assert (lease.account, lease.wait_seconds) == ("bob", 51)


def test_resources_have_budgets_of_their_own(pool: TokenPool) -> None:
    """An exhausted search budget leaves the core budget alone; what the server calls the resource is known, too."""
    pool.learn(pool.choose("search"), 200, headers(0, resource="search"))
    assert pool.choose("core").account == "ann"
    assert pool.choose("search").account == "bob"
    pool.learn(pool.choose("core"), 200, headers(0, resource="integration_manifest"))
    assert {resource for _, resource in pool.budgets()} == {"search", "core", "integration_manifest"}


def test_secondary_limit_bars_the_account_for_all_resources(pool: TokenPool) -> None:
    """Retry-After bars an account wherever it is asked."""
    assert pool.learn(pool.choose("core"), 403, headers(9) | {"retry-after": "30"})
    assert pool.choose("search").account == "bob"
    assert pool.learn(pool.choose("search"), 429, {"retry-after": "40"})
    lease = pool.choose("graphql")
    assert (lease.account, lease.wait_seconds) == ("ann", 30)


def test_tokens_of_one_account_have_one_budget(clock: PretendClock) -> None:
    """What one token learns holds for the other of the same account, what was learnt before it was known included."""
    pool = TokenPool(["aaa", "bbb"], clock)
    for lease in pool.unknown():
        pool.learn(lease, 200, headers(0))
        pool.note_sent(lease, 1)
        pool.identify(lease, "ann")
    assert pool.sent() == {("ann", "core"): 2}
    assert pool.unknown() == []
    assert pool.accounts == ("ann",)
    assert pool.choose("core").wait_seconds == 601
    assert list(pool.budgets()) == [("ann", "core")]


def test_token_of_which_nobody_says_whose_it_is(clock: PretendClock) -> None:
    """A token without a user is an account of its own, and is not asked again; a single token is never asked."""
    pool = TokenPool(["aaa", "bbb"], clock)
    for lease in pool.unknown():
        pool.identify(lease, None)
    assert pool.unknown() == []
    assert pool.accounts == ("token 1", "token 2")
    assert TokenPool(["aaa"], clock).unknown() == []


def test_dropped_token(clock: PretendClock) -> None:
    """A token that is dropped serves no more; with the last one there is an error, not a request without a token."""
    said: list[str] = []
    pool = TokenPool(["aaa", "bbb"], clock, said.append)
    first = pool.choose("core")
    pool.drop(first)
    pool.drop(first)
    second = pool.choose("core")
    assert second.token == "bbb"  # noqa: S105
    pool.drop(second)
    with pytest.raises(GitHubTokensError):
        pool.choose("core")
    assert [text.partition(":")[0] for text in said] == [
        "GitHub does not accept token 1 of 2",
        "GitHub does not accept token 2 of 2",
    ]


def test_anonymous(clock: PretendClock) -> None:
    """Without tokens there is one account without a name, with budgets all the same."""
    said: list[str] = []
    pool = TokenPool([], clock, said.append)
    lease = pool.choose("core")
    assert (lease.account, lease.token, pool.anonymous) == (ANONYMOUS, None, True)
    pool.learn(lease, 200, headers(0, limit=60))
    assert pool.choose("core").wait_seconds == 601
    assert pool.budgets() == {(ANONYMOUS, "core"): Budget(60, 0, START + timedelta(seconds=600))}
    assert len(said) == 1


def test_success_ends_the_doubling(clock: PretendClock) -> None:
    """After an answer the next limit without a time is waited for a minute again."""
    pool = TokenPool(["aaa"], clock)
    waits = []
    for status in (429, 429, 429, 200, 429):
        pool.learn(pool.choose("core"), status, {})
        waits.append(pool.choose("core").wait_seconds)
        clock.advance(waits[-1])
    assert waits == [60, 120, 240, 0, 60]


def test_repr_shows_no_token(pool: TokenPool) -> None:
    """What is printed by accident holds no token."""
    assert "aaa" not in repr(pool.choose("core")) + repr(pool.__dict__)


@given(
    st.dictionaries(
        st.sampled_from(
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-resource", "retry-after"]
        ),
        st.text() | st.integers().map(str) | st.floats().map(str),
    ),
    st.sampled_from([200, 304, 403, 404, 429, 500]),
    st.text(),
)
def test_any_headers_are_taken(found: dict[str, str], status: int, said: str) -> None:
    """Headers may hold anything: nothing is raised, and no wait is negative."""
    pool = TokenPool(["aaa"], PretendClock())
    pool.learn(pool.choose("core"), status, found, said)
    assert pool.choose("core").wait_seconds >= 0


def test_read_tokens() -> None:
    """Tokens stand one a line or between commas; comments and blanks are passed over, doubles count once."""
    text = "# mine\nghp_a1, ghp_b2\n\n github_pat_c3 # Bob's\nghp_a1\n"
    assert read_tokens(text) == ("ghp_a1", "ghp_b2", "github_pat_c3")
    assert read_tokens("") == ()


@pytest.mark.parametrize("text", ["good,b\x00d", "good,se cret", "good,gehéim", "good," + "x" * 2000])
def test_text_that_is_no_token(text: str) -> None:
    """What cannot be a token is refused by its position."""
    with pytest.raises(SettingsError, match="token 2 of 2") as caught:
        read_tokens(text)
    assert text.partition(",")[2] not in str(caught.value)


@pytest.fixture
def token_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "tokens"
    path.write_text("ghp_a1\n")
    path.chmod(0o600)
    yield path
    path.chmod(0o600)


def test_token_file(token_file: Path) -> None:
    """A file that only its owner may read is read."""
    assert read_token_file(token_file) == ("ghp_a1",)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_token_file_that_others_may_read(token_file: Path, mode: int) -> None:
    """A file that others may read or write is refused, with what to do."""
    token_file.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_token_file(token_file)


def test_token_file_that_cannot_be_read(tmp_path: Path, token_file: Path) -> None:
    """A file that is missing, a folder or no text is told as such."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_token_file(path)
    token_file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_token_file(token_file)
