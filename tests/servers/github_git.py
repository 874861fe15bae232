"""Serves git repositories as GitHub does, by git's own ``git http-backend``: the smart protocol, for reading alone."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "/git/"
BLOCK = 1 << 16
_TARGET = re.compile(r"/git/([^/]+)/([^/]+?)(?:\.git)?(/info/refs|/git-upload-pack|/git-receive-pack)")
# What GitHub lets clients do: leave out objects, and ask for any commit that can be reached.
SETTINGS = {
    "safe.directory": "*",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
    "http.receivepack": "false",
}


@dataclass(frozen=True)
class Target:
    """What a client of git asks for: a repository's name, and the service's path in it."""

    owner: str
    name: str
    service: str

    @property
    def full_name(self) -> str:
        """The repository's name, with the owner's."""
        return f"{self.owner}/{self.name}"

    def renamed(self, url: str, full_name: str, query: str) -> str:
        """Give the same under another name."""
        return f"{url}{PREFIX}{full_name}.git{self.service}{'?' if query else ''}{query}"


def target(path: str) -> Target | None:
    """Read a path; None if it is none of git's smart protocol."""
    matched = _TARGET.fullmatch(path)
    return Target(*matched.groups()) if matched else None


def serve(handler: BaseHTTPRequestHandler, repository: Path, service: str) -> int:
    """Answer a request from a git directory, and give the status."""
    body = b"".join(_body(handler))
    process = subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(handler, repository, service, len(body)),
    )
    with process:
        out, _ = process.communicate(body)
    head, _, content = out.partition(b"\r\n\r\n")
    headers = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line]
    status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
    handler.send_response(status)
    for name, value in headers:
        if name not in ("Status", "Content-Length"):
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
    return status


def _environment(handler: BaseHTTPRequestHandler, repository: Path, service: str, length: int) -> dict[str, str]:
    """Give the variables of CGI, and git's settings."""
    settings = {"GIT_CONFIG_COUNT": str(len(SETTINGS))}
    for number, (key, value) in enumerate(SETTINGS.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    asked = {
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_TRANSLATED": f"{repository}{service}",
        "PATH_INFO": service,
        "REQUEST_METHOD": handler.command,
        "QUERY_STRING": urlsplit(handler.path).query,
        "CONTENT_LENGTH": str(length),
        "REMOTE_ADDR": "127.0.0.1",
        **{name: value for name, value in asked.items() if value},
        **settings,
    }


def _body(handler: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Read the body, which git sends in chunks when it is long."""
    if handler.headers.get("Transfer-Encoding", "") != "chunked":
        yield handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        return
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        yield handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
