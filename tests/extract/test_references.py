"""What messages and posts refer to, and what only looks like a reference."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.extract.references import LinkKind, Reference, of_message, of_post

SHA = "0123456789abcdef0123456789abcdef01234567"
GITHUB = "https://github.com/keras-team/keras"
QUESTIONS = "https://stackoverflow.com/questions"
HOME = "Keras-Team/Keras"
KERAS_12 = "github.com/keras-team/keras#12"
KEYWORDS = ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"]


def kinds(references: tuple[Reference, ...]) -> list[tuple[str, str]]:
    return [(found.kind.value, found.target) for found in references]


def in_message(message: str, repository: str | None = HOME) -> list[tuple[str, str]]:
    return kinds(of_message(message, repository))


@pytest.mark.parametrize("keyword", [*KEYWORDS, "Fixes:", "FIXES", "closes:"])
@pytest.mark.parametrize(
    "reference",
    ["#12", "GH-12", "keras-team/keras#12", "Keras-team/KERAS#12", f"{GITHUB}/issues/12", f"{GITHUB}/pull/12"],
)
def test_a_closing_keyword_closes_the_issue_right_after_it(keyword: str, reference: str) -> None:
    """Each of GitHub's keywords, in any case and with a colon, before each form of a reference."""
    message = f"Crash in fit\n\n{keyword} {reference}."
    (found,) = of_message(message, HOME)
    assert (found.kind, found.target_kind, found.target) == (LinkKind.CLOSES, "issue", KERAS_12)
    assert message[found.start : found.end] == f"{keyword} {reference}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix the shape (#12)", [("mentions", KERAS_12)]),
        ("fixes #1, #2 and closes #3", [("closes", "#1"), ("mentions", "#2"), ("closes", "#3")]),
        ("this fixes\n#12", [("closes", KERAS_12)]),
        ("a fix\n\n#12", [("mentions", KERAS_12)]),
        ("fixes issue #12", [("mentions", KERAS_12)]),
        ("prefixes #12, hot-fix #12", [("mentions", KERAS_12)]),
        ("see #12, fixes #12, #12", [("closes", KERAS_12)]),
        ("fixes a/b#3 of a/b", [("closes", "github.com/a/b#3")]),
        ("[#12](x), (#13); #14: *#15*", [("mentions", f"#{number}") for number in (12, 13, 14, 15)]),
        (f"see {GITHUB}/issues/12#issuecomment-99, or not", [("mentions", KERAS_12)]),
        (f"<{GITHUB}/pull/12/files>", [("mentions", KERAS_12)]),
        ("github.com/keras-team/keras/issues/12", [("mentions", KERAS_12)]),
    ],
)
def test_issues_in_messages(message: str, expected: list[tuple[str, str]]) -> None:
    """Mentioned, closed, several of them, across a line end, in Markdown; each once with its strongest kind."""
    whole = [(kind, KERAS_12[:-3] + target if target[0] == "#" else target) for kind, target in expected]
    assert in_message(message) == whole


@pytest.mark.parametrize(
    "message",
    [
        "abc#12",
        "##12",
        "# 12",
        "#0",
        "#012",
        "color #fff123 and #12ab",
        "version #1.2",
        "https://example.org/page#12",
        "example.org/page/#12",
        "it&#39;s",
        "?x=#12",
        "GH-12a XGH-12",
        "a/b/c#12",
        "../b#12",
        f"{GITHUB}/issues/12...",
        f"{GITHUB}/tree/{SHA} {GITHUB}/issues",
        "https://github.community/keras-team/keras/issues/12",
        "https://notgithub.com/keras-team/keras/issues/12",
        f"{QUESTIONS}/tagged/keras https://stackoverflow.com/users/12 https://stackoverflow.com/q/99999999999",
        "reverts defaced, fixed 1234567, reverted commits",
        f"id: {SHA}",
        "",
    ],
)
def test_what_only_looks_like_a_reference(message: str) -> None:
    """Words, colours, headings, versions, fragments, entities, paths, other sites and bare numbers are none."""
    assert in_message(message) == []


