"""Code of an answer is put where it belongs in the question's, and the pair is the change that it makes there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.patching import patched

from miner.classify.engine import classify
from miner.extract.pairs import AROUND, MAX_PAIRS, MAX_WHOLE, align
from miner.extract.snippets import snippets
from miner.model import Change, ChangedFile, CodePair, Snippet, SnippetKind

QUESTIONS = Path(__file__).parents[3] / "shared/data/stackoverflow_pytorch.jsonl"

NET = """
import torch

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x):
        x = self.conv(x)
        x = F.relu(self.fc1(x))
        x = self.fc2(x)
        return F.softmax(x, dim=1)

model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for images, labels in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        print(loss.item())
"""


def post(*texts: str, language: str = "python") -> list[Snippet]:
    """Make a post of blocks of code; a text that starts with a dot is a sentence."""
    found = []
    for no, text in enumerate(texts):
        if text.startswith("."):
            found.append(Snippet(no, SnippetKind.SENTENCE, "", text[1:]))
        else:
            found.append(Snippet(no, SnippetKind.CODE, language, dedent(text).strip("\n")))
    return found


def pair(question: str, *answer: str) -> CodePair:
    (found,) = align(post(question), post(*answer))
    assert patched(found.before, found.hunks) == found.after
    return found


def changes(found: CodePair) -> list[str]:
    """Give the changed lines of a pair, without their indentation."""
    lines = [line for hunk in found.hunks for line in hunk.body.split("\n")]
    return [line[0] + line[1:].strip() for line in lines if line[0] != " "]


def test_code_that_repeats_the_questions_is_what_that_became() -> None:
    found = pair(NET, NET.replace("nn.Linear(400, 120)", "nn.Linear(16 * 5 * 5, 120)"))
    assert changes(found) == ["-self.fc1 = nn.Linear(400, 120)", "+self.fc1 = nn.Linear(16 * 5 * 5, 120)"]
    assert (found.no, found.question_no, found.answer_no, found.method) == (0, 0, 0, "repeat")
    assert found.before == NET.strip("\n")
    assert found.confidence > 0.8


def test_one_changed_line_replaces_the_one_that_it_is_like_at_its_indentation() -> None:
    found = pair(NET, "self.fc1 = nn.Linear(256, 120)")
    assert changes(found) == ["-self.fc1 = nn.Linear(400, 120)", "+self.fc1 = nn.Linear(256, 120)"]
    assert "\n        self.fc1 = nn.Linear(256, 120)\n" in found.after
    assert found.method == "edit"
    assert 0.3 < found.confidence < 0.9


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            "criterion = nn.MSELoss()",
            ["-criterion = nn.CrossEntropyLoss()", "+criterion = nn.MSELoss()"],
            id="another call for the same name",
        ),
        pytest.param(
            "return F.log_softmax(x, dim=1)",
            ["-return F.softmax(x, dim=1)", "+return F.log_softmax(x, dim=1)"],
            id="another value returned",
        ),
        pytest.param(
            "for epoch in range(200):", ["-for epoch in range(10):", "+for epoch in range(200):"], id="another loop"
        ),
        pytest.param(
            "optimizer = optim.SGD(\n    model.parameters(),\n    lr=0.001,\n)",
            [
                "-optimizer = optim.SGD(model.parameters(), lr=0.1)",
                "+optimizer = optim.SGD(",
                "+model.parameters(),",
                "+lr=0.001,",
                "+)",
            ],
            id="a statement over several lines",
        ),
        pytest.param(
            "model(images.float())",
            ["-outputs = model(images)", "+outputs = model(images.float())"],
            id="without the name that it is assigned to",
        ),
        pytest.param(
            "images = images.cuda()\noutputs = model(images)", ["+images = images.cuda()"], id="a line before"
        ),
        pytest.param(
            "loss = criterion(outputs, labels)\nloss = loss.mean()\nloss.backward()",
            ["+loss = loss.mean()"],
            id="between",
        ),
        pytest.param("outputs = outputs.squeeze(1)", ["+outputs = outputs.squeeze(1)"], id="a next step"),
        pytest.param(
            "x = self.conv(x)\n...\nx = self.fc2(x)\nreturn x",
            ["-return F.softmax(x, dim=1)", "+return x"],
            id="a placeholder stands for code that stays",
        ),
        pytest.param(
            "# ...\ncriterion = nn.CrossEntropyLoss(weight=w)\n# rest of your code",
            ["-criterion = nn.CrossEntropyLoss()", "+criterion = nn.CrossEntropyLoss(weight=w)"],
            id="placeholders in comments",
        ),
        pytest.param(
            "import torch.optim as optim\noptimizer = optim.Adam(model.parameters())",
            [
                "+import torch.optim as optim",
                "-optimizer = optim.SGD(model.parameters(), lr=0.1)",
                "+optimizer = optim.Adam(model.parameters())",
            ],
            id="an import goes to the imports",
        ),
        pytest.param(
            "# criterion = nn.CrossEntropyLoss()\nlossfn = nn.NLLLoss()",
            ["-criterion = nn.CrossEntropyLoss()", "+lossfn = nn.NLLLoss()"],
            id="the old line commented out",
        ),
        pytest.param(
            "def forward(self, x):\n    x = self.conv(x)\n    x = x.flatten(1)\n    x = F.relu(self.fc1(x))"
            "\n    x = self.fc2(x)"
            "\n    return F.softmax(x, dim=1)",
            ["+x = x.flatten(1)"],
            id="a method repeated, at another indentation",
        ),
        pytest.param(
            "outputs = model(images)\nloss = criterion(outputs, labels)\n"
            "optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
            ["-optimizer.zero_grad()", "+optimizer.zero_grad()"],
            id="a statement moved",
        ),
    ],
)
def test_a_fragment_goes_where_it_belongs(answer: str, expected: list[str]) -> None:
    assert changes(pair(NET, answer)) == expected


def test_a_line_left_out_between_two_shown_ones_is_deleted() -> None:
    question = "x = load(path)\nx = normalize(x, mean)\nx = torch.sigmoid(x)\nloss = bce_logits(x, y)\nloss.backward()"
    found = pair(question, "x = load(path)\nx = normalize(x, mean)\nloss = bce_logits(x, y)\nloss.backward()")
    assert changes(found) == ["-x = torch.sigmoid(x)"]


def test_methods_imports_and_prints_that_are_not_shown_stay() -> None:
    answer = NET.replace("import torch\n", "").replace("        print(loss.item())\n", "")
    start = answer.index("    def forward")
    answer = answer[:start] + answer[answer.index("model = Net()") :]
    assert changes(pair(NET, answer.replace("lr=0.1", "lr=0.01"))) == [
        "-optimizer = optim.SGD(model.parameters(), lr=0.1)",
        "+optimizer = optim.SGD(model.parameters(), lr=0.01)",
    ]


def test_arguments_left_out_of_a_call_stay() -> None:
    found = pair(
        "net.top = nn.Sequential(\n    nn.Linear(3, 4),\n)\nrun(net)", "net.core.top = nn.Sequential(...)\nrun(net)"
    )
    assert found.after == "net.core.top = nn.Sequential(\n    nn.Linear(3, 4),\n)\nrun(net)"


def test_a_block_that_quotes_the_question_says_what_the_next_one_replaces() -> None:
    found = pair(
        NET, "outputs = model(images)", ".It should be as follows:", "with autocast():\n    predicted = net_of(images)"
    )
    assert changes(found) == ["-outputs = model(images)", "+with autocast():", "+predicted = net_of(images)"]
    assert (found.method, found.answer_no) == ("quoted", 2)


def test_two_blocks_of_an_answer_can_be_old_and_new() -> None:
    found = pair("y = 1", "gen.fit(data, steps=5)", ".Change this to:", "gen.fit(data, steps_per_epoch=5)")
    assert changes(found) == ["-gen.fit(data, steps=5)", "+gen.fit(data, steps_per_epoch=5)"]
    assert (found.question_no, found.answer_no, found.method) == (None, 2, "before_after")


@pytest.mark.parametrize(
    ("answer", "before", "after", "method"),
    [
        pytest.param("-x = a(1)\n+x = a(2)\n run(x)", "x = a(1)\nrun(x)", "x = a(2)\nrun(x)", "diff", id="diff signs"),
        pytest.param("# before\nx = a(1)\n# after\nx = a(2)", "x = a(1)\n", "x = a(2)", "before_after", id="comments"),
        pytest.param("# x = a(1)\nx = a(1, 2)", "x = a(1)", "x = a(1, 2)", "commented", id="commented out"),
    ],
)
def test_an_answer_can_hold_both_sides(answer: str, before: str, after: str, method: str) -> None:
    (found,) = align([], post(answer))
    assert (found.before.strip(), found.after, found.method) == (before.strip(), after, method)
    assert found.question_no is None
    assert found.confidence >= 0.8


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Replace `nn.Linear(400, 120)` with `nn.Linear(256, 120)`.", "self.fc1 = nn.Linear(256, 120)"),
        (
            "You should use `optim.Adam` instead of `optim.SGD` here.",
            "optimizer = optim.Adam(model.parameters(), lr=0.1)",
        ),
        ("Instead of `nn.CrossEntropyLoss()` use `nn.NLLLoss()`.", "criterion = nn.NLLLoss()"),
        ("`lr = 0.1` should be `lr=0.001`.", "optimizer = optim.SGD(model.parameters(), lr=0.001)"),
        ("Change `loss.backward()` to `loss.sum().backward()`.", "loss.sum().backward()"),
    ],
)
def test_a_sentence_that_swaps_inline_code_is_carried_out(sentence: str, expected: str) -> None:
    found = pair(NET, f".{sentence}")
    assert [line for line in changes(found) if line[0] == "+"] == [f"+{expected}"]
    assert (found.method, found.confidence) == ("inline", 0.85)


@pytest.mark.parametrize(
    "sentence",
    [
        "Replace `labels` with `labels.view(-1, 1)`.",
        "Replace `nothing_like_it` with `x`.",
        "Use `x`, not `images`.",
        "Change `lr` to `lr`.",
    ],
)
def test_a_sentence_that_cannot_be_carried_out_gives_no_pair(sentence: str) -> None:
    assert align(post(NET), post(f".{sentence}")) == ()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("a = torch.randn(2, 3)\nb = a.gather(1, i)\nprint(b)", id="an example with data of its own"),
        pytest.param("def helper(q):\n    return q ** 2", id="something else"),
        pytest.param(
            "class Other(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = 1",
            id="boilerplate",
        ),
    ],
)
def test_code_without_a_counterpart_is_all_added(answer: str) -> None:
    found = pair(NET, answer)
    assert (found.question_no, found.before, found.after, found.method) == (None, "", answer, "unaligned")
    assert found.confidence <= 0.2


def test_code_in_another_language_is_no_counterpart() -> None:
    (found,) = align(post("x = f(1)\ny = g(x)"), post("x = f(2)\ny = g(x)", language="lua"))
    assert (found.method, found.language) == ("unaligned", "lua")


def test_of_several_snippets_the_likest_is_the_counterpart() -> None:
    question = post("a = load(b)", "model = build(3)\nmodel.fit(x, y)", "c = save(d)")
    (found,) = align(question, post("model = build(3)\nmodel.fit(x, y, epochs=5)"))
    assert found.question_no == 1


def test_the_language_is_the_answers_or_else_the_questions() -> None:
    (found,) = align(post("x = f(1)\ny = g(x)"), post("x = f(2)\ny = g(x)", language=""))
    assert found.language == "python"


@pytest.mark.parametrize("answer", [NET, "criterion = nn.CrossEntropyLoss()", "loss.backward()  # here", "# nothing"])
def test_code_that_changes_nothing_is_no_pair(answer: str) -> None:
    assert align(post(NET), post(answer)) == ()


def test_of_a_long_snippet_only_what_is_around_the_change_is_given() -> None:
    question = "\n".join(f"value_{number} = read(source, {number})" for number in range(MAX_WHOLE + 50))
    found = pair(question, "value_60 = read(other, 60)")
    assert len(found.before.split("\n")) == 2 * AROUND + 1
    assert changes(found) == ["-value_60 = read(source, 60)", "+value_60 = read(other, 60)"]


def test_a_function_defined_anew_takes_the_place_of_the_old_one() -> None:
    question = (
        "import os\n\ndef load(path):\n    with open(path) as file:\n        return parse(file.read())\n\nload('x')"
    )
    answer = (
        "def load(path):\n    frame = pd.read_csv(path, sep=';')\n    frame = frame.dropna()\n    return frame.values"
    )
    found = pair(question, answer)
    assert found.after == f"import os\n\n{answer}\n\nload('x')"


def test_the_classifier_sees_the_change_of_a_pair() -> None:
    found = pair(NET, "criterion = nn.NLLLoss()")
    change = Change((ChangedFile(0, "", found.language, found.hunks),))
    assert classify(change, "torch")[0].value == "loss_function"


LINES = (
    "x = f(1)|x = f(2)|y = g(x)|    y = g(x)|loss.backward()|def f(a):|    return a|...||# x = f(1)|a(|b)|# before"
    "|# after|-x = f(1)|+x = f(1)|import a|print(x)|\x0c|f(...)|x = f(...)"
)
LINE = st.sampled_from(LINES.split("|"))
CODE = st.lists(LINE | st.text(st.characters(exclude_characters="\n\r\0"), max_size=6), max_size=14).map("\n".join)
SENTENCE = st.sampled_from(["Change `x` to `y`.", "Use `f(2)` instead of `f(1)`.", "Change this to:"])
POST = st.lists(
    CODE.map(lambda text: (SnippetKind.CODE, text)) | SENTENCE.map(lambda text: (SnippetKind.SENTENCE, text)),
    max_size=4,
)


@given(POST, POST)
def test_hunks_make_the_after_of_the_before_and_pairs_are_numbered(
    question: list[tuple[SnippetKind, str]], answer: list[tuple[SnippetKind, str]]
) -> None:
    asked = [Snippet(no, kind, "python", text) for no, (kind, text) in enumerate(question)]
    told = [Snippet(no, kind, "", text) for no, (kind, text) in enumerate(answer)]
    found = align(asked, told)
    assert [pair.no for pair in found] == list(range(len(found)))
    assert found == align(asked, told)
    for pair in found:
        assert pair.hunks
        assert patched(pair.before, pair.hunks) == pair.after
        assert 0 <= pair.confidence <= 1
        assert pair.question_no is not None or pair.method in ("unaligned", "diff", "before_after", "commented")


@pytest.mark.parametrize("distinct", [1, 7, 5_000])
def test_long_snippets_are_aligned_quickly(distinct: int) -> None:
    question, answer = (
        "\n".join(f"v{row * step % distinct} = f{row % 9}(a, {row * step})" for row in range(5_000)) for step in (7, 11)
    )
    start = time.monotonic()
    assert len(align(post(*[question] * 5), post(*[answer] * (MAX_PAIRS + 1)))) <= MAX_PAIRS
    assert time.monotonic() - start < 10


@pytest.mark.skipif(not QUESTIONS.exists(), reason="the sample of questions is not here")
def test_real_pairs_hold_together() -> None:
    with QUESTIONS.open(encoding="utf-8") as lines:
        threads = [json.loads(line) for line, _ in zip(lines, range(300), strict=False)]
    methods = []
    for thread in threads:
        for answer in thread["answers"]:
            for found in align(snippets(thread["body"]), snippets(answer["body"])):
                assert patched(found.before, found.hunks) == found.after
                methods.append(found.method)
    assert 0.2 < sum(method != "unaligned" for method in methods) / len(methods) < 0.7
