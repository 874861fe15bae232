"""Takes secrets out of the URLs of a text: the one place that knows where a URL may hold one."""

from __future__ import annotations

import re

MASK = "***"

# RFC 3986, 3.2: the user information ends at the last '@' of the authority. A password that should have been encoded
# may hold a '/', '?' or '#': then what stands before it looks like a host with a port that is no number.
_USER = re.compile(r"(?a)([\w+.-]{0,30})://([^\s/?#]*|[^\s/?#@:\[]*:(?!//|\d*(?:[/?#\s]|$))\S*)@")
_QUERY = re.compile(r"(?a)([\w+.-]{0,30})(://[^\s?]*\?)(\S+)")
_NAMED_VALUE = re.compile(
    r"(?ai)([?&](?:[\w.%-]*(?:password|passwd|pwd|passphrase|token|secret|key|auth|signature|credentials?))=)[^&#\s]*"
)
# What is searched for and how it is paged, at GitHub and Stack Exchange: it tells which request failed.
_HARMLESS = frozenset({"q", "sort", "order", "per_page", "page", "pagesize", "tagged", "site"})
_CLOSING = "'\"`)]}>,;:."
_SSH = frozenset({"ssh", "git+ssh", "ssh+git"})
_DATABASE = re.compile(r"(?:postgres|postgresql|sqlite)(?:\+\w+)?", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Take the user information out of every URL in a text, and put ``***`` for the values of its query.

    The values of a search's own parameters stay, as in ``?q=keras&page=2``.

    The user ``git`` of an SSH address stays: it is part of the address, and the same for everybody.
    """
    return _without_values(_USER.sub(_without_user, text), all_of_databases=True)


def masked(text: str) -> str:
    """Do the same for a text to show: ``***`` stands where something was.

    Of a database's URL the user stays, and the parameters that are not named like a secret.
    """
    return _without_values(_USER.sub(_masked_user, text), all_of_databases=False)


def _without_user(match: re.Match[str]) -> str:
    scheme, user = match.groups()
    is_git = scheme.lower() in _SSH and user.partition(":")[0] == "git"
    return f"{scheme}://{'git@' if is_git else ''}"


def _masked_user(match: re.Match[str]) -> str:
    scheme, user = match.groups()
    name, colon, _ = user.partition(":")
    if _DATABASE.fullmatch(scheme) and "@" not in name:
        return f"{scheme}://{name}{colon and ':' + MASK}@"
    return match[0] if scheme.lower() in _SSH and user == "git" else f"{scheme}://{MASK}@"


def _without_values(text: str, *, all_of_databases: bool) -> str:
    def hide(match: re.Match[str]) -> str:
        scheme, address, query = match.groups()
        if _DATABASE.fullmatch(scheme) and not all_of_databases:
            return match[0]
        values = query.rstrip(_CLOSING)
        hidden = "&".join(_without_value(part) for part in values.split("&"))
        return f"{scheme}{address}{hidden}{query[len(values) :]}"

    return _NAMED_VALUE.sub(rf"\1{MASK}", _QUERY.sub(hide, text))


def _without_value(part: str) -> str:
    name, equals, _ = part.partition("=")
    if name in _HARMLESS:
        return part
    return f"{name}={MASK}" if equals and re.fullmatch(r"[\w.-]+", name) else MASK
