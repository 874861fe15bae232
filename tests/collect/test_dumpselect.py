"""The byte tests find the rows that a real parser finds, whatever texts and forms the rows have."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.dumps import answer, escaped, ids, opened, question, read, row, table

from miner.collect.dump import AnswersWanted, ByPost, DumpTable, PostsWanted, Wanted
from miner.errors import DumpError

WANTED = frozenset({"keras", "tf.keras", "c++"})
TAGS = ("keras", "tf.keras", "keras-layer", "c++", "c", "python", "tensorflow2.0", "\u043f\u0438\u0442\u043e\u043d")
# Values that look like the row around them, and pieces of such.
TRAPS = (
    ' Tags="|keras|"',
    " Tags=",
    " ParentId=",
    ' PostTypeId="1" ',
    "<row Id=",
    "&lt;keras&gt;",
    "\n",
    "/>",
    "'",
    "]]>",
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12),
    st.lists(st.sampled_from(TRAPS), max_size=3).map("".join),
)
Values = dict[str, str]


@st.composite
def posts(draw: st.DrawFn) -> list[Values]:
    """Questions, answers and others with different ids, in the order of their ids but for some."""
    numbers = draw(st.lists(st.integers(1, 30), unique=True, max_size=12))
    if draw(st.booleans()):
        numbers.sort()
    return [draw(post(number)) for number in numbers]


@st.composite
def post(draw: st.DrawFn, number: int) -> Values:
    kind = draw(st.sampled_from(["1", "1", "2", "2", "5"]))
    values = {"Id": str(number), "PostTypeId": kind}
    if kind == "1":
        tags = draw(st.lists(st.sampled_from(TAGS), unique=True, min_size=1, max_size=3))
        values["Tags"] = f"<{'><'.join(tags)}>" if draw(st.booleans()) else f"|{'|'.join(tags)}|"
    elif kind == "2":
        values["ParentId"] = str(draw(st.integers(1, 30)))
    texts = draw(st.dictionaries(st.sampled_from(["Body", "Title", "Text"]), TEXTS))
    every = draw(st.permutations([*values.items(), *texts.items()]))
    usual = sorted(
        every,
        key=lambda item: (
            ["Id", "PostTypeId", "ParentId", "Body", "Title", "Tags"].index(item[0]) if item[0] != "Text" else 9
        ),
    )
    return dict(draw(st.sampled_from([every, usual])))


@st.composite
def written(draw: st.DrawFn, values: Mapping[str, str]) -> bytes:
    """Write a row as dumps do, or in another way that means the same."""
    if draw(st.booleans()):
        return row(values)
    gap, equals, indent = (draw(st.sampled_from(choice)) for choice in ((" ", "\t", "  "), ("=", " = "), ("", "  ")))
    spelt = "".join(f'{gap}{name}{equals}"{draw(spelling(value))}"' for name, value in values.items())
    end = draw(st.sampled_from(["/>", " />", "></row>"]))
    return f"{indent}<row{spelt}{end}{draw(st.sampled_from(['', ' ']))}".encode() + draw(
        st.sampled_from([b"\n", b"\r\n"])
    )


@st.composite
def spelling(draw: st.DrawFn, value: str) -> str:
    if draw(st.booleans()):
        return escaped(value)
    return "".join(f"&#{ord(character)};" if character in '<>&"|\n\tek' else character for character in value)


TABLES = posts().flatmap(lambda rows: st.tuples(*(written(values) for values in rows))).map(table)


@contextmanager
def on_disk(content: bytes, **limits: int) -> Iterator[DumpTable]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Posts.xml"
        path.write_bytes(content)
        yield opened(path, **limits)


def parsed(content: bytes) -> dict[int, Values]:
    return {int(element.attrib["Id"]): element.attrib for element in ET.fromstring(content)}  # noqa: S314 - own text


def selected(content: bytes) -> dict[int, Values]:
    """Select as simply as can be: the whole file at once, with a parser for all of it."""
    every = parsed(content)
    asked = {
        number: values
        for number, values in every.items()
        if values["PostTypeId"] == "1" and WANTED & set(values["Tags"].replace("><", "|").strip("<>|").split("|"))
    }
    answers = {
        number: values
        for number, values in every.items()
        if values["PostTypeId"] == "2" and int(values["ParentId"]) in asked
    }
    return asked | answers


def streamed(source: DumpTable) -> dict[int, Values]:
    """Select as a caller does: a second pass where it is asked for, and no answers to what never came."""
    wanted = PostsWanted(WANTED, set())
    blocks = read(source, wanted)
    if blocks[-1].late:
        blocks += read(source, AnswersWanted(wanted.questions))
    rows = [dict(values) for block in blocks for values in block.rows]
    kept = [values for values in rows if int(values.get("ParentId", values["Id"])) in wanted.questions]
    assert not [omission for block in blocks for omission in block.omissions]
    return {int(values["Id"]): values for values in kept}


@given(TABLES)
@example(
    table([question(1, "|python|", Title=' Tags="|keras|"'), question(2, "|keras|", Body=" Tags=", Title=" Tags=")])
)
def test_posts_are_those_that_a_parser_selects(content: bytes) -> None:
    """Whatever the texts hold, in whatever order attributes and rows are, both forms of tags."""
    with on_disk(content) as source:
        assert streamed(source) == selected(content)


@given(TABLES, st.integers(1, 400))
def test_posts_are_the_same_for_any_size_of_a_block(content: bytes, size: int) -> None:
    with on_disk(content, block_bytes=size) as source:
        assert streamed(source) == selected(content)


@given(TABLES, st.data(), st.integers(1, 400))
def test_reading_on_from_any_block_gives_the_same_rows(content: bytes, data: st.DataObject, size: int) -> None:
    """A run that was stopped has the ids of the questions and the largest one; no more."""
    with on_disk(content, block_bytes=size) as source:
        at_once = PostsWanted(WANTED, set())
        whole = read(source, at_once)
        stop = data.draw(st.integers(0, len(whole) - 1))
        first = PostsWanted(WANTED, set())
        blocks = [block for _, block in zip(range(stop + 1), source.blocks(first), strict=False)]
        second = PostsWanted(WANTED, set(first.questions), first.largest_question)
        rest = read(source, second, start=blocks[-1].end)
    assert ids([*blocks, *rest]) == ids(whole)
    assert (second.questions, second.largest_question) == (at_once.questions, at_once.largest_question)
    assert blocks[-1].late | rest[-1].late == whole[-1].late


LINKS = st.lists(
    st.tuples(
        st.permutations([("Id", "4"), ("PostId", ""), ("RelatedPostId", "2"), ("Text", "x")]), st.integers(1, 4), TEXTS
    )
)


@given(LINKS)
def test_rows_of_posts_are_those_that_a_parser_selects(rows: list[tuple[list[tuple[str, str]], int, str]]) -> None:
    """A post's id is told from others', wherever it stands."""
    lines = [row(dict(order) | {"PostId": number, "Text": text}) for order, number, text in rows]
    with on_disk(table(lines)) as source:
        found = [dict(values) for block in read(source, ByPost({2, 3})) for values in block.rows]
    every = [element.attrib for element in ET.fromstring(table(lines))]  # noqa: S314 - own text
    assert found == [values for values in every if values["PostId"] in ("2", "3")]


@pytest.mark.parametrize("tags", ["<keras>", "<python><tf.keras>", "|keras|", "|python|keras|c|"])
def test_a_wanted_tag_is_found_in_either_form(tags: str) -> None:
    with on_disk(table([question(1, tags)])) as source:
        assert list(streamed(source)) == [1]


@pytest.mark.parametrize("tags", ["<keras-layer>", "<c>", "|tfxkeras|", "|python|", "<Keras>", ""])
def test_a_tag_that_only_looks_like_a_wanted_one_is_not_taken(tags: str) -> None:
    with on_disk(table([question(1, tags)])) as source:
        assert streamed(source) == {}


def test_an_answer_that_comes_before_its_question_is_given() -> None:
    """Its question may come; whether it was wanted, the caller knows at the end."""
    wanted = PostsWanted(WANTED, set())
    with on_disk(table([question(1), answer(2, 4), answer(3, 5), question(4), question(5, "<java>")])) as source:
        blocks = read(source, wanted)
    assert ids(blocks) == [1, 2, 3, 4]
    assert wanted.questions == {1, 4}
    assert wanted.largest_question == 5
    assert not blocks[-1].late


def test_a_wanted_question_behind_a_larger_one_asks_for_a_second_pass() -> None:
    content = table([question(9, "<java>"), answer(3, 2), question(2), answer(4, 2)])
    wanted = PostsWanted(WANTED, set())
    with on_disk(content) as source:
        blocks = read(source, wanted)
        again = read(source, AnswersWanted(wanted.questions))
    assert ids(blocks) == [2, 4]
    assert blocks[-1].late
    assert ids(again) == [3, 4]
    assert not again[-1].late


def test_what_is_called_late_may_be_behind_a_wanted_question() -> None:
    wanted = PostsWanted(WANTED, set())
    with on_disk(table([question(9), answer(3, 2), question(2)])) as source:
        blocks = read(source, wanted)
    assert ids(blocks) == [9, 2]
    assert blocks[-1].late


def test_an_unwanted_question_behind_a_larger_one_needs_no_second_pass() -> None:
    with on_disk(table([question(9), question(2, "<java>")])) as source:
        assert not read(source, PostsWanted(WANTED, set()))[-1].late


def test_an_unwanted_answer_of_another_form_is_not_given() -> None:
    odd = row({"ParentId": 1, "Id": 3, "PostTypeId": 2})
    with on_disk(table([question(1, "<java>"), odd])) as source:
        assert ids(read(source, PostsWanted(WANTED, set()))) == []
        assert ids(read(source, AnswersWanted({2}))) == []


@pytest.mark.parametrize("wanted", [PostsWanted(WANTED, set()), AnswersWanted({1}), ByPost({1})])
def test_no_row_hides_behind_an_unwanted_one(wanted: Wanted) -> None:
    """Two rows in a line are refused, whatever the first is."""
    shown = row({"Id": 8, "PostId": 7}) if isinstance(wanted, ByPost) else answer(8, 7)
    with (
        on_disk(table([question(7, "<java>"), shown.rstrip() + answer(2, 1, PostId=1)])) as source,
        pytest.raises(DumpError, match="several rows in one line"),
    ):
        read(source, wanted)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (answer(2, 1, ParentId=None), "ParentId is missing"),
        (answer(2, 1, ParentId="x"), "ParentId is not a number"),
        (answer(2, 1, PostTypeId=None), "PostTypeId is missing"),
        (question(2, Id=None), "Id is missing"),
        (question(2, "keras"), "Tags has neither"),
    ],
)
def test_a_row_that_does_not_tell_whether_it_is_wanted_is_an_omission(line: bytes, what: str) -> None:
    with on_disk(table([question(1), line, answer(3, 1)])) as source:
        (block,) = read(source, PostsWanted(WANTED, set()))
    assert ids([block]) == [1, 3]
    assert block.seen == 3
    (omission,) = block.omissions
    assert what in omission.detail


def test_a_row_that_belongs_to_no_post_is_an_omission() -> None:
    with on_disk(table([row({"Id": 1, "Text": "x"}), row({"Id": 2, "PostId": 7})])) as source:
        (block,) = read(source, ByPost({7}))
    assert ids([block]) == [2]
    assert [omission.detail.endswith("PostId is missing") for omission in block.omissions] == [True]
