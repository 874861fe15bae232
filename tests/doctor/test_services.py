"""What the services say of tokens, budgets and time, each on one line that shows no secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from servers.github import GitHub
from servers.github_data import Hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from support.clocks import PretendClock
from support.repositories import keras_history

from miner.clock import SystemClock
from miner.doctor.findings import Finding
from miner.doctor.services import look
from miner.settings import load

TOKENS = ("ghp_S3cretOne", "ghp_S3cretTwo", "ghp_S3cretGone")


class Services:
    """A GitHub, a Stack Exchange and a repository, and what is said of them."""

    def __init__(self, hub: GitHub, site: StackExchange, repository: Path) -> None:
        self.hub, self.site = hub, site
        self.sections: dict[str, dict[str, Any]] = {
            "github": {"api_url": hub.url, "tokens": ""},
            "stackoverflow": {"api_url": site.url, "key": "S3cretKey"},
            "git": {"repositories": [str(repository)]},
        }

    def look(self, clock: PretendClock | None = None, **github: Any) -> dict[str, Finding]:
        """Give the findings by name; none holds a secret."""
        self.sections["github"].update(github)
        findings = list(look(load(environ={}, flags=self.sections), clock or SystemClock()))
        assert not any(secret in repr(findings) for secret in ("S3cret", "s3cret"))
        return {finding.name: finding for finding in findings}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    accounts = {TOKENS[0]: "ada", TOKENS[1]: "ben"}
    with GitHub(Hub(), tokens=accounts) as hub, StackExchange(Site(), keys=["S3cretKey"]) as site:
        yield Services(hub, site, keras_history(tmp_path / "r.git", 3).path)


def test_a_good_token_is_named_by_its_account_with_what_is_left_of_its_budgets(services: Services) -> None:
    """Asking for the budgets costs nothing of them."""
    services.hub.set_remaining("ada", "search", 0)
    found = services.look(tokens=",".join(TOKENS[:2]))
    assert found["github token 1"].said == "account ada; left: core 5000/5000, search 0/30, graphql 5000/5000"
    assert (found["github token 1"].state, found["github token 2"].state) == ("warning", "ok")
    assert "search" in found["github token 1"].advice


def test_a_token_that_is_not_accepted_is_a_failure(services: Services) -> None:
    """It is named by its place, and the others are looked at."""
    found = services.look(tokens=",".join((TOKENS[2], TOKENS[0])))
    assert (found["github token 1"].state, found["github token 2"].state) == ("failure", "ok")
    assert "settings/tokens" in found["github token 1"].advice


@pytest.mark.parametrize(("scopes", "state"), [("", "ok"), ("read:user", "ok"), ("repo, gist", "warning")])
def test_a_token_that_may_do_more_than_read_is_a_warning(services: Services, scopes: str, state: str) -> None:
    """What it may do is named."""
    services.hub.scopes["ada"] = scopes
    found = services.look(tokens=TOKENS[0])["github token 1 scopes"]
    assert found.state == state
    assert scopes in found.said


def test_without_a_token_and_a_key_both_are_warnings(services: Services) -> None:
    """It works, slowly."""
    services.sections["stackoverflow"]["key"] = ""
    found = services.look()
    assert (found["github tokens"].state, found["github"].state) == ("warning", "ok")
    assert found["stack exchange, stackoverflow.com"].state == "warning"
    assert "299 of 300" in found["stack exchange, stackoverflow.com"].said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_token_file_that_others_may_read_is_a_failure(services: Services, tmp_path: Path, mode: int) -> None:
    """Its tokens are not used."""
    file = tmp_path / "tokens"
    file.write_text(TOKENS[0])
    file.chmod(mode)
    found = services.look(token_file=str(file))
    assert found["github tokens"].state == "failure"
    assert "chmod 600" in found["github tokens"].said
    assert services.hub.requests == []
    file.chmod(0o600)
    assert services.look(token_file=str(file))["token file"].state == "ok"


@pytest.mark.parametrize(("skew", "state"), [(0, "ok"), (200, "failure"), (-200, "failure")])
def test_a_wrong_clock_is_a_failure(services: Services, skew: int, state: str) -> None:
    """Measured against what GitHub says the time is."""
    found = services.look(PretendClock(SystemClock().now() + timedelta(seconds=skew)), tokens=TOKENS[0])
    assert found["clock"].state == state
    # The answer's date has whole seconds, and takes a moment to come.
    near = {f"{abs(skew) + more} seconds" for more in (-1, 0, 1)}
    assert skew == 0 or any(text in found["clock"].said for text in near)


def test_a_service_that_does_not_answer_hides_nothing_of_the_others(services: Services) -> None:
    """Each is tried once."""
    services.hub.faults = lambda _number: "closed"
    found = services.look(tokens=TOKENS[0])
    assert found["github token 1"].state == "failure"
    assert found["stack exchange, stackoverflow.com"].state == "ok"
    assert found["clones' source"].state == "ok"


def test_a_repository_that_is_not_there_is_a_failure(services: Services, tmp_path: Path) -> None:
    """What is cloned from has to answer."""
    services.sections["git"]["repositories"] = [str(tmp_path / "nothing.git")]
    assert services.look()["clones' source"].state == "failure"
