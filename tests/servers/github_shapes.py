"""What GitHub's answers look like: the JSON of repositories, commits, accounts and errors."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from servers.github_data import Commit, File, Person, Repository, account_id

Json = dict[str, Any]

DOCS = "https://docs.github.com/rest"
WEB = "https://github.com"
LICENSES = {"mit": ("MIT License", "MIT"), "apache-2.0": ("Apache License 2.0", "Apache-2.0")}

_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_ACCOUNT_LINKS = {
    "events_url": "/events{/privacy}",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "organizations_url": "/orgs",
    "received_events_url": "/received_events",
    "repos_url": "/repos",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
}


class Shapes:
    """Writes JSON; ``api`` is where the API is, ``clone`` a template of where repositories are cloned from."""

    def __init__(self, api: str, clone: str) -> None:
        self.api = api
        self.clone = clone

    def account(self, login: str) -> Json:
        """Give an account as it is within other things."""
        number, url = account_id(login), f"{self.api}/users/{login}"
        links = {name: url + rest for name, rest in _ACCOUNT_LINKS.items()}
        return {
            "login": login,
            "id": number,
            "node_id": _node("User", number),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{login}",
            **links,
            "type": "User",
            "user_view_type": "public",
            "site_admin": False,
        }

    def user(self, login: str) -> Json:
        """Give the account whose token asks."""
        empty = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        since = {"created_at": "2015-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}
        return {**self.account(login), **empty, "blog": "", **counts, **since}

    def minimal(self, repository: Repository) -> Json:
        """Give a repository as it is beside a commit."""
        url = f"{self.api}/repos/{repository.full_name}"
        return {
            "id": repository.id,
            "node_id": _node("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.account(repository.owner),
            "html_url": f"{WEB}/{repository.full_name}",
            "description": repository.description,
            "fork": repository.fork,
            "url": url,
            **{name: url + rest for name, rest in _REPOSITORY_LINKS.items()},
        }

    def repository(self, repository: Repository) -> Json:
        """Give a repository with what both a search and itself tell."""
        name, spdx = LICENSES.get(repository.license or "", ("", ""))
        terms = {"key": repository.license, "name": name, "spdx_id": spdx, "url": None, "node_id": "MDc6TGljZW5zZQ=="}
        web = f"{WEB}/{repository.full_name}"
        return {
            **self.minimal(repository),
            "created_at": stamp(repository.created_at),
            "updated_at": stamp(repository.updated_at),
            "pushed_at": stamp(repository.pushed_at),
            "git_url": f"git://github.com/{repository.full_name}.git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "clone_url": self.clone.format(owner=repository.owner, name=repository.name),
            "svn_url": web,
            "homepage": None,
            "size": repository.size,
            "stargazers_count": repository.stars,
            "watchers_count": repository.stars,
            "watchers": repository.stars,
            "forks_count": repository.forks,
            "forks": repository.forks,
            "open_issues_count": 0,
            "open_issues": 0,
            "language": repository.language,
            **dict.fromkeys(("has_issues", "has_projects", "has_downloads", "has_wiki", "allow_forking"), True),
            **dict.fromkeys(("has_pages", "has_discussions", "disabled", "is_template"), False),
            "mirror_url": repository.mirror_url,
            "archived": repository.archived,
            "license": terms if repository.license else None,
            "topics": list(repository.topics),
            "visibility": "private" if repository.private else "public",
            "default_branch": repository.default_branch,
        }

    def found(self, repository: Repository) -> Json:
        """Give a repository as a search finds it."""
        return {**self.repository(repository), "score": 1.0}

    def full(self, repository: Repository) -> Json:
        """Give a repository as it is alone."""
        return {**self.repository(repository), "network_count": repository.forks, "subscribers_count": 0}

    def commit(self, repository: Repository, commit: Commit) -> Json:
        """Give a commit as a search finds it."""
        url, web = f"{self.api}/repos/{repository.full_name}", f"{WEB}/{repository.full_name}"
        tree = {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"}
        inner = {
            "url": f"{url}/git/commits/{commit.sha}",
            "author": _person(commit.author),
            "committer": _person(commit.committer),
            "message": commit.message,
            "tree": tree,
            "comment_count": 0,
        }
        parents = [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{web}/commit/{sha}"} for sha in commit.parents
        ]
        return {
            "url": f"{url}/commits/{commit.sha}",
            "sha": commit.sha,
            "node_id": base64.b64encode(f"C_{repository.id}:{commit.sha}".encode()).decode(),
            "html_url": f"{web}/commit/{commit.sha}",
            "comments_url": f"{url}/commits/{commit.sha}/comments",
            "commit": inner,
            "author": None,
            "committer": None,
            "parents": parents,
            "repository": self.minimal(repository),
            "score": 1.0,
        }

    def file(self, repository: Repository, file: File) -> Json:
        """Give a file as a search of code finds it."""
        url, web = f"{self.api}/repositories/{repository.id}", f"{WEB}/{repository.full_name}"
        head = repository.commits[-1].sha if repository.commits else "0" * 40
        return {
            "name": file.path.rpartition("/")[2],
            "path": file.path,
            "sha": file.sha,
            "url": f"{url}/contents/{file.path}?ref={head}",
            "git_url": f"{url}/git/blobs/{file.sha}",
            "html_url": f"{web}/blob/{head}/{file.path}",
            "repository": self.minimal(repository),
            "score": 1.0,
        }


def stamp(moment: datetime) -> str:
    """Give a time as GitHub writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message(status: int, text: str, docs: str = DOCS, **more: object) -> Json:
    """Give the body of an error."""
    return {"message": text, **more, "documentation_url": docs, "status": str(status)}


def invalid(text: str, code: str) -> Json:
    """Give the body of an error about a search's query."""
    error = {"message": text} if text else {}
    return message(
        422, "Validation Failed", f"{DOCS}/search", errors=[{**error, "resource": "Search", "field": "q", "code": code}]
    )


def _person(person: Person) -> Json:
    return {"name": person.name, "email": person.email, "date": person.date.isoformat()}


def _node(kind: str, number: int) -> str:
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()
