"""Posts the comment of a review to its pull request or merge request, or replaces that of an earlier run.

Only the standard library, since it runs with a token and without the program under review. From the environment:
GitHub: GITHUB_TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY, PULL_REQUEST; GitLab: GITLAB_TOKEN, CI_API_V4_URL,
CI_PROJECT_ID, CI_MERGE_REQUEST_IID. The token goes into a header of a verified TLS connection to the platform and
nowhere else: no redirect is followed.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARKER = "<!-- mlops review -->"
"""The first line of every review, by which that of an earlier run is found: nothing that the review says can choose
which comment is replaced."""

PAGE = 100
"""Comments that both platforms give at a time, at most."""


class Refused(Exception):
    """The comment cannot be posted; the message says why, without the token."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where comments are listed and made, where one is replaced, by which method and with which headers."""

    comments: str
    one: str
    replace: str
    headers: Mapping[str, str] = field(repr=False)


def platform(environment: Mapping[str, str]) -> Platform:
    """GitHub's where there is a pull request, else GitLab's. Raises Refused naming what is missing."""
    if "PULL_REQUEST" in environment:
        api, repository, number, token = _given(
            environment, "GITHUB_API_URL", "GITHUB_REPOSITORY", "PULL_REQUEST", "GITHUB_TOKEN"
        )
        issues = f"{api}/repos/{repository}/issues"
        return Platform(
            comments=f"{issues}/{number}/comments",
            one=f"{issues}/comments",
            replace="PATCH",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        )
    api, project, number, token = _given(
        environment, "CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "GITLAB_TOKEN"
    )
    notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
    return Platform(comments=notes, one=notes, replace="PUT", headers={"PRIVATE-TOKEN": token})


def post(there: Platform, text: str) -> str:
    """Make the comment, or replace that of an earlier run; says which. Raises Refused, also of what is no review."""
    if not text.startswith(f"{MARKER}\n"):
        raise Refused(f"the file does not begin with the line {MARKER}, so it is no review")
    earlier = next((one["id"] for one in _comments(there) if str(one["body"]).startswith(MARKER)), None)
    if earlier is None:
        _ask(there, "POST", there.comments, {"body": text})
        return "posted"
    _ask(there, there.replace, f"{there.one}/{earlier}", {"body": text})
    return "replaced"


def _comments(there: Platform) -> Iterator[dict[str, Any]]:
    page, found = 1, None
    while found is None or len(found) == PAGE:
        found = _ask(there, "GET", f"{there.comments}?per_page={PAGE}&page={page}")
        yield from found
        page += 1


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: followed, it would take the token along and turn POST into GET."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ask(there: Platform, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
    if not url.startswith("https://"):
        raise Refused(f"{url}: is not https; the token is not sent")
    data = None if body is None else json.dumps(body).encode()
    headers = {**there.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - https, see above
    try:
        with urllib.request.build_opener(_Unfollowed).open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {url}: answered {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{method} {url}: {error}") from None


def _given(environment: Mapping[str, str], *names: str) -> list[str]:
    if missing := [name for name in names if not environment.get(name)]:
        raise Refused(f"the environment lacks {', '.join(missing)}")
    return [environment[name] for name in names]


def main() -> None:
    """`python3 ci/post_comment.py FILE`"""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {main.__doc__}")
    try:
        text = Path(sys.argv[1]).read_text(encoding="utf-8")
        print(post(platform(os.environ), text))
    except UnicodeDecodeError:
        sys.exit(f"error: {sys.argv[1]}: is not UTF-8, so it is no review, or not all of one")
    except (Refused, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
