"""Makes the table of what TensorFlow 2 renamed out of the upgrade tables that a tensorflow wheel holds.

    python bench/tensorflow_renames.py TENSORFLOW.whl

The tables are those of ``tf_upgrade_v2`` (``tensorflow/tools/compatibility``, Apache-2.0). They are read as literals:
no code of the wheel runs. Writes ``miner/classify/taxonomies/tensorflow_renames.toml``.
"""

from __future__ import annotations

import argparse
import ast
import json
import textwrap
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "miner" / "classify" / "taxonomies" / "tensorflow_renames.toml"
FOLDER = "tensorflow/tools/compatibility"
HEAD = "tf."
V1 = "tf.compat.v1."
NOTE = """\
# What TensorFlow 2.0 renamed, without the leading "tf.". Derived from renames_v2.py, all_renames_v2.py,
# reorders_v2.py and tf_upgrade_v2.py in tensorflow/tools/compatibility of {name}:
# Copyright The TensorFlow Authors, licensed under the Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0).
# Changed: names and keywords only, as TOML. Made by bench/tensorflow_renames.py: do not edit.
"""


def literal(source: str, name: str) -> dict[str, Any]:
    """Give the dictionary that a module or a method assigns to a name or an attribute."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if name in (getattr(target, "id", ""), getattr(target, "attr", "")):
                found: dict[str, Any] = ast.literal_eval(node.value)
                return found
    raise SystemExit(f"no table {name}: this wheel's upgrade tables have another form")


def toml(
    name: str,
    symbols: Mapping[str, str],
    keywords: Mapping[str, Mapping[str, str | None]],
    reordered: Iterable[str],
) -> str:
    """Write the tables: names that live on in ``compat.v1`` alone as a list, the others with their new name."""
    moved = {old.removeprefix(HEAD): new for old, new in symbols.items() if old.startswith(HEAD) and new != old}
    v1 = sorted(old for old, new in moved.items() if new == V1 + old)
    moving = " ".join(sorted(function.removeprefix(HEAD) for function in reordered))
    lines = [NOTE.format(name=name), 'library = "tensorflow"', 'version = "2.0"']
    lines += ["# Functions whose arguments stand in another order.", 'reordered = """']
    lines += [*textwrap.wrap(moving, 118, break_on_hyphens=False), '"""']
    lines += ["# These are in tf.compat.v1 alone, under the same name."]
    lines += ['v1 = """', *textwrap.wrap(" ".join(v1), 118, break_on_hyphens=False), '"""', "", "[symbols]"]
    lines += [
        f"{json.dumps(old)} = {json.dumps(new.removeprefix(HEAD))}"
        for old, new in sorted(moved.items())
        if old not in set(v1)
    ]
    lines += ["", "[keywords]"]
    for function, renamed in sorted(keywords.items()):
        pairs = ", ".join(f"{old} = {json.dumps(new)}" for old, new in sorted(renamed.items()) if new)
        if function.startswith(HEAD) and pairs:
            lines.append(f"{json.dumps(function.removeprefix(HEAD))} = {{ {pairs} }}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the wheel, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    with zipfile.ZipFile(wheel) as archive:
        renames, manual, upgrade, reorders = (
            archive.read(f"{FOLDER}/{module}.py").decode()
            for module in ("renames_v2", "all_renames_v2", "tf_upgrade_v2", "reorders_v2")
        )
    symbols = literal(renames, "renames") | literal(manual, "manual_symbol_renames")
    name = "-".join(wheel.name.split("-")[:2])
    keywords = literal(upgrade, "function_keyword_renames")
    TARGET.write_text(toml(name, symbols, keywords, literal(reorders, "reorders")), encoding="utf-8")
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
