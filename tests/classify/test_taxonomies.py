from __future__ import annotations

from importlib import resources

import pytest

from miner.classify.taxonomies import renames, taxonomy, upgrades, words


@pytest.mark.parametrize(
    ("name", "entries", "groups"), [("fix_patterns", 15, 1), ("prior_patterns", 27, 9), ("bug_types", 26, 3)]
)
def test_taxonomy_is_whole(name: str, entries: int, groups: int) -> None:
    """Each taxonomy has as many labels and groups as its paper; every label has a name."""
    found = taxonomy(name)
    assert len(found) == entries
    assert len({entry.group for entry in found}) == groups
    assert all(entry.name for entry in found)


def test_renames_say_since_when() -> None:
    """A renamed symbol has its library, its new name and the version of the change."""
    (entry,) = renames("symbols")["initialize_all_variables"]
    assert (entry.library, entry.new, entry.version) == ("tensorflow", "global_variables_initializer", "0.12")
    assert all(entry.version for kind in ("symbols", "keywords") for found in renames(kind).values() for entry in found)


def test_the_upgrades_of_tensorflow_are_whole() -> None:
    """Symbols and keywords that its tools rename are there, those that live on in ``compat.v1`` alone among them."""
    first, second = upgrades("tensorflow")
    assert (first.version, second.version) == ("1.0", "2.0")
    assert first.symbols["pack"] == "stack"
    assert first.keywords["concat"] == {"concat_dim": "axis"}
    assert "concat" in first.reordered
    assert second.symbols["random_uniform"] == "random.uniform"
    assert second.symbols["train.Saver"] == "compat.v1.train.Saver"
    assert second.keywords["argmax"] == {"dimension": "axis"}
    assert "nn.conv2d" in second.reordered
    assert len(second.symbols) > 1000
    assert not any(
        name.startswith("tf.") for table in (first, second) for pair in table.symbols.items() for name in pair
    )


def test_the_upgrades_of_keras_are_whole() -> None:
    """The new names of layers and their arguments in 2.0, and what 3.0 has no longer."""
    second, third = upgrades("keras")
    assert (second.version, third.version) == ("2.0", "3.0")
    assert second.symbols["Convolution2D"] == "Conv2D"
    assert second.keywords["Dense"]["output_dim"] == "units"
    assert second.keywords["Embedding"]["init"] == "embeddings_initializer"
    assert third.symbols["backend.abs"] == ""
    assert second.named("upgraded_symbol") == "upgraded_symbol@keras-2.0"


@pytest.mark.parametrize("name", ["tensorflow1", "tensorflow", "keras2", "keras3"])
def test_a_derived_table_says_where_it_is_from(name: str) -> None:
    """Its first lines name the source and the licence."""
    text = resources.files("miner.classify.taxonomies").joinpath(f"{name}_renames.toml").read_text(encoding="utf-8")
    head = text.partition("\n\n")[0]
    assert "Derived from" in head.replace("\n# ", " ")
    assert "License" in head
    assert "do not edit" in head.replace("\n# ", " ")


def test_words_are_short_names() -> None:
    """The vocabulary holds names as they are written after the last dot."""
    assert {"Dense", "Linear", "conv2d"} <= words("layers")
    assert not any("." in word for word in words("layers"))
