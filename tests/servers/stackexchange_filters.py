"""Filters of the Stack Exchange API: which fields an answer holds, and whether its strings are safe to put into HTML.

A filter's name is its content, encoded, as it is with the real API: it never expires, and any server understands it.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_FIELDS = {
    "": "backoff error_id error_message error_name has_more items quota_max quota_remaining",
    "question": "accepted_answer_id answer_count bounty_amount bounty_closes_date closed_date closed_reason"
    " community_owned_date content_license creation_date is_answered last_activity_date last_edit_date link locked_date"
    " migrated_from migrated_to owner protected_date question_id score tags title view_count",
    "answer": "answer_id community_owned_date content_license creation_date is_accepted last_activity_date"
    " last_edit_date locked_date owner question_id score",
    "comment": "comment_id content_license creation_date edited owner post_id reply_to_user score",
    "shallow_user": "accept_rate account_id display_name link profile_image reputation user_id user_type",
    "filter": "filter filter_type included_fields",
    "info": "answers_per_minute api_revision badges_per_minute new_active_users questions_per_minute total_accepted"
    " total_answers total_badges total_comments total_questions total_unanswered total_users total_votes",
}
OTHER_FIELDS = {
    "": "page page_size total type",
    "question": "answers body body_markdown bounty_user close_vote_count closed_details comment_count comments"
    " delete_vote_count down_vote_count favorite_count last_editor notice reopen_vote_count share_link up_vote_count",
    "answer": "accepted awarded_bounty_amount awarded_bounty_users body body_markdown comment_count comments"
    " down_vote_count last_editor link share_link tags title up_vote_count",
    "comment": "body body_markdown link post_type",
    "shallow_user": "badge_counts",
    "info": "site",
}
KINDS = {"answers": "answer", "comments": "comment", "owner": "shallow_user", "last_editor": "shallow_user"}
ESCAPED = {"title", "display_name", "body_markdown"}

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()"
# Characters that HTML has a name for, and those that the API writes as numbers.
_LATIN = re.compile("['\u00a0-\u00ff]")


def _names(table: Mapping[str, str]) -> frozenset[str]:
    return frozenset(f"{kind}.{name}" for kind, names in table.items() for name in names.split())


DEFAULTS = _names(DEFAULT_FIELDS)
FIELDS = sorted(DEFAULTS | _names(OTHER_FIELDS))


@dataclass(frozen=True)
class Filter:
    """The fields that are returned, as ``type.field``; the wrapper's have a leading dot only."""

    fields: frozenset[str]
    unsafe: bool = False

    @property
    def name(self) -> str:
        """What goes into ``filter=``: needs quoting in a URL, as the real ones do."""
        bits = sum(1 << place for place, field in enumerate(FIELDS) if field in self.fields)
        number = bits * 2 + self.unsafe
        return "!" + _digits(number * 4096 + _checksum(number))

    def shape(self, kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
        """Give what the filter lets through of an item; empty lists are absent."""
        shaped = {}
        for name, value in item.items():
            if f"{kind}.{name}" in self.fields and value not in ([], None):
                shaped[name] = self._value(name, value)
        return shaped

    def _value(self, name: str, value: Any) -> Any:
        if name in KINDS and isinstance(value, list):
            return [self.shape(KINDS[name], each) for each in value]
        if name in KINDS:
            return self.shape(KINDS[name], value)
        return escape(value) if name in ESCAPED and not self.unsafe else value


BUILT_IN = {
    "default": Filter(DEFAULTS),
    "withbody": Filter(DEFAULTS | {"question.body", "answer.body", "comment.body"}),
    "none": Filter(frozenset()),
    "total": Filter(frozenset({".total"})),
}


def create(include: Iterable[str], exclude: Iterable[str], base: Filter, unsafe: bool) -> Filter:
    """Make a filter; a field that does not exist is a KeyError."""
    included, excluded = set(include), set(exclude)
    unknown = (included | excluded) - set(FIELDS)
    if unknown:
        raise KeyError(min(unknown))
    return Filter((base.fields | included) - excluded, unsafe)


def parse(name: str) -> Filter:
    """Give the filter of this name, or a ValueError: a name that nothing created."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    number, checksum = divmod(_number(name), 4096)
    bits, unsafe = divmod(number, 2)
    found = Filter(frozenset(field for place, field in enumerate(FIELDS) if bits >> place & 1), bool(unsafe))
    if checksum != _checksum(number) or found.name != name:
        raise ValueError(name)
    return found


def escape(text: str) -> str:
    """Write a string as a safe filter does: ``é`` and the quotes become numbers, too."""
    return _LATIN.sub(lambda found: f"&#{ord(found[0])};", html.escape(text, quote=False)).replace('"', "&quot;")


def _checksum(number: int) -> int:
    return zlib.crc32(str(number).encode()) % 4096


def _digits(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 64)
        text = _DIGITS[digit] + text
    return text


def _number(name: str) -> int:
    if not re.fullmatch(r"![A-Za-z0-9()]+", name):
        raise ValueError(name)
    number = 0
    for character in name[1:]:
        number = number * 64 + _DIGITS.index(character)
    return number
