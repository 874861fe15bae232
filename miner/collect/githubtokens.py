"""Whose budget a request to GitHub is taken from: tokens, pooled by account and by resource.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: tokens of one account share its
budgets, of which each resource (core, search, code_search, graphql) has its own; a secondary limit bars the account.
No text, ``repr`` or error of this module shows a token: one is named by its position.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from miner.clock import Clock
from miner.collect.http import LONGEST_WAIT_SECONDS, retry_after_seconds
from miner.errors import GitHubTokensError, SettingsError

ANONYMOUS = "anonymous"

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,1024}")
_MAX_FILE_BYTES = 1_000_000
_MARGIN_SECONDS = 1.0
_SECONDARY_SECONDS = 60.0
_LONGEST_SECONDARY_SECONDS = 3600.0
_SECONDARY_WORDS = re.compile(r"secondary rate limit|abuse detection|wait a few minutes|retry your request again later")
_PRIMARY_WORDS = re.compile(r"rate limit (?:already )?exceeded|rate limited")


@dataclass(frozen=True, slots=True)
class Budget:
    """What GitHub said last of an account's budget: requests, and when (by our clock) it is full again."""

    limit: int
    remaining: int
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose budget the next request uses, after ``wait_seconds``. ``number`` is the token's position, from 1."""

    resource: str
    account: str
    number: int | None
    token: str | None = field(repr=False)
    wait_seconds: float = 0.0


@dataclass(slots=True)
class _Token:
    number: int
    text: str = field(repr=False)
    account: str
    asked: bool = False


