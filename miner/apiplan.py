"""Says how many requests the Stack Exchange API would be sent, and how many days of its quota and hours that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

from miner.clock import Clock
from miner.collect.stackoverflow import StackExchange
from miner.errors import HttpError, NoAnswerError
from miner.job import PLAN_ATTEMPTS, CollectRequest, PlanRow, Reporter, activity_query, counted, creation_query, tags
from miner.settings import Settings
from miner.store.coverage import Interval, gaps, overlaps
from miner.store.postrows import SOURCE

_PAGE = 100
_DAY_HOURS = 24
_LEAST_SECONDS = 0.5
"""What a request with a hundred threads takes at least; what the plan's own small ones took may be less."""


def plan_api(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    clock: Clock,
    covered: Callable[[str, str, str], list[Interval]],
) -> list[PlanRow]:
    """Ask the site how many questions each tag would bring: one request for each gap of the ledger, and one more.

    Further looks at questions, which take a share of what is left of the quota, are not counted. Where the site does
    not answer at first, no tag is asked for.
    """
    attempts = min(PLAN_ATTEMPTS, settings.stackoverflow.attempts)
    api = StackExchange(settings.stackoverflow.model_copy(update={"attempts": attempts}), clock)
    began = clock.monotonic()
    try:
        if not _answers(api, reporter, settings.stackoverflow.site):
            return [_unreachable(f"{settings.stackoverflow.site} {tag}") for tag in tags(request, settings)]
        rows = list(_rows(settings, request, reporter, api, int(clock.now().timestamp()), covered))
    finally:
        api.close()
    if all(row.state == "unreachable" for row in rows):
        return rows
    seconds = max((clock.monotonic() - began) / max(api.requests, 1), 1 / settings.stackoverflow.requests_per_second)
    return [*rows, _sum(settings, rows, api, max(seconds, _LEAST_SECONDS))]


def _answers(api: StackExchange, reporter: Reporter, site: str) -> bool:
    """Ask what tells the quota, which counts alone do not; tell whether the site answers."""
    try:
        api.prepare()
    except HttpError as error:
        reporter.warn(site, str(error))
        return not isinstance(error, NoAnswerError)
    return True


def _rows(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    api: StackExchange,
    now: int,
    covered: Callable[[str, str, str], list[Interval]],
) -> Iterator[PlanRow]:
    site = settings.stackoverflow.site
    for tag in tags(request, settings):
        item = f"{site} {tag}"
        created = covered(SOURCE, creation_query(site, tag), "")
        active = covered(SOURCE, activity_query(site, tag), "")
        try:
            yield _row(api, item, tag, request, now, created, active)
        except HttpError as error:
            reporter.warn(item, str(error))
            yield _unreachable(item)


def _unreachable(item: str) -> PlanRow:
    return PlanRow(SOURCE, item, "unreachable", None, "", None)


def _row(
    api: StackExchange,
    item: str,
    tag: str,
    request: CollectRequest,
    now: int,
    created: list[Interval],
    active: list[Interval],
) -> PlanRow:
    changed = [gap for gap in gaps(Interval(until=now), active) if created and active]
    questions = sum(api.total(tag, gap, by="activity") for gap in changed)
    requests = sum(1 for _ in changed) + questions // (_PAGE - 1)
    upto = Interval(until=min(gap.since for gap in changed) if changed else now)
    for gap in gaps(request.window, created):
        part = overlaps(gap, upto)
        if part is not None:
            total = api.total(tag, part)
            questions += total
            requests += max(1, ceil(total / _PAGE))
    if request.limit is not None and questions > request.limit:
        questions, requests = request.limit, ceil(request.limit / _PAGE)
    state = "ask" if requests else "nothing new"
    return PlanRow(SOURCE, item, state, questions, counted(requests), requests)


def _sum(settings: Settings, rows: list[PlanRow], api: StackExchange, seconds: float) -> PlanRow:
    requests = sum(row.requests or 0 for row in rows) + 1
    quota = api.quota_max or (10_000 if settings.stackoverflow.key.get_secret_value() else 300)
    left = api.quota_remaining
    reserve = settings.stackoverflow.quota_reserve
    # What today's quota does not hold waits for the next days.
    today = max((quota if left is None else left) - reserve, 0)
    days = max(0, ceil((requests - today) / max(quota - reserve, 1)))
    hours = requests * seconds / 3600 + days * _DAY_HOURS
    known = "not known how many are left today" if left is None else f"{left:,} left today"
    cost = (
        f"{counted(requests)}, {requests / quota:.2f} days of the quota of {quota:,}, {known}; about {hours:.1f} hours"
    )
    return PlanRow(SOURCE, "all tags", "in all", sum(row.items or 0 for row in rows), cost, requests)
