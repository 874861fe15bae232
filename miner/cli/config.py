"""``miner config``: the settings in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of

app = typer.Typer(help="See the settings.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _config() -> None:
    pass


@app.command(short_help="Print the settings in force, passwords masked.")
def show(
    context: typer.Context,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the settings in force as TOML: shipped defaults < file < environment < flags. Passwords are masked."""
    from miner.console import mask_values

    values = mask_values(settings_of(context, config, database_url).model_dump(mode="json"))
    typer.echo(json.dumps(values, indent=2) if as_json else _toml(values))


def _toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {_toml_value(value)}" for key, value in keys.items())])
        for name, keys in sections.items()
    )


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_value(key)} = {_toml_value(kept)}" for key, kept in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    # JSON's scalars and arrays are TOML's as well, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
