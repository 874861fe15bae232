"""The API's methods: from a path and its parameters to a page of items."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from servers import stackexchange_filters as filters
from servers.stackexchange_data import Item, Site
from servers.stackexchange_rules import ApiError, bad

Parameters = Mapping[str, str]

SORT_FIELDS = {"activity": "last_activity_date", "creation": "creation_date", "votes": "score"}
# These go by formulas that nobody publishes, and take neither min nor max.
HOT_SORTS = {"hot", "week", "month"}
LAST_DATE = 253_402_300_799
LARGEST = 2_147_483_647
MOST_IDS = 100
MOST_TAGS = 5
MOST_ITEMS = 100
LAST_ANONYMOUS_PAGE = 25

_ROUTES = {
    "/questions": "/questions",
    "/questions/{ids}": r"/questions/(\d+(?:;\d+)*)",
    "/questions/{ids}/answers": r"/questions/(\d+(?:;\d+)*)/answers",
    "/answers/{ids}": r"/answers/(\d+(?:;\d+)*)",
    "/info": "/info",
    "/filters/create": "/filters/create",
}
# These are about the whole network, and take no site.
NETWORK_METHODS = {"/filters/create"}
POST_METHODS = {"/filters/create"}


@dataclass(frozen=True)
class Page:
    """Items of one kind, and what the wrapper says about them."""

    kind: str
    items: list[Item]
    has_more: bool = False
    number: int = 1
    size: int = 30
    total: int = 1


def route(path: str) -> tuple[str, str]:
    """Give the method that a path names, and the ids in it; an ApiError where there is none, or ids are no numbers."""
    for method, pattern in _ROUTES.items():
        found = re.fullmatch(pattern, path, re.ASCII)
        if found:
            return method, "".join(found.groups())
    raise ApiError(404, "no method found with this name")


def asked_filter(parameters: Parameters, name: str = "filter") -> filters.Filter:
    """Give the filter that a parameter names."""
    try:
        return filters.parse(parameters.get(name, "default"))
    except ValueError:
        raise ApiError(400, "Invalid filter specified") from None


def run(method: str, ids: str, parameters: Parameters, sites: Mapping[str, Site]) -> Page:
    """Answer a method; an ApiError where a parameter is wrong."""
    if method in NETWORK_METHODS:
        if "site" in parameters:
            raise ApiError(400, "This method does not accept a `site` parameter")
        return _create_filter(parameters)
    site = _site(parameters, sites)
    with site.lock:
        return _METHODS[method](site, ids, parameters)


def check_depth(parameters: Parameters) -> None:
    """Refuse pages that need a key."""
    if integer(parameters, "page", 1, LARGEST, 1) > LAST_ANONYMOUS_PAGE:
        raise ApiError(403, "page above 25 requires access token or app key")


def integer(parameters: Parameters, name: str, low: int, high: int, default: int) -> int:
    """Give a parameter's whole number; fractions, blanks and what is out of range are refused."""
    text = parameters.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII) or not low <= int(text) <= high:
        raise bad(name)
    return int(text)


def choice(parameters: Parameters, name: str, options: set[str], default: str) -> str:
    """Give a parameter's value, one of those that exist."""
    value = parameters.get(name, default)
    if value not in options:
        raise bad(name)
    return value


def _site(parameters: Parameters, sites: Mapping[str, Site]) -> Site:
    name = parameters.get("site")
    if not name:
        raise ApiError(400, "site is required")
    if name.removesuffix(".com") not in sites:
        raise ApiError(400, f"No site found for name `{name}`")
    return sites[name.removesuffix(".com")]


def _questions(site: Site, _ids: str, parameters: Parameters) -> Page:
    tags = _tags(site, parameters)
    found = [each for each in site.questions() if tags <= set(each["tags"])] if len(tags) <= MOST_TAGS else []
    return _page(site, "question", found, parameters, set(SORT_FIELDS) | HOT_SORTS)


def _tags(site: Site, parameters: Parameters) -> set[str]:
    if "tagged" not in parameters:
        return set()
    names = parameters["tagged"].split(";")
    if not all(re.fullmatch(r"[\w+#.-]+", name) for name in names):
        raise bad("tagged")
    return {site.tag(name) for name in names}


