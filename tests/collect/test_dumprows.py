"""A row's attributes become posts, comments, edits, votes and links, or say what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from support.dumps import answer, question, row

from miner.collect import dumprows
from miner.collect.dumprows import DumpRowError, Edit, Link, Vote, parse_row
from miner.model import Author, PostKind

COMMENT = {"Id": 3, "PostId": 5, "Score": 2, "Text": "`a` *b*", "CreationDate": "2016-08-02T15:44:46.497", "UserId": 8}
EDIT = {"Id": 1, "PostHistoryTypeId": 5, "PostId": 7, "CreationDate": "2018-08-02T15:44:46.497", "UserId": 3}
VOTE = {"Id": 1, "PostId": 7, "VoteTypeId": 2, "CreationDate": "2016-08-02T00:00:00.000"}
LINK = {"Id": 1, "CreationDate": "2016-08-02T19:22:20.577", "PostId": 118, "RelatedPostId": 10, "LinkTypeId": 3}


def parsed(line: bytes) -> dict[str, str]:
    return parse_row(line.strip())


def test_a_question_has_all_that_the_dump_tells() -> None:
    edited = "2017-01-02T03:04:05.999"
    changed = {"AcceptedAnswerId": 9, "LastEditDate": edited, "ClosedDate": "2017-02-03T00:00:00.000"}
    post = dumprows.question_or_answer(parsed(question(7, "<c#><.net><tf.keras>", **changed)))
    assert (post.post_id, post.kind, post.question_id) == (7, PostKind.QUESTION, 7)
    assert (post.title, post.body) == ("What is it?", "<p>What does\n<code>a < b</code> mean?</p>\n")
    assert (post.score, post.author, post.tags) == (5, Author(8, ""), ("c#", ".net", "tf.keras"))
    assert post.created_at == datetime(2016, 8, 2, 15, 39, 14, tzinfo=UTC)
    assert post.last_edited_at == datetime(2017, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert post.last_activity_at == datetime(2016, 8, 18, 13, 20, 2, tzinfo=UTC)
    assert post.closed_at == datetime(2017, 2, 3, tzinfo=UTC)
    assert (post.accepted_answer_id, post.answer_count, post.view_count) == (9, 1, 169)


def test_an_answer_has_no_title_and_no_tags() -> None:
    post = dumprows.question_or_answer(parsed(answer(8, 7, OwnerUserId=None, OwnerDisplayName="Ada")))
    assert (post.post_id, post.kind, post.question_id, post.title) == (8, PostKind.ANSWER, 7, "")
    assert post.author == Author(None, "Ada")
    assert (post.tags, post.accepted_answer_id, post.answer_count, post.view_count) == ((), None, None, None)
    assert (post.last_edited_at, post.closed_at) == (None, None)


def test_ever_new_names_of_attributes_take_no_memory() -> None:
    for number in range(5000):
        parse_row(b'<row a%d="x" />' % number)
    assert len(dumprows._NAMES) < 1000


def test_an_activity_that_is_not_told_is_the_last_change() -> None:
    post = dumprows.question_or_answer(parsed(answer(8, 7, LastActivityDate=None)))
    assert post.last_activity_at == post.created_at


@pytest.mark.parametrize(
    ("changed", "licence"),
    [
        ({}, "CC BY-SA 3.0"),
        ({"CreationDate": "2010-01-01T00:00:00.000"}, "CC BY-SA 2.5"),
        ({"LastEditDate": "2019-01-01T00:00:00.000"}, "CC BY-SA 4.0"),
        ({"LastEditDate": "2019-01-01T00:00:00.000", "ContentLicense": "CC BY-SA 3.0"}, "CC BY-SA 3.0"),
    ],
)
def test_the_licence_is_the_one_told_or_that_of_the_last_edit(changed: dict[str, object], licence: str) -> None:
    assert dumprows.question_or_answer(parsed(answer(8, 7, **changed))).licence == licence


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("<keras>", ("keras",)),
        ("<c++><c#>", ("c++", "c#")),
        ("|keras|", ("keras",)),
        ("|.net|tensorflow2.0|", (".net", "tensorflow2.0")),
        ("", ()),
    ],
)
def test_tags_have_two_forms(text: str, tags: tuple[str, ...]) -> None:
    assert dumprows.tags({"Tags": text}) == tags


@pytest.mark.parametrize("text", ["keras", "<keras", "keras>", "|keras", "|", "keras python"])
def test_tags_of_another_form_are_not_guessed_at(text: str) -> None:
    with pytest.raises(DumpRowError, match="Tags has neither"):
        dumprows.tags({"Tags": text})


def test_a_comment_keeps_its_markdown() -> None:
    comment = dumprows.comment(parsed(row(COMMENT)))
    assert (comment.comment_id, comment.post_id, comment.score, comment.text) == (3, 5, 2, "`a` *b*")
    assert (comment.author, comment.licence) == (Author(8, ""), "CC BY-SA 3.0")
    assert comment.created_at == datetime(2016, 8, 2, 15, 44, 46, tzinfo=UTC)


def test_a_comment_of_a_deleted_user_without_a_score() -> None:
    changed = {"Score": None, "UserId": None, "UserDisplayName": "Ada", "ContentLicense": "CC BY-SA 2.5"}
    comment = dumprows.comment(parsed(row(COMMENT | changed)))
    assert (comment.score, comment.author, comment.licence) == (0, Author(None, "Ada"), "CC BY-SA 2.5")


def test_edits_are_told_from_other_events() -> None:
    when = datetime(2018, 8, 2, 15, 44, 46, tzinfo=UTC)
    kinds = {kind: dumprows.edit(parsed(row(EDIT | {"PostHistoryTypeId": kind}))) for kind in range(1, 60)}
    assert {kind for kind, edit in kinds.items() if edit} == {4, 5, 6, 7, 8, 9, 24}
    assert kinds[5] == Edit(7, when, 5, 3, "")


def test_votes_and_links() -> None:
    assert dumprows.vote(parsed(row(VOTE))) == Vote(7, date(2016, 8, 2), 2)
    when = datetime(2016, 8, 2, 19, 22, 20, tzinfo=UTC)
    assert dumprows.link(parsed(row(LINK))) == Link(118, 10, 3, when)


CONVERTERS: list[tuple[Callable[[dumprows.Row], object], bytes, list[str]]] = [
    (
        dumprows.question_or_answer,
        question(1),
        ["Id", "PostTypeId", "CreationDate", "Score", "Body", "Title"],
    ),
    (dumprows.question_or_answer, answer(2, 1), ["ParentId"]),
    (dumprows.comment, row(COMMENT), ["Id", "PostId", "Text", "CreationDate"]),
    (dumprows.edit, row(EDIT), ["PostId", "PostHistoryTypeId", "CreationDate"]),
    (dumprows.vote, row(VOTE), ["PostId", "VoteTypeId", "CreationDate"]),
    (dumprows.link, row(LINK), ["PostId", "RelatedPostId", "LinkTypeId", "CreationDate"]),
]


@pytest.mark.parametrize(
    ("convert", "line", "name"), [(convert, line, name) for convert, line, names in CONVERTERS for name in names]
)
def test_a_missing_attribute_is_named(convert: Callable[[dumprows.Row], object], line: bytes, name: str) -> None:
    values = parsed(line)
    del values[name]
    with pytest.raises(DumpRowError, match=f"{name} is missing"):
        convert(values)


@pytest.mark.parametrize("text", ["", "x", "1.5", " 1", "1_0", "\u0661", "2147483648", "-2147483648", "9" * 5000])
def test_what_is_no_number_of_32_bits_is_refused(text: str) -> None:
    with pytest.raises(DumpRowError, match="Score is not a number"):
        dumprows.number({"Score": text}, "Score")


@pytest.mark.parametrize(
    "text", ["", "now", "2016-13-01T00:00:00.000", "2016-08-02T25:00:00", "0001-01-01T00:00+23:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DumpRowError, match="CreationDate is not a time"):
        dumprows.moment({"CreationDate": text}, "CreationDate")


def test_a_post_of_another_kind_is_not_taken_for_an_answer() -> None:
    with pytest.raises(DumpRowError, match="neither that of a question nor of an answer"):
        dumprows.question_or_answer(parsed(answer(8, 7, PostTypeId=5)))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'<row Id="1" Body="<b>" />', "not well-formed"),
        (b'<row Id="1" Body="&nbsp;" />', "undefined entity"),
        (b'<row Id="1" Body="&#x0;" />', "invalid character number"),
        (b'<row Id="1" Id="2" />', "duplicate attribute"),
        (b'<row Id="1" Body="\xff" />', "not well-formed"),
        (b'<row Id="1"><row Id="2" /></row>', "not one <row>"),
        (b'<row Id="1" />x', "junk"),
        (b'<rows Id="1" />', "not one <row>"),
        (b'<row Id="1"', "unclosed token"),
        (b"", "no element found"),
    ],
)
def test_what_is_not_one_well_formed_row_is_refused(line: bytes, what: str) -> None:
    with pytest.raises(DumpRowError, match=what):
        parse_row(line)
