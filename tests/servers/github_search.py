"""GitHub's search: queries of words and qualifiers, and what they find.

From the documentation: at most 256 characters and five AND, OR, NOT; qualifiers ``name:value``, ``-`` before one to
negate it, quotes around a value with spaces; ranges ``A..B``, ``>``, ``>=``, ``<``, ``<=``, ``*``; a date is a whole
day; forks are found with ``fork:true`` or ``fork:only`` alone; the default fields are name, description and topics.
Assumed, where nothing says how it is: a word is found as a whole word, in any case; OR joins words, while qualifiers
hold for the whole query; an unknown qualifier is a word, which finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from servers.github_data import Commit, File, Hub, Person, Repository

LONGEST_QUERY = 256
MOST_OPERATORS = 5
OPERATORS = ("AND", "OR", "NOT")
# Of these one is enough.
ANY_OF = {"repo": "scope", "user": "scope", "org": "scope", "language": "language"}
LARGEST_FILE = 384 * 1024
LANGUAGES = {"py": "Python", "lua": "Lua", "cpp": "C++", "md": "Markdown"}
YEARS = range(1970, 3000)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

_TOKEN = re.compile(r'-?(?:[\w-]+:)?"[^"]*"|\S+')
_WORD = re.compile(r"[a-z0-9]+")
_QUALIFIER = re.compile(r"(-?)([a-z][a-z-]*):(.+)", re.DOTALL)

Test = Callable[[Any], bool]


class SearchError(Exception):
    """A query that the search refuses, with status 422; ``code`` is missing or invalid.

    ``avoidable`` says that the client ought to have known, which is a violation.
    """

    def __init__(self, message: str = "", code: str = "invalid", *, avoidable: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.avoidable = avoidable


@dataclass
class Query:
    """A parsed query: alternatives of words, each of which may be negated, and qualifiers."""

    words: list[list[tuple[str, bool]]] = field(default_factory=lambda: [[]])
    qualifiers: list[tuple[str, str, bool]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def values(self, *names: str) -> list[str]:
        """Give the values of qualifiers that are not negated."""
        return [value for name, value, negated in self.qualifiers if name in names and not negated]

    def days(self) -> float:
        """Give how many days the narrowest range of dates spans; infinite without one."""
        spans = [float("inf")]
        for name, value, negated in self.qualifiers:
            if name in DATES and not negated:
                low, high = date_range(value)
                if low > EARLIEST and high < LATEST:
                    spans.append((high - low) / timedelta(days=1))
        return min(spans)


DATES = ("created", "pushed", "author-date", "committer-date")


def parse(text: str, known: Iterable[str]) -> Query:
    """Parse a query; SearchError if it is empty, too long or too complicated."""
    if not text.strip():
        raise SearchError(code="missing")
    if len(text) > LONGEST_QUERY:
        raise SearchError(f"The search is longer than {LONGEST_QUERY} characters.")
    tokens = _TOKEN.findall(text)
    if sum(token in OPERATORS for token in tokens) > MOST_OPERATORS:
        raise SearchError("More than five AND / OR / NOT operators were used.")
    query, negated = Query(), False
    for part in tokens:
        if part == "OR":
            query.words.append([])
        elif part == "NOT":
            negated = True
        elif part != "AND":
            _add(query, part, negated, frozenset(known))
            negated = False
    return query


def find_repositories(hub: Hub, query: Query) -> list[Repository]:
    """Give the repositories that a query finds, by id."""
    _check_scope(hub, query)
    tests = _qualified(query.qualifiers, REPOSITORIES)
    if not query.values("fork"):
        tests.append(lambda repository: not repository.fork)
    places = [part for value in query.values("in") for part in value.split(",")] or ["name", "description", "topics"]
    tests.append(_words(query, lambda repository: _texts(repository, places)))
    return [one for _, one in sorted(hub.repositories.items()) if one.public and all(test(one) for test in tests)]


def find_commits(hub: Hub, query: Query) -> list[tuple[Repository, Commit]]:
    """Give the commits that a query finds, with the repository of each."""
    _check_scope(hub, query)
    places = _qualified([one for one in query.qualifiers if one[0] not in COMMITS], REPOSITORIES)
    tests = _qualified([one for one in query.qualifiers if one[0] in COMMITS], COMMITS)
    tests.append(_words(query, lambda commit: [commit.message]))
    return [
        (repository, commit)
        for _, repository in sorted(hub.repositories.items())
        if repository.public and all(test(repository) for test in places)
        for commit in repository.commits
        if all(test(commit) for test in tests)
    ]


def find_code(hub: Hub, query: Query) -> list[tuple[Repository, File]]:
    """Give the files that a query finds on default branches: small ones alone, and never without a word."""
    if not any(query.words):
        raise SearchError("ERROR_TYPE_QUERY_PARSING_FATAL unable to parse query!")
    _check_scope(hub, query)
    places = _qualified([one for one in query.qualifiers if one[0] not in FILES], REPOSITORIES)
    tests = _qualified([one for one in query.qualifiers if one[0] in FILES], FILES)
    tests.append(_words(query, lambda file: [file.text]))
    return [
        (repository, file)
        for _, repository in sorted(hub.repositories.items())
        if repository.public and not repository.fork and all(test(repository) for test in places)
        for file in repository.files()
        if file.size < LARGEST_FILE and all(test(file) for test in tests)
    ]


def date_range(value: str) -> tuple[datetime, datetime]:
    """Give the first and the last moment that a value of a date qualifier means, both included."""
    for sign in (">=", "<=", ">", "<"):
        if value.startswith(sign):
            first, last = moments(value.removeprefix(sign))
            tick = timedelta(microseconds=1)
            return {
                ">=": (first, LATEST),
                "<=": (EARLIEST, last),
                ">": (last + tick, LATEST),
                "<": (EARLIEST, first - tick),
            }[sign]
    low, dots, high = value.partition("..")
    if not dots:
        return moments(value)
    return EARLIEST if low == "*" else moments(low)[0], LATEST if high == "*" else moments(high)[1]


def moments(text: str) -> tuple[datetime, datetime]:
    """Give the first and the last moment of a day, or of a second; SearchError for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = EARLIEST
    if moment.year not in YEARS:
        raise SearchError(
            f'"{text}" is not a recognized date/time format. Please provide an ISO 8601 date/time value, '
            "such as YYYY-MM-DD."
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = timedelta(days=1) if "T" not in text else timedelta(seconds=1)
    return moment, moment + whole - timedelta(microseconds=1)


def _add(query: Query, token: str, negated: bool, known: frozenset[str]) -> None:
    matched = _QUALIFIER.fullmatch(token)
    if matched and matched[2] in known:
        query.qualifiers.append((matched[2], matched[3].strip('"'), negated or bool(matched[1])))
        return
    if matched:
        query.unknown.append(matched[2])
    query.words[-1].append((token.strip('"'), negated))


def _qualified(qualifiers: Sequence[tuple[str, str, bool]], made: Mapping[str, Callable[[str], Test]]) -> list[Test]:
    """Give the tests of qualifiers: all of them, but any one of the repositories, and any one of the languages."""
    groups: dict[object, list[Test]] = {}
    tests = []
    for name, value, negated in qualifiers:
        test = made[name](value)
        if negated:
            tests.append(_not(test))
        elif name in ANY_OF:
            groups.setdefault(ANY_OF[name], []).append(test)
        else:
            tests.append(test)
    return tests + [_any(group) for group in groups.values()]


def _not(test: Test) -> Test:
    return lambda item: not test(item)


def _any(tests: Sequence[Test]) -> Test:
    return lambda item: any(test(item) for test in tests)


def _words(query: Query, texts_of: Callable[[Any], Sequence[str]]) -> Test:
    """Test for the words: all of one alternative, each as it is written within one text."""
    wanted = [[(_spaced(word), no) for word, no in some] for some in query.words]

    def test(item: Any) -> bool:
        text = "|".join(map(_spaced, texts_of(item)))
        return any(all((word in text) != no for word, no in some) for some in wanted)

    return test if any(wanted) else lambda _item: True


def _spaced(text: str) -> str:
    """Give the words of a text, each between spaces."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _texts(repository: Repository, places: list[str]) -> list[str]:
    texts = {"name": [repository.name], "description": [repository.description or ""], "topics": repository.topics}
    return [text for place in places for text in texts.get(place, ())]


def _check_scope(hub: Hub, query: Query) -> None:
    """Refuse a query within repositories or accounts of which none can be seen."""
    asked = query.values("repo", "user", "org")
    owners = {repository.owner.lower() for repository in hub.repositories.values()}
    seen = [one for name in query.values("repo") if (one := hub.find(name)[0]) is not None and one.public]
    if asked and not seen and not owners & {name.lower() for name in query.values("user", "org")}:
        raise SearchError(
            "The listed users and repositories cannot be searched either because the resources do not exist or you do "
            "not have permission to view them.",
            avoidable=False,
        )


def _dates(of: Callable[[Any], datetime]) -> Callable[[str], Test]:
    def made(value: str) -> Test:
        low, high = date_range(value)
        return lambda item: low <= of(item) <= high

    return made


def _numbers(of: Callable[[Any], int]) -> Callable[[str], Test]:
    def made(value: str) -> Test:
        matched = re.fullmatch(r"(>=|<=|>|<)?(\d+)|(\d+|\*)\.\.(\d+|\*)", value)
        if not matched:
            raise SearchError(f'"{value}" is not a number or a range of numbers.')
        sign, number, low, high = matched.groups()
        if low:
            low, high = low.replace("*", "0"), high.replace("*", "9" * 18)
            return lambda item: int(low) <= of(item) <= int(high)
        edge = int(number)
        return {
            ">=": lambda item: of(item) >= edge,
            "<=": lambda item: of(item) <= edge,
            ">": lambda item: of(item) > edge,
            "<": lambda item: of(item) < edge,
        }.get(sign, lambda item: of(item) == edge)

    return made


def _equals(of: Callable[[Any], object]) -> Callable[[str], Test]:
    """Compare texts in any case, and truths with true and false."""
    return lambda value: lambda item: str(of(item) if of(item) is not None else "").lower() == value.lower()


def _person(of: Callable[[Commit], Person]) -> dict[str, Callable[[str], Test]]:
    return {
        "-name": lambda value: lambda commit: value.lower() in of(commit).name.lower(),
        "-email": _equals(lambda commit: of(commit).email),
        "-date": _dates(lambda commit: of(commit).date),
    }


REPOSITORIES: dict[str, Callable[[str], Test]] = {
    "in": lambda _value: lambda _item: True,
    "is": lambda value: lambda _item: value != "private",
    "repo": _equals(lambda item: item.full_name),
    "user": _equals(lambda item: item.owner),
    "org": _equals(lambda item: item.owner),
    "topic": lambda value: lambda item: value.lower() in item.topics,
    "topics": _numbers(lambda item: len(item.topics)),
    "language": _equals(lambda item: item.language),
    "license": _equals(lambda item: item.license),
    "stars": _numbers(lambda item: item.stars),
    "forks": _numbers(lambda item: item.forks),
    "size": _numbers(lambda item: item.size),
    "created": _dates(lambda item: item.created_at),
    "pushed": _dates(lambda item: item.pushed_at),
    "archived": _equals(lambda item: item.archived),
    "mirror": _equals(lambda item: item.mirror_url is not None),
    "fork": lambda value: lambda item: {"true": True, "only": item.fork}.get(value, not item.fork),
}
COMMITS: dict[str, Callable[[str], Test]] = {
    "merge": _equals(lambda item: len(item.parents) > 1),
    "hash": _equals(lambda item: item.sha),
    "tree": _equals(lambda item: item.tree),
    "parent": lambda value: lambda item: value in item.parents,
    **{f"author{name}": test for name, test in _person(lambda commit: commit.author).items()},
    **{f"committer{name}": test for name, test in _person(lambda commit: commit.committer).items()},
}
FILES: dict[str, Callable[[str], Test]] = {
    "language": _equals(lambda item: LANGUAGES.get(item.path.rpartition(".")[2])),
    "extension": _equals(lambda item: item.path.rpartition(".")[2]),
    "filename": _equals(lambda item: item.path.rpartition("/")[2]),
    "path": lambda value: lambda item: item.path.startswith(value.strip("/")),
    "size": _numbers(lambda item: item.size),
    "in": lambda _value: lambda _item: True,
}
OF_CODE = ("repo", "user", "org", *FILES)
OF_COMMITS = ("repo", "user", "org", "is", *COMMITS)
