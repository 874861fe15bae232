"""Makes tables of what a version of a library renamed, out of the tables that its own packages hold.

    python bench/library_renames.py keras2 KERAS-2.2.WHL      # keras/legacy/interfaces.py, keras/layers
    python bench/library_renames.py keras3 KERAS-3.WHL        # the names that are exported as keras._legacy
    python bench/library_renames.py tensorflow1 tf_upgrade.py # tensorflow/tools/compatibility, up to TensorFlow 1.12

All is read as syntax: no code of a package runs. Writes ``miner/classify/taxonomies/LIBRARY_renames.toml``.
"""

from __future__ import annotations

import argparse
import ast
import json
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow_renames import literal

FOLDER = Path(__file__).parents[1] / "miner" / "classify" / "taxonomies"
APACHE = "Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0)"
MIT = "MIT License (https://opensource.org/licenses/MIT)"


@dataclass
class Table:
    """What a version renamed: symbols, keywords by the function or layer, and functions whose arguments moved."""

    library: str
    version: str
    note: str
    symbols: dict[str, str] = field(default_factory=dict)
    keywords: dict[str, dict[str, str]] = field(default_factory=dict)
    reordered: list[str] = field(default_factory=list)


def keras2(path: Path) -> Table:
    """Read the legacy interfaces of Keras 2, and the old names of its layers."""
    holders = "Copyright (c) 2015 - 2018, Francois Chollet and others"
    note = f"keras/legacy/interfaces.py and keras/layers of {path.name}: {holders}, licensed under the {MIT}."
    table = Table("keras", "2.0", note)
    with zipfile.ZipFile(path) as archive:
        conversions = dict(interfaces(ast.parse(archive.read("keras/legacy/interfaces.py"))))
        for name in sorted(archive.namelist()):
            if name.startswith(("keras/layers/", "keras/engine/", "keras/models", "keras/legacy/layers")):
                _layers(ast.parse(archive.read(name)), conversions, table)
    return table


def interfaces(tree: ast.Module) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the old and new keywords of each interface that a module assigns."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            found = next((k.value for k in node.value.keywords if k.arg == "conversions"), None)
            if found is not None:
                yield node.targets[0].id, dict(ast.literal_eval(found))


def _layers(tree: ast.Module, conversions: Mapping[str, dict[str, str]], table: Table) -> None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    called = node.name if method.name == "__init__" else method.name
                    _decorated(method, called, conversions, table)
        elif isinstance(node, ast.FunctionDef):
            _decorated(node, node.name, conversions, table)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Name) and "Pool" not in target.id:
                    table.symbols[target.id] = node.value.id


def _decorated(function: ast.FunctionDef, called: str, conversions: Mapping[str, dict[str, str]], table: Table) -> None:
    for decorator in function.decorator_list:
        found = conversions.get(getattr(decorator, "attr", ""))
        if found:
            table.keywords.setdefault(called, {}).update(found)


def keras3(path: Path) -> Table:
    """Read the names that Keras 3 keeps for old code of TensorFlow alone, with the new one where there is one."""
    note = (
        f"the names exported as keras._legacy in {path.name}: Copyright The Keras Authors, licensed under the {APACHE}."
    )
    table = Table("keras", "3.0", note)
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("keras/src/") and name.endswith(".py"):
                for node in ast.walk(ast.parse(archive.read(name))):
                    if isinstance(node, ast.FunctionDef | ast.ClassDef):
                        table.symbols.update(_exported(node))
    return table


def _exported(node: ast.FunctionDef | ast.ClassDef) -> Iterator[tuple[str, str]]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "keras_export" and decorator.args:
            named = ast.literal_eval(decorator.args[0])
            names = [named] if isinstance(named, str) else list(named)
            new = next((name for name in names if not name.startswith("keras._legacy.")), "")
            for name in names:
                if name.startswith("keras._legacy."):
                    yield name.removeprefix("keras._legacy."), new.removeprefix("keras.")


def tensorflow1(path: Path) -> Table:
    """Read what TensorFlow's tool for the upgrade to 1.0 renames."""
    note = (
        f"tensorflow/tools/compatibility/tf_upgrade.py: Copyright The TensorFlow Authors, licensed under the {APACHE}."
    )
    source = path.read_text(encoding="utf-8")
    table = Table("tensorflow", "1.0", note)
    table.symbols = {_bare(old): _bare(new) for old, new in literal(source, "symbol_renames").items()}
    table.keywords = {_bare(name): found for name, found in literal(source, "function_keyword_renames").items()}
    table.reordered = sorted(map(_bare, literal(source, "function_reorders")))
    return table


def _bare(name: str) -> str:
    return name.removeprefix("tf.")


def toml(table: Table) -> str:
    """Write a table."""
    made = "Changed: names only, as TOML. Made by bench/library_renames.py: do not edit."
    note = f"What {table.library} {table.version} renamed. Derived from {table.note} {made}"
    lines = [f"# {line}" for line in textwrap.wrap(note, 118)]
    lines += ["", f"library = {json.dumps(table.library)}", f"version = {json.dumps(table.version)}"]
    if table.reordered:
        lines += ["# Functions whose arguments stand in another order.", 'reordered = """']
        lines += [*textwrap.wrap(" ".join(table.reordered), 118, break_on_hyphens=False), '"""']
    lines += ["", "# An empty new name: removed.", "[symbols]"]
    lines += [f"{json.dumps(old)} = {json.dumps(new)}" for old, new in sorted(table.symbols.items()) if old != new]
    lines += ["", "[keywords]"]
    for called, renamed in sorted(table.keywords.items()):
        pairs = ", ".join(f"{old} = {json.dumps(new)}" for old, new in sorted(renamed.items()))
        lines.append(f"{json.dumps(called)} = {{ {pairs} }}")
    return "\n".join(lines) + "\n"


MAKERS: Mapping[str, Callable[[Path], Table]] = {"keras2": keras2, "keras3": keras3, "tensorflow1": tensorflow1}


def main() -> None:
    """Read a package, write its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MAKERS)
    parser.add_argument("path", type=Path)
    asked = parser.parse_args()
    target = FOLDER / f"{asked.what}_renames.toml"
    target.write_text(toml(MAKERS[asked.what](asked.path)), encoding="utf-8")
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
