"""Cut GitHub's OpenAPI description down to the answers that the loopback server gives.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python tests/servers/github_openapi/cut.py package/generated/api.github.com.json

OpenAPI 3.0 has ``nullable`` and one ``type``; the slice is JSON Schema 2020-12, where null is a type of its own. Prose
and examples are left out, and each schema that is used is there once, in ``$defs``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SLICE = Path(__file__).with_name("api.github.com.slice.json")
PACKAGE = "@octokit/openapi"
PATHS = ("/search/repositories", "/search/commits", "/search/code", "/repos/{owner}/{repo}", "/rate_limit", "/user")
# Answers that any path may have, and the description has at few.
COMMON = ("basic-error", "validation-error", "validation-error-simple")
PROSE = (
    "description",
    "example",
    "examples",
    "title",
    "deprecated",
    "discriminator",
    "externalDocs",
    "default",
    "readOnly",
)
SCHEMAS = "#/components/schemas/"


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Give the slice of a description."""
    components = whole["components"]
    paths = {path: _answers(whole["paths"][path]["get"], components) for path in PATHS}
    common = {name: {"$ref": f"#/$defs/{name}"} for name in COMMON}
    defs: dict[str, Any] = {}
    wanted = [*_names(paths), *COMMON]
    while wanted:
        name = wanted.pop()
        if name not in defs:
            defs[name] = translated(components["schemas"][name])
            wanted += _names(defs[name])
    info = {"package": PACKAGE, "version": whole["info"]["version"], "license": "MIT, see LICENSE"}
    return {"info": info, "paths": paths, "common": common, "$defs": dict(sorted(defs.items()))}


def translated(schema: Any) -> Any:
    """Give a schema of OpenAPI 3.0 as one of JSON Schema 2020-12, without prose."""
    if isinstance(schema, list):
        return [translated(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            out[key] = value.replace(SCHEMAS, "#/$defs/")
        elif key in ("properties", "patternProperties"):
            out[key] = {name: translated(below) for name, below in value.items()}
        elif key in ("enum", "required"):
            out[key] = value
        elif key not in PROSE and key != "nullable" and not key.startswith("x-"):
            out[key] = translated(value)
    return _or_null(out) if schema.get("nullable") else out


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a translated schema be null too."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]} if schema else schema
    values = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
    return {**schema, "type": [schema["type"], "null"], **values}


def _answers(operation: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Give the schema of each status; an empty one where no body is described."""
    out = {}
    for status, response in operation["responses"].items():
        named = response.get("$ref", "").rpartition("/")[2]
        content = (components["responses"][named] if named else response).get("content", {})
        out[status] = translated(content.get("application/json", {}).get("schema", {}))
    return out


def _names(part: Any) -> list[str]:
    """Give the names of the schemas that a part refers to."""
    if isinstance(part, list):
        return [name for item in part for name in _names(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"].removeprefix("#/$defs/")] if isinstance(part.get("$ref"), str) else []
    return own + [name for value in part.values() for name in _names(value)]


def main() -> None:
    """Write the slice beside this file."""
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    SLICE.write_text(json.dumps(cut(whole), separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
