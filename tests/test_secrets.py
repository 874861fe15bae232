"""No secret of a URL survives, wherever it stands in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.secrets import masked, without_secrets

SCHEMES = st.sampled_from(["http", "https", "HTTPS", "ssh", "git", "ftp", "postgresql", "postgresql+psycopg", "x"])
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n\f\v/?#&="), max_size=20).map(
    "S3{}CRET".format
)
USERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n\f\v/?#:@"), max_size=8)
TEXTS = st.text(max_size=30)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("http://u:p@SS4@host/x", "http://host/x", id="at sign in the password"),
        pytest.param("http://u:p/w#1@host/x", "http://host/x", id="password that should have been encoded"),
        pytest.param("https://t0ken@host/x@v1", "https://host/x@v1", id="token as user, at sign in the path"),
        pytest.param("ssh://git@host/x", "ssh://git@host/x", id="ssh user git"),
        pytest.param("ssh://git:pw@host/x", "ssh://git@host/x", id="ssh password"),
        pytest.param("ssh://ada@host/x", "ssh://host/x", id="another ssh user"),
        pytest.param("https://h/x?private_token=S3CRET", "https://h/x?private_token=***", id="query"),
        pytest.param("'https://h/x?a=b&S3CRET': timeout", "'https://h/x?a=***&***': timeout", id="query in quotes"),
        pytest.param("o/n?token=S3CRET", "o/n?token=S3CRET".replace("S3CRET", "***"), id="no URL"),
        pytest.param("http://[::1]:80/x and https://u:p@h:8/y", "http://[::1]:80/x and https://h:8/y", id="ports"),
        pytest.param("git@host:o/n.git", "git@host:o/n.git", id="scp address"),
        pytest.param("/srv/a:b@c?d", "/srv/a:b@c?d", id="path"),
    ],
)
def test_secrets_are_taken_out(text: str, shown: str) -> None:
    """The rest of the text stays as it is."""
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


@given(TEXTS, SCHEMES, USERS, SECRETS, TEXTS)
def test_no_password_survives(before: str, scheme: str, user: str, secret: str, after: str) -> None:
    """Whatever stands around the URL."""
    text = f"{before} {scheme}://{user}:{secret}@host/{after}"
    assert secret not in without_secrets(text)
    assert secret not in masked(text)


@given(TEXTS, SCHEMES, SECRETS, TEXTS)
def test_no_token_as_user_survives(before: str, scheme: str, secret: str, after: str) -> None:
    text = f"{before} {scheme}://{secret}@host/{after}"
    assert secret not in without_secrets(text)
    if not scheme.startswith("postgresql"):
        assert secret not in masked(text)


@given(TEXTS, SCHEMES, st.sampled_from(["private_token", "password", "api-key", "X-Auth"]), SECRETS, TEXTS)
def test_no_value_of_a_query_survives(before: str, scheme: str, name: str, secret: str, after: str) -> None:
    """Behind whichever name; of a database's URL, only those named like a secret are masked in a shown text."""
    text = f"{before} {scheme}://host/x?a=b&{name}={secret} {after}"
    assert secret not in without_secrets(text)
    assert secret not in masked(text)


@given(st.text(max_size=200))
def test_text_without_a_url_and_a_query_stays(text: str) -> None:
    plain = text.replace("://", "").replace("?", "").replace("&", "")
    assert without_secrets(plain) == plain == masked(plain)
