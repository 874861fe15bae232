"""Finds what a commit message or a post refers to: issues and pull requests, commits, and posts of Stack Exchange.

For messages GitHub's own reading is the model (docs.github.com, "Linking a pull request to an issue" and "Autolinked
references and URLs"). Whether a target exists is not known here.

Every pattern looks ahead a bounded number of characters or takes what it looked at: the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

TargetKind = Literal["issue", "commit", "post"]


class LinkKind(StrEnum):
    """What a text does with its target. Analysts group by these values: they are stable."""

    CLOSES = "closes"
    MENTIONS = "mentions"
    REVERTS = "reverts"
    CHERRY_PICKED = "cherry_picked"
    CITES = "cites"


@dataclass(frozen=True, slots=True)
class Reference:
    """One target of a text, and the span that names it; with the keyword where there is one ("fixes #12").

    ``target`` of an issue or a pull request is ``github.com/owner/name#12`` in lower case; of a commit its sha as
    given, in lower case, 7 to 40 hexadecimal digits; of a post its site and id, ``stackoverflow.com/123``.
    """

    kind: LinkKind
    target_kind: TargetKind
    target: str
    start: int
    end: int


_WEAK: Final = frozenset({LinkKind.MENTIONS, LinkKind.CITES})
# Stack Exchange's ids are of SQL Server's type int.
_MAX_POST_ID: Final = 2**31 - 1
_MIN_SHA: Final = 7
# An owner's name, or "www." and the name of a site: the longest is of three labels.
_MOST_BEFORE_SLASH: Final = 200

_OWNER_AND_NAME = r"[a-z0-9][a-z0-9-]{0,38}/(?!\.{1,2}[#@/])[\w.-]{1,100}"
# A number that goes on, as in 1.2 or 12a, is another thing; one before an ellipsis may have lost its end.
_NUMBER = r"[1-9][0-9]{0,9}(?![\w…]|\.[0-9]|\.\.\.|-[a-z])"
_SHA = rf"[0-9a-f]{{{_MIN_SHA},40}}(?![\w-])"
_SITE = (
    r"(?:(?:[a-z0-9-]{1,63}\.){1,2}stackexchange|(?:[a-z0-9-]{1,63}\.)?(?:stackoverflow|superuser|serverfault"
    r"|askubuntu|stackapps))\.com|(?:meta\.)?mathoverflow\.net"
)
# A link ends where prose, Markdown or HTML goes on. Of HTML's entities only &amp; can be inside.
_LINK = rf"""
    (?:(?<!\w)https?:// | (?<![\w@.-])(?=(?://)?(?:www\.)?(?:github\.com|{_SITE})/))
    (?:[^\s<>"'`()\[\]{{}}|\\^&]++ | &(?!(?:quot|lt|gt|nbsp|apos|\#[0-9x])))++
"""
_KEYWORD = r"""
    (?<![\w-])(?P<keyword>
        close[sd]?|fix(?:e[sd])?|resolve[sd]?
      | revert(?:s|ed|ing)?|roll(?:s|ed|ing)?[ ]?back(?:\s{1,3}of)?
      | (?:cherry[ -]?pick(?:ed)?|backport(?:ed)?)\s{1,3}(?:from|of)
    )(?::|(?=\s))[ \t]{0,3}(?:\r?\n)?[ \t]{0,3}
"""
_FLAGS = re.IGNORECASE | re.VERBOSE | re.ASCII
# How all that names a target begins, or is followed within a name's length: most words of a message are passed over at
# the cost of a glance. A bare sha counts only behind a keyword.
_START = rf"""
    (?<!\w)(?=
        [\#/] | GH- | https?: | commit\s | close | fix | resolve | revert | roll | cherry | backport
      | [\w.-]{{1,{_MOST_BEFORE_SLASH}}}+/
    )
"""
_IN_MESSAGE = re.compile(
    rf"""{_START}(?:{_KEYWORD})?+(?:
        (?P<link>{_LINK})
      | (?<![\w@./&=?\#-])\#(?P<number>{_NUMBER})
      | (?<![\w@./-])(?:
            GH-(?P<gh_number>{_NUMBER})
          | (?P<issue_repository>{_OWNER_AND_NAME})\#(?P<issue>{_NUMBER})
          | {_OWNER_AND_NAME}@(?P<commit>{_SHA})
          | (?P<said>commit\s{{1,3}})?(?:{_OWNER_AND_NAME}@)?(?P<sha>{_SHA})
        )
    )""",
    _FLAGS,
)
_IN_POST = re.compile(_LINK, _FLAGS)
_ON_GITHUB = re.compile(
    rf"""(?:https?:)?(?://)?(?:www\.)?github\.com/(?P<repository>{_OWNER_AND_NAME})(?:
        (?:/commit/|/pull/[0-9]{{1,10}}/(?:commits|changes)/|@)(?P<sha>{_SHA})
      | /(?:issues|pull)/(?P<issue>{_NUMBER})
    )""",
    _FLAGS,
)
# /q/123/9 and /a/456/9 end with the id of the user who shared the link.
_POST_LINK = re.compile(
    rf"""(?:https?:)?(?://)?(?:www\.)?(?P<site>{_SITE})/(?:
        questions/(?P<question>{_NUMBER})(?:/[^/?\#]*+(?:/(?P<answer>{_NUMBER}))?)?
      | (?:q|a|posts|revisions)/(?P<post>{_NUMBER})
    )[^\#]*+(?:\#(?:comment[0-9]{{1,12}}_|answer-)?(?P<place>{_NUMBER}))?""",
    _FLAGS,
)


def of_message(message: str, repository: str | None) -> tuple[Reference, ...]:
    """Give the targets of a commit message, each once, in the order of the text.

    A closing keyword counts for the reference right after it: of "fixes #1 and #2" the second is only mentioned. What
    is named twice has the strongest kind; of an abbreviated and a full sha the full one stays. The target of "reverts
    #12" is a pull request.

    :param repository: "owner/name" of the commit on GitHub; without it "#12" and "GH-12" have no target.
    """
    home = repository.lower() if repository else None
    return _once(_references(message, home))


def of_post(html: str) -> tuple[Reference, ...]:
    """Give what the HTML of a post links to or shows the address of, each target once; a link to itself is one too.

    Offsets are those of ``html``.
    """
    found = (_linked(html, match.span(), match.start(), "") for match in _IN_POST.finditer(html))
    return _once(replace(each, kind=LinkKind.CITES) for each in found if each)


def _references(message: str, home: str | None) -> Iterator[Reference]:
    for match in _IN_MESSAGE.finditer(message):
        keyword = (match["keyword"] or "").lower()
        if match["link"]:
            found = _linked(message, match.span("link"), match.start(), keyword)
        else:
            found = _written(match, home, keyword)
        if found:
            yield found


def _written(match: re.Match[str], home: str | None, keyword: str) -> Reference | None:
    """Read a reference that is no link."""
    number, repository = match["number"] or match["gh_number"] or match["issue"], match["issue_repository"] or home
    if number:
        target = _issue(repository, number) if repository else None
        return Reference(_kind("issue", keyword), "issue", target, *match.span()) if target else None
    if match["commit"]:
        return Reference(_kind("commit", keyword), "commit", match["commit"].lower(), *match.span())
    sha, kind = match["sha"].lower(), _kind("commit", keyword)
    # Bare digits are a sha only after what is said of commits alone; "reverts defaced ..." is prose.
    if kind in _WEAK or not (match["said"] or any(map(str.isdigit, sha))):
        return None
    return Reference(kind, "commit", sha, *match.span())


def _linked(text: str, span: tuple[int, int], start: int, keyword: str) -> Reference | None:
    """Read a link. The reference starts at ``start``, which is before the link where a keyword is."""
    link = text[slice(*span)].rstrip(".,:;!?*_~")
    end = span[0] + len(link)
    found = _ON_GITHUB.match(text, span[0], span[1])
    if found and found["sha"]:
        return Reference(_kind("commit", keyword), "commit", found["sha"].lower(), start, end)
    if found:
        target = _issue(found["repository"], found["issue"])
        return Reference(_kind("issue", keyword), "issue", target, start, end)
    post = _POST_LINK.match(text, span[0], span[1])
    number = int(post["place"] or post["answer"] or post["question"] or post["post"]) if post else 0
    if not post or number > _MAX_POST_ID:
        return None
    return Reference(LinkKind.CITES, "post", f"{post['site'].lower()}/{number}", span[0], end)


def _kind(target_kind: TargetKind, keyword: str) -> LinkKind:
    if keyword.startswith(("revert", "roll")):
        return LinkKind.REVERTS
    if keyword.startswith(("cherry", "backport")):
        return LinkKind.CHERRY_PICKED
    return LinkKind.CLOSES if keyword and target_kind == "issue" else LinkKind.MENTIONS


def _issue(repository: str, number: str) -> str:
    return f"github.com/{repository.lower().removesuffix('.git')}#{number}"


def _once(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Keep each target once: the first of its strongest kind, and the longest form of a sha."""
    found = list(references)
    full = _full_shas({each.target for each in found if each.target_kind == "commit"})
    kept: dict[str, Reference] = {}
    for each in found:
        target = full.get(each.target, each.target)
        known = kept.get(target)
        if known is None or (known.kind in _WEAK and each.kind not in _WEAK):
            kept[target] = replace(each, target=target)
    return tuple(sorted(kept.values(), key=lambda each: each.start))


def _full_shas(shas: Iterable[str]) -> dict[str, str]:
    """Give for each sha the longest that begins with it. In sorted order it is among its next neighbours."""
    full: dict[str, str] = {}
    for sha in sorted(shas, reverse=True):
        last = next(reversed(full), "")
        full[sha] = full[last] if last.startswith(sha) else sha
    return full