def test_a_short_reference_needs_the_repository() -> None:
    assert in_message("fixes #12, GH-13 and a/b#14", None) == [("mentions", "github.com/a/b#14")]


def test_what_is_called_a_commit_is_a_reference_only_behind_a_keyword() -> None:
    """With its repository or without: what stored commits gave, new ones give."""
    assert in_message(f"as in commit a/b@{SHA} and commit {SHA}") == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f'Revert "Add"\n\nThis reverts commit {SHA}.', ("reverts", SHA)),
        (f"This reverts commit {SHA}, reversing\nchanges made to {SHA[::-1]}.", ("reverts", SHA)),
        (f"Rollback of commit {SHA[:9].upper()}", ("reverts", SHA[:9])),
        ("reverts 0123456", ("reverts", "0123456")),
        (f"Reverts {GITHUB}/commit/{SHA}", ("reverts", SHA)),
        ("Reverts keras-team/keras#12", ("reverts", KERAS_12)),
        (f"(cherry picked from commit {SHA})", ("cherry_picked", SHA)),
        (f"(cherry-picked from a/b@{SHA})", ("cherry_picked", SHA)),
        (f"(backported from commit {SHA})", ("cherry_picked", SHA)),
        (f"as in {GITHUB}/commit/{SHA}#diff-1L2", ("mentions", SHA)),
        (f"as in {GITHUB}/pull/9/commits/{SHA}", ("mentions", SHA)),
        (f"fixes {GITHUB}/commit/{SHA}.patch", ("mentions", SHA)),
        ("as in keras-team/keras@ABCDEF0", ("mentions", "abcdef0")),
        (f"pin git+https://github.com/a/b.git@{SHA}#egg=b", ("mentions", SHA)),
        (f"a/b@{SHA[:8]} is\nThis reverts commit {SHA}", ("reverts", SHA)),
        (f"This reverts commit {SHA[:8]}, {GITHUB}/commit/{SHA}", ("reverts", SHA)),
    ],
)
def test_commits_in_messages(message: str, expected: tuple[str, str]) -> None:
    """Reverted, picked and mentioned ones; a short and a full sha of one commit are one target."""
    assert in_message(message) == [expected]


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (f"{QUESTIONS}/12", "stackoverflow.com/12"),
        (f"{QUESTIONS}/12/why-is-2-it", "stackoverflow.com/12"),
        (f"{QUESTIONS}/12/why/34", "stackoverflow.com/34"),
        (f"{QUESTIONS}/12/why/34?a=1&b=2#34", "stackoverflow.com/34"),
        (f"{QUESTIONS}/12/why#34", "stackoverflow.com/34"),
        (f"{QUESTIONS}/12/why?answertab=votes#tab-top", "stackoverflow.com/12"),
        (f"{QUESTIONS}/12/why#comment56_34", "stackoverflow.com/34"),
        ("http://www.stackoverflow.com/q/12/99", "stackoverflow.com/12"),
        ("https://stackoverflow.com/a/34/99", "stackoverflow.com/34"),
        ("stackoverflow.com/a/34", "stackoverflow.com/34"),
        ("https://StackOverflow.com/posts/34/revisions", "stackoverflow.com/34"),
        ("https://pt.stackoverflow.com/q/12", "pt.stackoverflow.com/12"),
        ("https://stats.stackexchange.com/q/12", "stats.stackexchange.com/12"),
        ("https://stats.meta.stackexchange.com/q/12", "stats.meta.stackexchange.com/12"),
        ("https://superuser.com/q/12", "superuser.com/12"),
        ("https://serverfault.com/q/12", "serverfault.com/12"),
        ("https://askubuntu.com/q/12", "askubuntu.com/12"),
        ("https://mathoverflow.net/q/12", "mathoverflow.net/12"),
    ],
)
def test_posts_are_cited_by_any_of_their_links(link: str, target: str) -> None:
    """By questions, answers and comments, on every site; in a message as in a post, without what stands around."""
    message = f"fixes {link}, as said."
    (found,) = of_message(message, None)
    assert (found.kind, found.target_kind, found.target) == (LinkKind.CITES, "post", target)
    assert message[found.start : found.end] == link
    escaped = link.replace("&", "&amp;")
    assert kinds(of_post(f'<p>As <a href="{escaped}">said</a> &quot;{escaped}&quot;</p>')) == [("cites", target)]


