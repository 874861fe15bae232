"""What a path says about a file: its language, and its part in the repository."""

from __future__ import annotations

import re
from functools import lru_cache

from miner.model import FileKind

_LANGUAGES = {
    ".py": "python",
    ".pyw": "python",
    ".pyi": "python",
    ".pyx": "python",
    ".pxd": "python",
    ".ipynb": "notebook",
    ".lua": "lua",
    ".c": "c",
    ".cc": "c++",
    ".cpp": "c++",
    ".cxx": "c++",
    ".h": "c++",
    ".hh": "c++",
    ".hpp": "c++",
    ".cu": "c++",
    ".cuh": "c++",
    ".m": "matlab",
    ".java": "java",
    ".scala": "scala",
    ".js": "javascript",
    ".ts": "javascript",
    ".r": "r",
    ".jl": "julia",
    ".go": "go",
    ".rs": "rust",
    ".swift": "swift",
    ".prototxt": "prototxt",
    ".pbtxt": "prototxt",
    ".sh": "shell",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".json": "json",
    ".toml": "toml",
    ".md": "markdown",
    ".rst": "restructuredtext",
    ".txt": "text",
}
_SOURCES = frozenset(
    {
        "python",
        "notebook",
        "lua",
        "c",
        "c++",
        "matlab",
        "java",
        "scala",
        "javascript",
        "r",
        "julia",
        "go",
        "rust",
        "swift",
    }
    | {"prototxt", "shell"}
)
_VENDORED = re.compile(
    r"(^|/)(vendor(ed)?|third[_-]?party|3rd[_-]?party|external|externals|node_modules|bower_components|site-packages"
    r"|dist-packages|\.?venv|virtualenv|_vendor|deps|jquery[^/]*\.js$|bootstrap[^/]*\.(js|css)$)(/|$)",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"(_pb2(_grpc)?\.pyi?|\.pb\.(h|cc|go)|\.min\.(js|css)|\.map|(^|/)(package-lock\.json|yarn\.lock|poetry\.lock"
    r"|Pipfile\.lock|uv\.lock|Cargo\.lock|conda-lock\.yml)|(^|/)(dist|_build|__pycache__|\.ipynb_checkpoints)/.*"
    r"|\.pyc|\.egg-info/.*)$",
    re.IGNORECASE,
)
_TEST = re.compile(r"(^|/)(tests?|testing|unittests?)/|(^|/)(test_[^/]*|[^/]*_tests?)\.\w+$|(^|/)conftest\.py$", re.I)
_DOCUMENTATION = re.compile(
    r"(^|/)(docs?|documentation)/|\.(md|rst|tex|adoc)$|(^|/)(readme|changelog|changes|authors|license|contributing)[^/]*$",
    re.IGNORECASE,
)
_CONFIGURATION = re.compile(
    r"\.(ya?ml|toml|cfg|ini|conf|properties)$|(^|/)(setup\.py|requirements[^/]*\.txt|Makefile|Dockerfile[^/]*|CMakeLists\.txt"
    r"|\.[^/]+)$|^\.[^/]+/",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def language_of(path: str) -> str:
    """Give the language of a file by its ending, empty if it is not known."""
    return _LANGUAGES.get(path[path.rfind(".") :].lower(), "")


@lru_cache(maxsize=8192)
def kind_of(path: str) -> FileKind:
    """Tell what part a file plays, by its path alone; the more telling kind first."""
    if _VENDORED.search(path):
        return FileKind.VENDORED
    if _GENERATED.search(path):
        return FileKind.GENERATED
    if _CONFIGURATION.search(path):
        return FileKind.CONFIGURATION
    source = language_of(path) in _SOURCES
    if source and _TEST.search(path):
        return FileKind.TEST
    if _DOCUMENTATION.search(path):
        return FileKind.DOCUMENTATION
    return FileKind.SOURCE if source else FileKind.DATA
