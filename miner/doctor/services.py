"""The services: tokens and budgets of GitHub, quota of Stack Exchange, whether they can be reached, and the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from miner.clock import Clock
from miner.collect import githubanswers as answers
from miner.collect.githubwire import Exchange, GitHubWire
from miner.collect.gitrepo import GitRepository
from miner.collect.http import Transient
from miner.collect.locators import locate
from miner.collect.stackoverflow import StackExchange
from miner.doctor.findings import Finding, failure, ok, warning
from miner.errors import HttpError, RepositoryError, SettingsError
from miner.githubsearches import tokens
from miner.settings import Settings, libraries

RESOURCES = ("core", "search", "graphql")
_ASK_SECONDS = 15
_MOST_SKEW_SECONDS = 30.0
_EXPIRES_SOON = timedelta(days=14)
_SETTINGS_URL = "https://github.com/settings/tokens"
_MORE_THAN_READING = ("repo", "admin", "write", "delete", "workflow", "gist", "user")


def look(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Look at the services: three requests to GitHub a token, one to Stack Exchange, one ``git ls-remote``."""
    yield from _github(settings, clock)
    yield _stack_exchange(settings, clock)
    yield _clone_source(settings)


def _github(settings: Settings, clock: Clock) -> Iterator[Finding]:
    try:
        found = tokens(settings)
    except SettingsError as error:
        yield failure("github tokens", str(error), "nothing is asked of GitHub until this is right")
        return
    if settings.github.token_file:
        yield ok("token file", f"{settings.github.token_file} can be read by its owner alone")
    if not found:
        advice = "put one without any scope into MINER_GITHUB__TOKENS: 5,000 requests an hour instead of 60"
        yield warning("github tokens", "none", advice)
    wire = GitHubWire(
        settings.github.api_url,
        timeout_seconds=min(settings.github.timeout_seconds, _ASK_SECONDS),
        max_bytes=settings.github.max_response_bytes,
        clock=clock,
        stopped=lambda: False,
    )
    with closing(wire):
        for number, token in enumerate(found or (None,), start=1):
            name = f"github token {number}" if token else "github"
            exchange = None
            try:
                exchange = wire.get(wire.address("/rate_limit", {}), token)
                yield from _account(wire, exchange, name, token, clock.now())
            except (Transient, HttpError) as error:
                yield failure(name, _reason(error), f"check the network, and github.api_url ({wire.api_url})")
            if number == 1 and exchange is not None:
                yield from _clock(exchange)


def _account(wire: GitHubWire, exchange: Exchange, name: str, token: str | None, now: datetime) -> Iterator[Finding]:
    if exchange.status == 401:
        yield failure(
            name, "GitHub does not accept it", f"it is expired, revoked or wrong: make another, {_SETTINGS_URL}"
        )
        return
    payload = answers.read(exchange, token)
    budgets = _budgets(payload)
    login = _login(wire, token) if token else "without an account"
    said = f"{login}; left: {', '.join(f'{name} {left}' for name, left in budgets.items()) or 'not told'}"
    spent = [resource for resource, left in budgets.items() if left.startswith("0/")]
    if spent:
        yield warning(name, said, f"the budget of {', '.join(spent)} is spent: a run waits, or another account goes on")
    else:
        yield ok(name, said)
    yield from _scopes(exchange.headers, name)
    yield from _expiry(exchange.headers, name, now)


def _login(wire: GitHubWire, token: str) -> str:
    payload = answers.read(wire.get(wire.address("/user", {}), token), token)
    login = payload.get("login") if isinstance(payload, dict) else None
    return f"account {login}" if isinstance(login, str) else "account not told"


def _budgets(payload: Any) -> dict[str, str]:
    resources = payload.get("resources") if isinstance(payload, dict) else None
    found: dict[str, str] = {}
    if not isinstance(resources, dict):
        return {}
    for name in RESOURCES:
        one = resources.get(name)
        if isinstance(one, dict) and type(one.get("remaining")) is int and one.get("limit"):
            found[name] = f"{one['remaining']}/{one['limit']}"
    return found


def _scopes(headers: Mapping[str, str], name: str) -> Iterator[Finding]:
    """Say what a classic token may do beyond reading what is public; one of the new kind does not tell."""
    scopes = [part.strip() for part in headers.get("x-oauth-scopes", "").split(",") if part.strip()]
    more = [scope for scope in scopes if scope.partition(":")[0] in _MORE_THAN_READING and scope != "read:user"]
    if more:
        said = f"may do more than read what is public: {', '.join(more)}"
        yield warning(
            f"{name} scopes", said, f"use one without scopes: whoever gets it can do as much, {_SETTINGS_URL}"
        )
    elif "x-oauth-scopes" in headers:
        yield ok(f"{name} scopes", ", ".join(scopes) or "none: it reads what is public")


def _expiry(headers: Mapping[str, str], name: str, now: datetime) -> Iterator[Finding]:
    text = headers.get("github-authentication-token-expiration", "")
    try:
        until = datetime.fromisoformat(text.replace(" UTC", "+00:00").replace(" ", "T", 1))
    except ValueError:
        return
    if until.tzinfo is not None and until - now < _EXPIRES_SOON:
        yield warning(f"{name} expiry", f"ends on {until:%Y-%m-%d}", f"make another in time, {_SETTINGS_URL}")


def _clock(exchange: Exchange) -> Iterator[Finding]:
    try:
        skew = (exchange.fetched_at - parsedate_to_datetime(exchange.headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return
    said = f"{abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} GitHub's"
    if abs(skew) > _MOST_SKEW_SECONDS:
        yield failure("clock", said, "set it right (timedatectl set-ntp true): a run asks up to what it takes for now")
    else:
        yield ok("clock", said)


def _stack_exchange(settings: Settings, clock: Clock) -> Finding:
    name = f"stack exchange, {settings.stackoverflow.site}"
    patient = {"timeout_seconds": min(settings.stackoverflow.timeout_seconds, _ASK_SECONDS), "attempts": 1}
    with closing(StackExchange(settings.stackoverflow.model_copy(update=patient), clock)) as api:
        try:
            api.prepare()
        except HttpError as error:
            return failure(name, str(error), "check the network, stackoverflow.api_url and the key")
        left, most = api.quota_remaining, api.quota_max
    said = f"{left} of {most} requests left today"
    if not settings.stackoverflow.key.get_secret_value():
        return warning(
            name, f"{said}, without a key", "put one from stackapps.com into MINER_STACKOVERFLOW__KEY: 10,000"
        )
    if left is not None and left <= settings.stackoverflow.quota_reserve:
        return warning(name, said, "a run stops at once; the quota is full again at 00:00 UTC")
    return ok(name, said)


def _clone_source(settings: Settings) -> Finding:
    address = (*settings.git.repositories, *(name for one in libraries() for name in one.repositories))[0]
    quick = settings.git.model_copy(update={"command_timeout_seconds": _ASK_SECONDS})
    try:
        locator = locate(address, settings.github, quick)
        tip = GitRepository(locator, settings.model_copy(update={"git": quick})).probe()
    except RepositoryError as error:
        return failure("clones' source", str(error), "check the network, and github.clone_url")
    return ok("clones' source", f"{locator.name} answers, branch {tip.default_branch or 'none'}")


def _reason(error: Transient | HttpError) -> str:
    return error.reason if isinstance(error, Transient) else str(error)