class TokenPool:
    """The tokens that GitHub still accepts, and the budgets of their accounts.

    :param warn: is told what the user should know, once each.
    """

    def __init__(self, tokens: Sequence[str], clock: Clock, warn: Callable[[str], None] = lambda _: None) -> None:
        distinct = dict.fromkeys(tokens)
        self._tokens = [_Token(number, text, f"token {number}") for number, text in enumerate(distinct, start=1)]
        self._size = len(self._tokens)
        self._clock = clock
        self._warn = warn
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._sent: Counter[tuple[str, str]] = Counter()
        self._barred: dict[str, datetime] = {}
        self._strikes: dict[str, int] = {}
        self._in_use: dict[str, str] = {}
        self._said_slow = False

    @property
    def anonymous(self) -> bool:
        """Whether there never was a token."""
        return self._size == 0

    @property
    def size(self) -> int:
        """How many tokens there were."""
        return self._size

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts whose tokens are accepted, in the order of the tokens."""
        if self.anonymous:
            return (ANONYMOUS,)
        return tuple(dict.fromkeys(token.account for token in self._tokens))

    def budgets(self) -> Mapping[tuple[str, str], Budget]:
        """Give what is known, by account and resource."""
        return dict(self._budgets)

    def sent(self) -> Mapping[tuple[str, str], int]:
        """Give how many requests were sent, by account and resource."""
        return dict(self._sent)

    def note_sent(self, lease: Lease, number: int) -> None:
        """Count requests that used a lease."""
        if number:
            self._sent[lease.account, lease.resource] += number

    def choose(self, resource: str) -> Lease:
        """Give the account in use while it has budget, else another that has, else the one that is free first.

        :raises GitHubTokensError: when GitHub accepts none of the tokens.
        """
        accounts = self.accounts
        if not accounts:
            raise GitHubTokensError
        self._say_slow()
        in_use = self._in_use.get(resource, "")
        waits = {account: self._wait(account, resource) for account in accounts}
        account = min(accounts, key=lambda name: (waits[name], name != in_use))
        self._in_use[resource] = account
        return self._lease(account, resource, waits[account])

    def unknown(self) -> list[Lease]:
        """Give the tokens of which it should be asked whose they are: all, once each, where there are several."""
        if self._size < 2:
            return []
        return [Lease("core", token.account, token.number, token.text) for token in self._tokens if not token.asked]

    def identify(self, lease: Lease, account: str | None) -> None:
        """Note whose token it is; None: GitHub does not say, so it counts as an account of its own."""
        for token in self._tokens:
            if token.number == lease.number:
                token.asked = True
                if account is not None:
                    self._move(token, account)

    def drop(self, lease: Lease) -> None:
        """Use a token no more: GitHub does not accept it."""
        if any(token.number == lease.number for token in self._tokens):
            self._tokens = [token for token in self._tokens if token.number != lease.number]
            self._warn(f"GitHub does not accept token {lease.number} of {self._size}: it is expired, revoked or wrong")

    def learn(self, lease: Lease, status: int, headers: Mapping[str, str], said: str = "") -> bool:
        """Take in what an answer says of the budget, and tell whether it was refused because of a limit.

        :param headers: by name in lower case.
        :param said: the answer's message, which may name the limit.
        """
        budget = _budget(headers)
        if budget is not None:
            named = headers.get("x-ratelimit-resource", "")
            for resource in {lease.resource, named if re.fullmatch(r"\w{1,50}", named) else lease.resource}:
                self._budgets[lease.account, resource] = budget
        limited = self._limits(lease, status, headers, said.lower())
        if not limited and status < 400:
            self._strikes.pop(lease.account, None)
        return limited

    def exhaust(self, lease: Lease) -> None:
        """Note that an answer says that a budget is used up, whose headers may not say so."""
        if not self._wait(lease.account, lease.resource):
            self._bar(lease.account, None)

    def _limits(self, lease: Lease, status: int, headers: Mapping[str, str], said: str) -> bool:
        secondary = _SECONDARY_WORDS.search(said) is not None
        if status not in (403, 429) and not (status == 200 and secondary):
            return False
        wait = retry_after_seconds(headers.get("retry-after", ""), self._clock.now())
        if wait is not None:
            self._bar(lease.account, max(wait, _MARGIN_SECONDS))
            return True
        used_up = _whole(headers.get("x-ratelimit-remaining", "")) == 0
        if secondary or (not used_up and (status == 429 or _PRIMARY_WORDS.search(said) is not None)):
            self._bar(lease.account, None)
            return True
        if used_up:
            self.exhaust(lease)
        return used_up

    def _bar(self, account: str, seconds: float | None) -> None:
        """Leave an account alone; None: GitHub does not say how long, so it is longer each time."""
        if seconds is None:
            strikes = self._strikes.get(account, 0)
            self._strikes[account] = strikes + 1
            seconds = min(_SECONDARY_SECONDS * 2 ** min(strikes, 10), _LONGEST_SECONDARY_SECONDS)
        until = self._clock.now() + timedelta(seconds=min(seconds, LONGEST_WAIT_SECONDS))
        self._barred[account] = max(until, self._barred.get(account, until))

    def _wait(self, account: str, resource: str) -> float:
        now = self._clock.now()
        waits = [0.0]
        if account in self._barred:
            waits.append((self._barred[account] - now).total_seconds())
        budget = self._budgets.get((account, resource))
        if budget is not None and budget.remaining == 0 and budget.reset_at > now:
            # The two clocks need not agree to the second.
            waits.append((budget.reset_at - now).total_seconds() + _MARGIN_SECONDS)
        return max(waits)

    def _lease(self, account: str, resource: str, wait: float) -> Lease:
        for token in self._tokens:
            if token.account == account:
                return Lease(resource, account, token.number, token.text, wait)
        return Lease(resource, account, None, None, wait)

    def _move(self, token: _Token, account: str) -> None:
        for known, resource in [key for key in self._budgets if key[0] == token.account]:
            self._budgets[account, resource] = self._budgets.pop((known, resource))
        for known, resource in [key for key in self._sent if key[0] == token.account]:
            self._sent[account, resource] += self._sent.pop((known, resource))
        token.account = account

    def _say_slow(self) -> None:
        if self.anonymous and not self._said_slow:
            self._said_slow = True
            self._warn(
                "GitHub is asked without a token: it allows 60 requests an hour and 10 searches a minute, which is "
                "slow; put tokens into MINER_GITHUB__TOKENS for 5,000 and 30"
            )


def read_tokens(text: str) -> tuple[str, ...]:
    """Read tokens: one a line, or separated by commas; what follows a ``#`` is a comment.

    :raises SettingsError: for what cannot be a token. It names its position alone.
    """
    lines = (line.partition("#")[0] for line in text.splitlines())
    found = tuple(dict.fromkeys(part.strip() for line in lines for part in line.split(",") if part.strip()))
    for number, token in enumerate(found, start=1):
        if not _TOKEN.fullmatch(token):
            raise SettingsError(
                f"token {number} of {len(found)} for GitHub is no token: it may hold letters, digits, '_', '-' and '.'"
            )
    return found


def read_token_file(path: Path) -> tuple[str, ...]:
    """Read a file of tokens, which nobody but its owner may read.

    :raises SettingsError: when others may read it, or it is no readable text.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise SettingsError(f"github.token_file: {path} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise SettingsError(
            f"github.token_file: others may read {path} (mode {mode:04o}): chmod 600 it, and replace its tokens if "
            "others have used this machine"
        )
    try:
        return read_tokens(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    raise SettingsError(f"github.token_file: {path} is no text in UTF-8")


def _budget(headers: Mapping[str, str]) -> Budget | None:
    limit, remaining, reset = (
        _whole(headers.get(f"x-ratelimit-{name}", "")) for name in ("limit", "remaining", "reset")
    )
    if remaining is None or reset is None:
        return None
    return Budget(remaining if limit is None else limit, remaining, datetime.fromtimestamp(reset, UTC))


def _whole(text: str) -> int | None:
    # Fractions have been seen. Twelve digits are seconds until far after the last date there is.
    found = re.fullmatch(r"(?a)\s*(\d{1,12})(?:\.\d*)?\s*", text)
    return min(int(found[1]), 253_402_300_799) if found else None
