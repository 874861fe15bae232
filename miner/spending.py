"""What a run spent of whose budgets, for its summary: requests that were sent, and what the sources said is left.

No account is named where many may read it: not by a token, and not by its login.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from typing import Any

from miner.collect.github import GitHubClient
from miner.collect.githubtokens import ANONYMOUS
from miner.collect.stackoverflow import StackExchange
from miner.job import Summary

GITHUB = "github"
STACK_OVERFLOW = "stackoverflow"
_DAY = "day"


def enter_github(summary: Summary, client: GitHubClient) -> None:
    """Enter what a client of GitHub sent, and what is left, by account and resource (core, search, graphql, ...)."""
    summary.sent += [
        {**_named(GITHUB, account_label(account), resource), "requests": number}
        for (account, resource), number in sorted(client.sent().items())
    ]
    summary.budgets += [
        {
            **_named(GITHUB, account_label(account), resource),
            "remaining": budget.remaining,
            "limit": budget.limit,
            "reset_epoch": int(budget.reset_at.timestamp()),
        }
        for (account, resource), budget in sorted(client.budgets().items())
    ]


def enter_stackoverflow(summary: Summary, api: StackExchange, now: datetime) -> None:
    """Enter what a client of Stack Exchange sent, and what is left of the day, which is full again at 00:00 UTC."""
    named = _named(STACK_OVERFLOW, "key" if api.has_key else ANONYMOUS, _DAY)
    if api.requests:
        summary.sent.append({**named, "requests": api.requests})
    if api.quota_remaining is not None:
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        left = {"remaining": api.quota_remaining, "limit": api.quota_max, "reset_epoch": int(midnight.timestamp())}
        summary.budgets.append({**named, **left})


def account_label(account: str) -> str:
    """Name an account where many may read it: by a hash, unless it is a token's position or nobody's."""
    if account == ANONYMOUS or account.startswith("token "):
        return account
    return f"account {hashlib.sha256(account.encode()).hexdigest()[:8]}"


def _named(source: str, account: str, resource: str) -> dict[str, Any]:
    return {"source": source, "account": account, "resource": resource}
