"""How what people write becomes a value of a scheme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.rating.schemes import SCHEMES, library_id, nearest, nearest_library, value_id, values


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_value_is_known_by_its_id_and_by_its_name(scheme: str) -> None:
    assert values(scheme)[-1].id == "unknown"
    assert len({value.id for value in values(scheme)}) == len(values(scheme)) > 5
    for value in values(scheme):
        assert value_id(scheme, value.id) == value_id(scheme, value.name) == value.id
        assert value_id(scheme, f" {value.name.upper()} ") == value.id


@pytest.mark.parametrize(
    ("scheme", "text", "expected"),
    [
        ("pattern", "Data Wrangling", "data_wrangling"),
        ("pattern", "Change Neural Arch", "change_neural_architecture"),
        ("pattern", "Data", None),
        ("sub_pattern", "data_dimension/reshape", "data_dimension/reshape"),
        ("sub_pattern", "Add layer: dropout", "add_layer/dropout"),
        ("sub_pattern", "reshape", None),
        ("prior_pattern", "Method Call (MC) -Method Call with Different Actual Parameter Values (MC-DAP)", "MC-DAP"),
        (
            "prior_pattern",
            "Method Call (MC) -Method Call with Different Number of Parameters or Different Types of Parameters",
            "MC-DNP",
        ),
        (
            "prior_pattern",
            "sequence (SQ)-Removal of Operations from an Operation Sequence of Method Calls to an Object",
            "SQ-RMO",
        ),
        ("prior_pattern", "sq-amo", "SQ-AMO"),
        ("prior_pattern", "MC-DAP or MC-DNP", None),
        ("prior_pattern", "Method Call (MC)", None),
        ("bug_type", "API Bug", "api"),
        ("bug_type", "data Bug", "data"),
        ("bug_type", "SB.CSB", "structural_control_and_sequence"),
        ("bug_type", "NMSB.Logic Bugs", "non_model_logic"),
        ("bug_type", "Structural Bug.Logic Bugs", "structural_logic"),
        ("bug_type", "SB.Data flow Bug", "structural_data_flow"),
        ("bug_type", "Non-model structural bug: logic", "non_model_logic"),
        ("bug_type", "NMSB.Data flow", None),
        ("bug_type", "Logic Bug", None),
        ("bug_type", "Data flow bug", "structural_data_flow"),
        ("bug_type", "Bug", None),
        ("root_cause", "APIM", "api_misuse"),
        ("root_cause", "Others", "other_root_cause"),
        ("impact", "memory out of bound", "memory_out_of_bound"),
        ("impact", "", None),
    ],
)
def test_spellings(scheme: str, text: str, expected: str | None) -> None:
    """What could be of two kinds, such as a logic bug of the model or beside it, is none; data flow is of one kind."""
    assert value_id(scheme, text) == expected


@pytest.mark.parametrize("scheme", SCHEMES)
@given(text=st.text(max_size=40))
def test_any_text_gives_a_value_of_the_scheme_or_none(scheme: str, text: str) -> None:
    known = {value.id for value in values(scheme)}
    assert value_id(scheme, text) in known | {None}
    assert nearest(scheme, text) in {value.name for value in values(scheme)} | known | {""}


def test_a_near_match_is_told() -> None:
    assert nearest("pattern", "Los Functoin") == "loss_function"
    assert nearest("pattern", "Witchcraft") == ""


def test_libraries_have_other_names() -> None:
    assert [library_id(text) for text in ("Tensorflow", " PyTorch ", "", "keras")] == [
        "tensorflow",
        "torch",
        "",
        "keras",
    ]
    assert library_id("jax") is None
    assert nearest_library("Kerras") == "keras"
