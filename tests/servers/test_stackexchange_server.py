"""The server that stands for the Stack Exchange API keeps the API's rules, and notices who does not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.clocks import PretendClock

from servers.client import Client
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Item, Site
from servers.stackexchange_filters import FIELDS, escape
from servers.stackexchange_generator import generate

KEY = "known"
MANY = generate(2_700, seed=3, tags=("keras",))
MIXED = generate(300, seed=5, bursts=(120,))


@pytest.fixture
def clock() -> PretendClock:
    return PretendClock()


@pytest.fixture
def site() -> Site:
    return Site(MIXED)


@pytest.fixture
def client(site: Site, clock: PretendClock) -> Iterator[Client]:
    with StackExchange(site, clock=clock.monotonic, keys=[KEY]) as server, requests.Session() as session:
        yield Client(server, session)


def asked(number: int, *tags: str, **more: Any) -> Item:
    """Give a question asked in the second ``number``."""
    return {"question_id": number, "title": "Why?", "tags": list(tags), "creation_date": number, **more}


def small(*questions: Item) -> Site:
    site = Site()
    for question in questions:
        site.add(question)
    return site


@pytest.fixture
def three(clock: PretendClock) -> Iterator[Client]:
    """Questions 10, 20 and 30 of these seconds; the oldest was edited last, at 99."""
    site = small(asked(10, "keras", "python"), asked(20, "keras", score=7), asked(30, "python", score=-1))
    site.edit(10, at=99, title="Why not?")
    with StackExchange(site, clock=clock.monotonic) as server, requests.Session() as session:
        yield Client(server, session)


def test_tags_are_and_ed_and_synonyms_count(three: Client) -> None:
    three.server.sites["stackoverflow"].synonyms["keras-layer"] = "keras"
    assert three.ids(tagged="keras") == [10, 20]
    assert three.ids(tagged="keras;python") == [10]
    assert three.ids(tagged="Keras-Layer;python") == [10]
    assert three.ids(tagged="keras;a;b;c;d;e") == []
    assert three.error("/questions", tagged="not a tag") == (400, "tagged")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"fromdate": 20}, [20, 30]),
        ({"todate": 20}, [10, 20]),
        ({"fromdate": 20, "todate": 20}, [20]),
        ({"fromdate": 21, "todate": 29}, []),
        ({"min": 20, "max": 30}, [20, 30]),
        ({"sort": "activity", "min": 30, "max": 99}, [30, 10]),
        ({"sort": "activity", "min": 99, "todate": 10}, [10]),
        ({"sort": "votes", "min": 0}, [10, 20]),
        ({"sort": "votes", "max": -1}, [30]),
    ],
)
def test_bounds_are_inclusive_min_and_max_of_the_sort_field_and_dates_of_creation(
    three: Client, query: dict[str, Any], found: list[int]
) -> None:
    assert three.ids(**{"sort": "creation", "order": "asc", **query}) == found


def test_without_a_sort_the_last_active_comes_first(three: Client) -> None:
    assert three.ids() == [10, 30, 20]


@pytest.mark.parametrize(("pagesize", "more"), [(1, True), (2, True), (3, False), (100, False), (0, True)])
def test_has_more_is_false_on_an_exactly_full_last_page(three: Client, pagesize: int, more: bool) -> None:
    page = three.get("/questions", pagesize=pagesize)
    assert page["has_more"] is more
    assert len(page.get("items", ())) == min(pagesize, 3)


def test_a_page_has_thirty_items_unless_it_says_so(client: Client) -> None:
    ids = ";".join(map(str, client.ids()))
    assert len(client.get(f"/questions/{ids}")["items"]) == 30
    assert sorted(client.ids(f"/questions/{ids}")) == sorted(map(int, ids.split(";")))


def test_pages_are_disjoint_and_complete_however_many_share_a_second(client: Client, site: Site) -> None:
    seconds = [question["creation_date"] for question in site.questions()]
    assert max(map(seconds.count, seconds)) >= 120
    pages = [client.ids(sort="creation", page=page) for page in (1, 2, 3)]
    assert sorted(number for page in pages for number in page) == sorted(
        question["question_id"] for question in site.questions()
    )


def test_unknown_and_deleted_ids_are_absent(three: Client) -> None:
    three.server.sites["stackoverflow"].delete(20)
    assert three.ids("/questions/10;20;4711") == [10]


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("/questions", {"fromdate": "1.5"}, (400, "fromdate")),
        ("/questions", {"todate": "2019-01-01"}, (400, "todate")),
        ("/questions", {"min": "x"}, (400, "min")),
        ("/questions", {"sort": "hot", "max": 3}, (400, "max")),
        ("/questions", {"page": 0}, (400, "page")),
        ("/questions", {"pagesize": 101}, (400, "pagesize")),
        ("/questions", {"pagesize": ""}, (400, "pagesize")),
        ("/questions", {"sort": "date"}, (400, "sort")),
        ("/questions/1", {"sort": "hot"}, (400, "sort")),
        ("/questions", {"order": "down"}, (400, "order")),
        ("/questions", {"page": [1, 2]}, (400, "page")),
        ("/questions", {"filter": "!nothing"}, (400, "Invalid filter specified")),
        ("/questions", {"site": None}, (400, "site is required")),
        ("/questions", {"site": "nowhere"}, (400, "No site found for name `nowhere`")),
        ("/questions", {"key": "unknown"}, (400, "`key` doesn't match a known application")),
        ("/questions/" + ";".join(map(str, range(1, 102))), {}, (400, "ids")),
        ("/questions/2147483648", {}, (400, "ids")),
        ("/questions/x", {}, (404, "no method found with this name")),
        ("/questions/1;", {}, (404, "no method found with this name")),
        ("/nothing", {}, (404, "no method found with this name")),
        ("/filters/create", {}, (400, "This method does not accept a `site` parameter")),
        ("/filters/create", {"site": None, "include": "question.nothing"}, (400, "include")),
    ],
)
def test_what_is_wrong_is_refused(client: Client, path: str, query: dict[str, Any], error: tuple[int, str]) -> None:
    assert client.error(path, **query) == error
    assert client.server.violations == []


def test_another_verb_and_another_version_are_no_methods(client: Client) -> None:
    posted = client.session.post(f"{client.server.url}/questions", data={"site": "stackoverflow"}, timeout=5)
    old = client.session.get(client.server.url.replace("2.3", "2.2") + "/questions", timeout=5)
    assert [posted.json()["error_name"], old.json()["error_name"]] == ["no_method", "no_method"]


def test_unknown_parameters_are_ignored_and_the_domain_is_a_name_too(three: Client) -> None:
    assert three.ids(site="stackoverflow.com", colour="red") == [10, 30, 20]


@pytest.mark.parametrize("accepted", ["gzip", "identity", "br", ""])
def test_everything_is_compressed_whatever_the_client_accepts(client: Client, accepted: str) -> None:
    for path in ("/questions", "/nothing"):
        response = client.session.get(client.server.url + path, headers={"Accept-Encoding": accepted}, timeout=5)
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_default_filter_gives_neither_bodies_nor_answers_nor_comments_nor_a_total(client: Client) -> None:
    page = client.get("/questions", pagesize=100)
    assert set(page) == {"items", "has_more", "quota_max", "quota_remaining"}
    assert not {"body", "answers", "comments", "body_markdown"} & set().union(*page["items"])
    assert set(client.get("/questions", filter="total")) == {"total"}
    assert client.get("/questions", filter="none") == {}
    assert "body" in client.get("/questions", filter="withbody")["items"][0]


def test_a_filter_gives_what_it_names_and_nothing_else(client: Client) -> None:
    name = client.filter(
        ".items;question.question_id;question.answers;answer.body;answer.comments;comment.body_markdown"
    )
    items = client.get("/questions", filter=name, pagesize=100)["items"]
    answers = [answer for item in items for answer in item.get("answers", ())]
    comments = [comment for answer in answers for comment in answer.get("comments", ())]
    assert set().union(*items) == {"question_id", "answers"}
    assert set().union(*answers) == {"body", "comments"}
    assert set().union(*comments) == {"body_markdown"}
    assert any("answers" not in item for item in items), "empty lists are absent"


def test_a_filter_is_the_same_for_the_same_fields_and_outlives_the_server(client: Client, site: Site) -> None:
    names = {client.filter("question.body;.total", base="default"), client.filter(".total;question.body", "default")}
    assert len(names) == 1
    with StackExchange(site) as other:
        assert "total" in Client(other, client.session).get("/questions", filter=names.pop())


def test_filters_can_be_posted(client: Client) -> None:
    form = {"include": ";".join(FIELDS), "base": "none", "unsafe": "true"}
    made = client.session.post(f"{client.server.url}/filters/create", data=form, timeout=5).json()["items"][0]
    assert made["filter_type"] == "unsafe"
    assert made["included_fields"] == FIELDS


def test_safe_filters_escape_titles_and_names_and_leave_bodies() -> None:
    owner = {"user_type": "registered", "user_id": 1, "display_name": "Zoé & <Co>"}
    question = asked(10, "keras", title="\"a\" < 'b'", owner=owner, body="<p>a &lt; b</p>")
    with StackExchange(small(question)) as server, requests.Session() as session:
        client = Client(server, session)
        names = [client.filter("question.body;question.body_markdown", "default", unsafe) for unsafe in (False, True)]
        safe, unsafe = (client.get("/questions", filter=name)["items"][0] for name in names)
    assert [safe["title"], unsafe["title"]] == ["&quot;a&quot; &lt; &#39;b&#39;", "\"a\" < 'b'"]
    assert safe["owner"]["display_name"] == "Zo&#233; &amp; &lt;Co&gt;"
    assert [safe["body_markdown"], unsafe["body_markdown"]] == ["a &lt; b", "a < b"]
    assert safe["body"] == unsafe["body"] == "<p>a &lt; b</p>"


def test_items_of_a_file_come_back_as_they_were(tmp_path: Path) -> None:
    item = {**MIXED[0], "title": escape("What's é?"), "owner": {"user_type": "registered", "display_name": "&lt;x&gt;"}}
    (tmp_path / "items.jsonl").write_text(json.dumps(item) + "\n")
    with StackExchange(Site.from_jsonl(tmp_path / "items.jsonl")) as server, requests.Session() as session:
        shown = Client(server, session).get("/questions")["items"][0]
    assert [shown["title"], shown["owner"]["display_name"]] == [item["title"], "&lt;x&gt;"]


def test_page_26_needs_a_key() -> None:
    with StackExchange(Site(MANY), keys=[KEY]) as server, requests.Session() as session:
        client = Client(server, session)
        assert client.get("/questions", page=25, pagesize=100)["has_more"] is True
        assert client.error("/questions", page=26, pagesize=100)[0] == 403
        assert client.get("/questions", page=27, pagesize=100, key=KEY)["has_more"] is False


def test_quota_falls_to_zero_and_comes_back(client: Client, clock: PretendClock) -> None:
    """Errors count; a day later, by midnight or by the clock, it is whole again."""
    assert client.get("/questions")["quota_remaining"] == 299
    client.error("/questions", page=0)
    assert client.get("/questions")["quota_remaining"] == 297
    client.server.leave_quota(1)
    assert client.get("/questions")["quota_remaining"] == 0
    expected = "too many requests from this IP, more requests available in 86401 seconds"
    assert client.error("/questions") == (502, expected)
    client.server.new_day()
    assert client.get("/questions")["quota_remaining"] == 299
    client.server.leave_quota(0)
    clock.sleep(86_400)
    assert client.get("/questions", key=KEY)["quota_remaining"] == 9_999
    assert client.server.violations == []


def test_backoff_holds_for_its_method_only_and_ends_in_time(client: Client, clock: PretendClock) -> None:
    client.server.back_off("/questions", 5)
    assert client.get("/questions")["backoff"] == 5
    assert "backoff" not in client.get("/questions/20")
    clock.sleep(5)
    assert "backoff" not in client.get("/questions")
    assert client.server.violations == []


def test_whoever_comes_before_a_backoff_ran_out_is_told_and_noted(client: Client, clock: PretendClock) -> None:
    client.server.back_off("/questions/{ids}", 5)
    client.get("/questions/20")
    clock.sleep(4)
    assert client.error("/questions/40") == (502, "Violation of backoff parameter")
    assert client.server.violations == ["/questions/{ids} came 1 s before its backoff ran out"]


def test_a_backoff_holds_even_where_the_filter_hides_it(client: Client) -> None:
    client.server.back_off("/questions", 5)
    assert client.get("/questions", filter="total") == {"total": len(MIXED)}
    assert client.error("/questions")[0] == 502


def test_an_error_may_have_a_backoff(client: Client) -> None:
    client.server.back_off("/questions", 7)
    response = client.send("/questions", page=0)
    assert response.json() == {"error_id": 400, "error_name": "bad_parameter", "error_message": "page", "backoff": 7}


def test_each_so_manieth_answer_may_have_a_backoff(client: Client, clock: PretendClock) -> None:
    client.server.back_off_every(2, 1)
    assert ["backoff" in client.get(path) for path in ("/questions", "/info", "/questions/1")] == [False, True, False]


def test_thirty_requests_a_second_are_many_enough(client: Client, clock: PretendClock) -> None:
    for _ in range(30):
        client.get("/questions", pagesize=1)
    clock.sleep(1)
    for _ in range(30):
        client.get("/questions", pagesize=1)
    assert client.server.violations == []
    assert client.error("/info")[0] == 502
    clock.sleep(29)
    assert client.error("/info")[0] == 502, "the ban lasts"
    assert len(client.server.violations) == 2
    clock.sleep(1)
    client.get("/info")


def test_votes_acceptance_and_comments_are_no_activity(three: Client) -> None:
    site = three.server.sites["stackoverflow"]
    answer = site.answer(20, "<p>So.</p>", at=100)
    name = three.filter("question.answers;answer.comments;comment.body", "default")

    def shown() -> Item:
        return dict(three.get("/questions/20", filter=name)["items"][0])

    assert [shown()["last_activity_date"], shown()["is_answered"], shown()["answer_count"]] == [100, False, 1]
    site.vote(answer, 6)
    site.accept(20, answer)
    site.comment(answer, "Thanks")
    assert [shown()["last_activity_date"], shown()["is_answered"], shown()["accepted_answer_id"]] == [100, True, answer]
    assert [shown()["answers"][0]["score"], shown()["answers"][0]["comments"][0]["body"]] == [6, "Thanks"]
    site.edit(answer, at=101, body="<p>Thus.</p>")
    assert shown()["last_activity_date"] == shown()["answers"][0]["last_edit_date"] == 101
    site.delete(answer, at=102)
    assert [shown()["last_activity_date"], "answers" in shown()] == [102, False]


def test_answers_can_be_asked_for_by_their_ids_and_their_questions(three: Client) -> None:
    site = three.server.sites["stackoverflow"]
    answers = [site.answer(20, "<p>So.</p>"), site.answer(30, "<p>Or so.</p>")]
    by_question = three.get("/questions/20;30/answers", order="asc")["items"]
    by_id = three.get(f"/answers/{answers[1]}")["items"]
    assert [answer["answer_id"] for answer in by_question] == answers
    assert [answer["question_id"] for answer in by_id] == [30]


def test_the_site_may_change_between_two_pages(three: Client) -> None:
    server = three.server
    server.before = lambda request: server.sites["stackoverflow"].add(asked(40 + request.number, "keras"))
    assert three.ids(pagesize=2) == [10, 41]
    assert three.ids(pagesize=2, page=2) == [41, 30]


def test_the_log_tells_what_was_asked_for_but_no_key(client: Client) -> None:
    client.get("/questions/20;40", key=KEY)
    logged = client.server.requests[0]
    assert [logged.verb, logged.path, logged.method] == ["GET", "/2.3/questions/20;40", "/questions/{ids}"]
    assert [logged.query, logged.keyed, logged.status] == [{"site": "stackoverflow"}, True, 200]
    assert KEY not in json.dumps(client.server.report())


def test_generated_questions_have_what_real_ones_have() -> None:
    assert generate(300, seed=5, bursts=(120,)) == MIXED
    assert [question["question_id"] for question in MIXED] == list(range(20, 6_020, 20))
    answers = [answer for question in MIXED for answer in question["answers"]]
    owners = [post.get("owner") for post in (*MIXED, *answers)]
    assert any("closed_date" in question for question in MIXED)
    assert any(owner is None for owner in owners)
    assert any(owner and "user_id" not in owner for owner in owners)
    assert any("last_edit_date" in answer for answer in answers)
    assert any(answer["comments"] for answer in answers)
    assert {len(question["answers"]) for question in MIXED} >= {0, 1, 6}
    assert len([question for question in MIXED if {"keras", "tensorflow"} <= set(question["tags"])]) > 1


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "servers.stackexchange", "--generate", "40", "--faults", "every=2,html_503"]
    process = subprocess.Popen(
        [*command, "--key", KEY], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            with requests.Session() as session:
                query = {"site": "stackoverflow", "key": KEY}
                codes = [session.get(f"{url}/questions", params=query, timeout=5).status_code for _ in range(2)]
                report = session.get(url.replace("/2.3", "/_report"), timeout=5).json()
        finally:
            process.terminate()
    assert codes == [200, 503]
    assert [request["status"] for request in report["requests"]] == codes
    assert process.returncode == 0
