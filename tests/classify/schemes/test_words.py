"""Bug type, root cause and impact by words: for each value, texts that tell it and texts that only seem to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miner.classify import wordcues
from miner.classify.schemes import bug_type, impact, question, root_cause
from miner.classify.taxonomies import taxonomy
from miner.model import Evidence, Label

LABELS = {
    "bug_type": bug_type.labels,
    "root_cause": root_cause.labels,
    "impact": impact.labels,
    "question": question.labels,
}
GROUPS = {"bug type": "bug_type", "root cause": "root_cause", "impact": "impact"}
SPAN = Evidence("versioning.renamed_symbol", 2.8, "tf.mul", "old", 4, 10, 0, 0, 7)

TELL = {
    ("bug_type", "api"): ["Fix AttributeError: module has no attribute 'mul'", "Replace deprecated calls"],
    ("bug_type", "coding"): ["Fix typo in variable name", "NameError: name 'x' is not defined"],
    ("bug_type", "data"): ["Fix reading of the training data", "Labels are not one-hot"],
    ("bug_type", "structural_data_flow"): ["Fix shape mismatch", "expected ndim=3, found ndim=2"],
    ("bug_type", "structural_control_and_sequence"): ["Fix infinite loop", "Use the right training mode"],
    ("bug_type", "structural_initialization"): ["Variables are not initialized", "Fix weight initialization"],
    ("bug_type", "structural_logic"): ["Fix off by one", "Wrong calculation of the average"],
    ("bug_type", "structural_processing"): ["The net is not learning", "Fix wrong loss"],
    ("bug_type", "non_model_logic"): ["Fix the plots, plotting the wrong one", "Fix progress bar"],
    ("bug_type", "non_model_control_and_sequence"): ["Fix race condition of threads", "multiprocessing fails"],
    ("bug_type", "non_model_processing"): ["Fix tokenizer", "Parsing of JSON"],
    ("bug_type", "non_model_initialization"): ["Read the environment variable", "Fix missing config"],
    ("root_cause", "absence_of_type_checking"): ["TypeError: expected float", "Cast to float32"],
    ("root_cause", "api_change"): ["foo was removed in the new version", "Fix for TF2 deprecation: deprecated"],
    ("root_cause", "api_misuse"): ["You must compile your model first", "Fix misuse of the API"],
    ("root_cause", "confusion_with_computation_model"): [
        "Tensor is not an element of this graph",
        "Pass the feed_dict",
    ],
    ("root_cause", "incorrect_parameter_or_structure"): ["wrong activation", "The learning rate is too high"],
    ("root_cause", "structure_inefficiency"): ["Too many parameters", "Training is very slow"],
    ("root_cause", "unaligned_tensor"): [
        "ValueError: cannot reshape array",
        "Dimensions must be equal, but are 3 and 4",
    ],
    ("root_cause", "other_root_cause"): ["Fix typo", "No such file or directory"],
    ("impact", "crash"): ["Traceback (most recent call last):\n  File", "Fix crash when x is None"],
    ("impact", "bad_performance"): ["My loss does not decrease", "Model overfits a lot"],
    ("impact", "memory_out_of_bound"): ["Fix memory leak", "CUDA out of memory error"],
    ("impact", "hang"): ["predict hangs", "Fix deadlock in fit"],
    ("impact", "data_corruption"): ["Corrupted weights after saving", "Files are overwritten"],
    ("question", "bug"): ["I get the following error", "Why is my loss not decreasing?"],
    ("question", "no_bug"): ["What is the difference between view and reshape?", "How to transpose a matrix?"],
    ("impact", "incorrect_functionality"): ["predict returns wrong classes", "The output is always the same"],
}

SEEM = {
    ("bug_type", "api"): ["Fix rapid growth", "A capital letter"],
    ("bug_type", "coding"): ["Typology of nets", "syntactic sugar"],
    ("bug_type", "data"): ["database of users", "Fix datum"],
    ("bug_type", "structural_data_flow"): ["Shapely", "dimensional analysis is fun: reshaping"],
    ("bug_type", "structural_control_and_sequence"): ["Loops are fun", "orderly code"],
    ("bug_type", "structural_initialization"): ["the initial commit", "initiative"],
    ("bug_type", "structural_logic"): ["Offer by one", "logical"],
    ("bug_type", "structural_processing"): ["processing of orders", "loss of a friend"],
    ("bug_type", "non_model_logic"): ["A complot", "blueprint"],
    ("bug_type", "non_model_control_and_sequence"): ["embroidery: needle", "raced"],
    ("bug_type", "non_model_processing"): ["token", "Jason"],
    ("bug_type", "non_model_initialization"): ["environmental", "configured"],
    ("root_cause", "absence_of_type_checking"): ["typed", "broadcast"],
    ("root_cause", "api_change"): ["conversion", "rename a file"],
    ("root_cause", "api_misuse"): ["compile", "amiss"],
    ("root_cause", "confusion_with_computation_model"): ["obsession", "the graphics card"],
    ("root_cause", "incorrect_parameter_or_structure"): ["the parameter", "lost in activation"],
    ("root_cause", "structure_inefficiency"): ["slowly", "the room: zoom"],
    ("root_cause", "unaligned_tensor"): ["shapeless", "an axiom"],
    ("root_cause", "other_root_cause"): ["typographic", "pathology"],
    ("impact", "crash"): ["terror", "exceptional results"],
    ("impact", "bad_performance"): ["nano", "a slowpoke"],
    ("impact", "memory_out_of_bound"): ["a room", "in memory of"],
    ("impact", "hang"): ["change", "hangar"],
    ("impact", "data_corruption"): ["incorruptible", "a manglewurzel"],
    ("question", "bug"): ["terror", "failsafe"],
    ("question", "no_bug"): ["somehow towards", "indifference"],
    ("impact", "incorrect_functionality"): ["strangers", "correct"],
}


def first(scheme: str, text: str, patterns: tuple[Label, ...] = (), tags: tuple[str, ...] = ()) -> Label:
    return LABELS[scheme](patterns, text, tags)[0]


def test_every_value_is_tried() -> None:
    """The tables here hold every value of the taxonomy, and the cues speak for no other."""
    values = {(GROUPS[entry.group], entry.id) for entry in taxonomy("bug_types")}
    values |= {("question", "bug"), ("question", "no_bug")}
    assert values == TELL.keys() == SEEM.keys()
    assert {(scheme, cue.value) for scheme in LABELS for cue in wordcues.cues(scheme)} == values


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in TELL.items() for text in texts])
def test_a_text_tells_its_value(key: tuple[str, str], text: str) -> None:
    """The value is the first label, and its evidence stands at its offsets in the text."""
    scheme, value = key
    label = first(scheme, text)
    assert (label.scheme, label.value) == (scheme, value)
    assert all(text[row.start : row.end] == row.text for row in label.evidence)


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in SEEM.items() for text in texts])
def test_a_text_that_only_seems_to_tell_it_does_not(key: tuple[str, str], text: str) -> None:
    """A part of a longer word is no cue."""
    scheme, value = key
    assert value not in [label.value for label in LABELS[scheme]((), text, ())]


@pytest.mark.parametrize("scheme", LABELS)
def test_nothing_said_is_unknown(scheme: str) -> None:
    (label,) = LABELS[scheme]((), "Update the model", ())
    assert (label.value, label.confidence, label.evidence) == ("unknown", None, ())


@pytest.mark.parametrize(("scheme", "value"), [("bug_type", "api"), ("root_cause", "api_change"), ("impact", "crash")])
def test_the_fix_pattern_speaks_where_no_word_does(scheme: str, value: str) -> None:
    """With the pattern's own evidence, and the less the less sure the pattern is; below a confidence it is unknown."""
    sure = first(scheme, "", (Label("pattern", "versioning", 1, 0.9, "r", (SPAN,)),))
    assert sure.value == value
    assert [(row.text, row.side, row.line) for row in sure.evidence] == [("tf.mul", "old", 7)]
    doubtful = first(scheme, "", (Label("pattern", "versioning", 1, 0.05, "r", (SPAN,)),))
    assert doubtful.value == "unknown"


