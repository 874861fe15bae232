"""Machine-readable metadata of a benchmark: Croissant 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from miner import __version__
from miner.export.files import Written

NAME = "deep-learning-bug-repairs"
_FIELDS = {
    "instance_id": ("sc:Text", "Id of the instance, made of the source's own."),
    "source": ("sc:Text", "git or stackoverflow."),
    "library": ("sc:Text", "The library whose use is repaired."),
    "fixed_at": ("sc:DateTime", "When the repair was made."),
    "family": ("sc:Text", "What must be on one side of a split."),
    "cluster_id": ("sc:Text", "The same for copies of one repair."),
    "url": ("sc:URL", "Where to read it."),
    "title": ("sc:Text", "First line of the message, or title of the question."),
    "text": ("sc:Text", "The whole message, or the question as HTML."),
    "selection_rule": ("sc:Text", "Why it counts as a repair."),
    "split": ("sc:Text", "train, test or held_back."),
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def text(files: Sequence[Written], as_of: str) -> str:
    """Describe the files with instances that were written; nothing in it says when it was made."""
    data = [one for one in files if one.name.endswith(".jsonl")]
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": NAME,
        "description": "Bugs in programs that use deep-learning libraries, each with its repair and labels.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": "https://creativecommons.org/licenses/by-sa/4.0/",
        "url": "https://stackoverflow.com/help/licensing",
        "version": __version__,
        "datePublished": as_of[:10] or "1970-01-01",
        "citeAs": "Islam, Pan, Nguyen, Rajan: Repairing Deep Neural Networks: Fix Patterns and Challenges. ICSE 2020.",
        "distribution": [_file(one) for one in data],
        "recordSet": [_records(one) for one in data],
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _file(one: Written) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": one.name,
        "name": one.name,
        "contentUrl": one.name,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": "application/jsonlines",
        "sha256": one.sha256,
    }


def _records(one: Written) -> dict[str, Any]:
    name = one.name.removesuffix(".jsonl")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": meaning,
                "dataType": kind,
                "source": {"fileObject": {"@id": one.name}, "extract": {"column": column}},
            }
            for column, (kind, meaning) in _FIELDS.items()
        ],
    }
