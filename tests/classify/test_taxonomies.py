from __future__ import annotations

import pytest

from miner.classify.taxonomies import renames, taxonomy, tensorflow_upgrade, words


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


def test_the_upgrade_of_tensorflow_is_whole() -> None:
    """Symbols and keywords that its tool renames are there, those that live on in ``compat.v1`` alone among them."""
    upgrade = tensorflow_upgrade()
    assert upgrade.symbols["random_uniform"] == "random.uniform"
    assert upgrade.symbols["train.Saver"] == "compat.v1.train.Saver"
    assert upgrade.keywords["argmax"] == {"dimension": "axis"}
    assert len(upgrade.symbols) > 1000
    assert not any(name.startswith("tf.") for pair in upgrade.symbols.items() for name in pair)


def test_words_are_short_names() -> None:
    """The vocabulary holds names as they are written after the last dot."""
    assert {"Dense", "Linear", "conv2d"} <= words("layers")
    assert not any("." in word for word in words("layers"))