def _questions_by_id(site: Site, ids: str, parameters: Parameters) -> Page:
    wanted = _numbers(ids)
    found = [each for each in site.questions() if each["question_id"] in wanted]
    return _page(site, "question", found, parameters, set(SORT_FIELDS))


def _answers_of_questions(site: Site, ids: str, parameters: Parameters) -> Page:
    wanted = _numbers(ids)
    found = [each for each in site.answers() if each["question_id"] in wanted]
    return _page(site, "answer", found, parameters, set(SORT_FIELDS))


def _answers_by_id(site: Site, ids: str, parameters: Parameters) -> Page:
    wanted = _numbers(ids)
    found = [each for each in site.answers() if each["answer_id"] in wanted]
    return _page(site, "answer", found, parameters, set(SORT_FIELDS))


def _numbers(ids: str) -> set[int]:
    numbers = ids.split(";")
    if len(numbers) > MOST_IDS or any(int(each) > LARGEST for each in numbers):
        raise bad("ids")
    return set(map(int, numbers))


def _page(site: Site, kind: str, found: list[Item], parameters: Parameters, sorts: set[str]) -> Page:
    """Narrow down, sort and cut out a page."""
    number = integer(parameters, "page", 1, LARGEST, 1)
    size = integer(parameters, "pagesize", 0, MOST_ITEMS, 30)
    sort = choice(parameters, "sort", sorts, "activity")
    descending = choice(parameters, "order", {"asc", "desc"}, "desc") == "desc"
    kept = _created(_in_range(found, sort, parameters), parameters)
    kept.sort(key=_sort_key(sort, f"{kind}_id"), reverse=descending)
    shown = kept[(number - 1) * size : number * size]
    return Page(kind, [site.full(each) for each in shown], number * size < len(kept), number, size, len(kept))


def _created(found: list[Item], parameters: Parameters) -> list[Item]:
    first = integer(parameters, "fromdate", 0, LAST_DATE, 0)
    last = integer(parameters, "todate", 0, LAST_DATE, LAST_DATE)
    return [each for each in found if first <= each["creation_date"] <= last]


def _in_range(found: list[Item], sort: str, parameters: Parameters) -> list[Item]:
    for name in ("min", "max"):
        if sort in HOT_SORTS and name in parameters:
            raise bad(name)
    if sort in HOT_SORTS:
        return found
    lowest = -LARGEST if sort == "votes" else 0
    least = integer(parameters, "min", lowest, LAST_DATE, lowest)
    most = integer(parameters, "max", lowest, LAST_DATE, LAST_DATE)
    return [each for each in found if least <= each[SORT_FIELDS[sort]] <= most]


def _sort_key(sort: str, id_field: str) -> Callable[[Item], tuple[int, int]]:
    """Order ties neither by id nor by anything else that a client could rely on."""
    field = SORT_FIELDS.get(sort, "score")
    return lambda item: (item[field], zlib.crc32(str(item[id_field]).encode()))


def _info(site: Site, _ids: str, _parameters: Parameters) -> Page:
    questions = site.questions()
    accepted = sum("accepted_answer_id" in question for question in questions)
    facts: dict[str, Any] = {
        "total_questions": len(questions),
        "total_answers": len(site.answers()),
        "total_accepted": accepted,
        "total_unanswered": sum(not question["is_answered"] for question in questions),
        "api_revision": "2021.1.1.1",
    }
    return Page("info", [facts])


def _create_filter(parameters: Parameters) -> Page:
    base = asked_filter(parameters, "base")
    unsafe = choice(parameters, "unsafe", {"true", "false"}, "false") == "true"
    made = filters.create(_fields(parameters, "include"), _fields(parameters, "exclude"), base, unsafe)
    kind = "unsafe" if unsafe else "safe"
    return Page("filter", [{"filter": made.name, "filter_type": kind, "included_fields": sorted(made.fields)}])


def _fields(parameters: Parameters, name: str) -> list[str]:
    fields = parameters[name].split(";") if parameters.get(name) else []
    if not set(fields) <= set(filters.FIELDS):
        raise bad(name)
    return fields


_METHODS: dict[str, Callable[[Site, str, Parameters], Page]] = {
    "/questions": _questions,
    "/questions/{ids}": _questions_by_id,
    "/questions/{ids}/answers": _answers_of_questions,
    "/answers/{ids}": _answers_by_id,
    "/info": _info,
}
