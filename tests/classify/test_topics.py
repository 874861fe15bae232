from __future__ import annotations

import pytest
from support.changes import change_of

from miner.classify import engine
from miner.classify.rules import TRIGGERS
from miner.classify.signals import read
from miner.classify.topics import words_of


@pytest.mark.parametrize(
    ("body", "topics"),
    [
        pytest.param("-a = fit(x)\n+a = fit(x, nb_batch=2)", {"training"}, id="part of a snake_case name"),
        pytest.param("-a = f(x)\n+a = f(x, batchSize)", {"training", "shape"}, id="parts of a camelCase name"),
        pytest.param(
            "-loss = f(x, lr)\n+loss = f(y, lr_decay)", {"optimizer"}, id="the same on both sides, beside another"
        ),
        pytest.param("-loss = f(x)\n+loss = f(y)", {"loss"}, id="the same on both sides, and nothing else"),
        pytest.param("-loss = f(x)\n+loss  = f( x )", set(), id="white space"),
        pytest.param("-y = x[:, :dim]\n+y = x[:, :, :dim]", {"slice"}, id="a slice"),
        pytest.param("-y = x[0]\n+y = x[1]", {"index"}, id="an index"),
        pytest.param("-y = f(x)\n+y = f(x)  # the loss", set(), id="a comment"),
        pytest.param("-y = a\n+y = b", set(), id="nothing"),
    ],
)
def test_topics_are_those_of_the_names_that_changed(body: str, topics: set[str]) -> None:
    """A topic is there if one side speaks of it more than the other, in parts of names and in subscripts."""
    assert {fact.topic for fact in read(change_of(body), TRIGGERS).topics} == topics


def test_a_topic_shows_where_it_stands() -> None:
    """The span is of the whole name, on the side that has it."""
    (fact,) = read(change_of(" b = 1\n-y = f(x, nb_epochs)\n+y = f(x)"), TRIGGERS).topics
    assert (fact.topic, fact.span.side, fact.span.line, fact.span.text) == ("training", "old", 11, "nb_epochs")


def test_what_both_sides_speak_of_is_shared() -> None:
    """It is marked, and the engine hears it only where no rule has a vote."""
    facts = read(change_of("-loss = 1\n+loss = 2"), TRIGGERS)
    assert [fact.shared for fact in facts.topics] == [True]
    assert engine.observe(facts, "keras").topics == {}
    facts.assignments.clear()
    assert engine.observe(facts, "keras").topics.keys() == {"loss"}


def test_words_of_a_name_are_its_telling_parts() -> None:
    """Only parts that belong to a topic are given, lowered and in order."""
    assert words_of("myBatchSize_v2") == ("batch", "size", "v2")
    assert words_of("foo") == ()