def test_a_post_cites_commits_issues_and_posts_once_each() -> None:
    """In links, text and code; addresses that the site shortened add nothing; offsets are those of the HTML."""
    html = (
        f'<p>See <a href="{GITHUB}/commit/{SHA}" rel="nofollow">{GITHUB}/commit/{SHA[:9]}...</a> and '
        f'<a href="{GITHUB}/issues/1234">{GITHUB}/issues/12...</a> &amp; #13, '
        '<a href="//superuser.com/a/5">this</a></p>'
        "<pre><code>pip install git+https://github.com/a/b@abcdef0 # &lt;https://github.com/a/b/pull/7&gt;\n</code></pre>"
    )
    found = of_post(html)
    assert kinds(found) == [
        ("cites", SHA),
        ("cites", "github.com/keras-team/keras#1234"),
        ("cites", "superuser.com/5"),
        ("cites", "abcdef0"),
        ("cites", "github.com/a/b#7"),
    ]
    assert html[found[0].start : found[0].end] == f"{GITHUB}/commit/{SHA}"
    assert html[found[4].start : found[4].end] == "https://github.com/a/b/pull/7"


PIECES = st.sampled_from(
    [
        "#",
        "12",
        "/",
        "fixes ",
        "a/b",
        "@",
        SHA,
        "https://",
        "github.com/",
        "stackoverflow.com/q/",
        "commit ",
        "&",
        "é",
        "\n",
        "reverts ",
        "cherry picked from ",
        "issues/",
        "...",
        ".",
        "-",
        '"',
        "<",
        "\ud800",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join), st.none() | st.just(HOME))
def test_any_text_gives_ordered_references_that_lie_in_it(text: str, repository: str | None) -> None:
    """Whatever strangers write: no error, each target once, spans inside the text that hold the target's digits."""
    for found in (of_message(text, repository), of_post(text)):
        assert len({reference.target for reference in found}) == len(found)
        assert [reference.start for reference in found] == sorted(reference.start for reference in found)
        for reference in found:
            span = text[reference.start : reference.end].lower()
            assert reference.target[:7] in span if reference.target_kind == "commit" else True
            assert reference.target_kind == "commit" or reference.target.rpartition("/")[2].rpartition("#")[2] in span


@pytest.mark.parametrize(
    "piece",
    [
        "#",
        "/",
        "fixes ",
        "fixes #",
        "a/",
        "a-",
        "a/b#",
        "#1 ",
        "http://",
        "https://stackoverflow.com/",
        "&",
        " ",
        "commit ",
        "a." * 40 + " ",
        "a" * 39 + "/" + "b" * 100 + " ",
        f"a/b@{SHA[:7]} ",
        f"{GITHUB}/commit/{SHA} ",
        "cherry picked from ",
    ],
)
def test_a_megabyte_of_anything_is_read_in_linear_time(piece: str) -> None:
    """Eight times the text costs less than 24 times the time (64 were it quadratic), and no more than seconds."""
    times = []
    for size in (125_000, 1_000_000):
        text = (piece * (size // len(piece) + 1))[:size]
        started = process_time()
        of_message(text, HOME)
        of_post(text)
        times.append(process_time() - started)
    assert times[1] < max(24 * times[0], 1)