def test_tags_speak() -> None:
    label = first("root_cause", "", tags=("keras", "eager-execution"))
    assert label.value == "confusion_with_computation_model"
    assert [(row.side, row.text) for row in label.evidence] == [("tag", "eager-execution")]


def test_words_outweigh_the_pattern() -> None:
    """Who says that it hangs is believed, though most bugs of its pattern crash."""
    label = first("impact", "fit() hangs forever", (Label("pattern", "data_dimension", 1, 0.9, "r", (SPAN,)),))
    assert label.value == "hang"


@pytest.mark.parametrize("scheme", LABELS)
def test_every_phrase_is_found(scheme: str) -> None:
    """Each phrase of the tables is found in a text, in any case, between other words and over a line's end."""
    for cue in wordcues.cues(scheme):
        for phrase in cue.phrases:
            assert phrase == phrase.lower()
            text = f"(Ok {phrase.removesuffix('*').upper()}".replace(" ", "\n") + ")"
            assert cue.value in [reason.value for reason in wordcues.in_text(scheme, text)], phrase


def test_patterns_and_values_of_the_tables_exist() -> None:
    patterns = {entry.id for entry in taxonomy("fix_patterns")}
    for scheme in LABELS:
        values = {cue.value for cue in wordcues.cues(scheme)}
        for pattern, shares in wordcues.pattern_shares(scheme).items():
            assert pattern in patterns
            assert shares.keys() <= values


@settings(deadline=None)
@given(st.text() | st.text(alphabet=st.characters()) | st.text(alphabet="oOmM İıß\n*"), st.sampled_from(sorted(LABELS)))
def test_any_text_is_read(text: str, scheme: str) -> None:
    """Letters that grow when lowered move no span."""
    for label in LABELS[scheme]((), f"{text} Out of Memory NaN loss TypeError", ()):
        for row in label.evidence:
            assert row.text == f"{text} Out of Memory NaN loss TypeError"[row.start : row.end]
