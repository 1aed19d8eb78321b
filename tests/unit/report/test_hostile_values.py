"""No value of a document acts on a terminal, forges a line, commands a CI system or breaks a form."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from junitparser import JUnitXml

from ddbbackup.cli.verbs import VERBS
from ddbbackup.report.renderers import FORMS, Form, render, renderer
from ddbbackup.report.renderers.view import View
from ddbbackup.safe_text import SECRETS, Secrets
from tests.support.documents import EXAMPLES

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

WHOLE: Final = View(characters=10_000_000)
"""Not shortened to a comment, which would change the number of lines."""
INJECTIONS: Final = {
    "escape": "x\x1b[2J\x1b]0;title\x07x",
    "c1": "x\x9b2J\x85x\x7f",
    "nul": "x\0x",
    "bidi": "\u202ex\u2066x\u200f",
    "invisible": "x\u200b\u00ad\ufeff\U000e0041x",
    "lines": "x\n::error::forged\r\n::set-output name=x::y\n",
    "separators": "x\u2028::error::forged\u2029\x0b\x0c",
    "command": "::error::forged",
    "indented command": "  ::error::forged",
    "old command": "##[error]forged ##vso[task.complete]x",
    "surrogate": "x\udc80\ud800x",
    "long": "x" * 100_000,
    "markup": "|`<script>[x](y)&%0A]]>\"'\\",
}
# Values that the program itself chooses from a list, and renderers look up.
CHOSEN: Final = {
    "done",
    "skipped",
    "failed",
    "stale",
    "never",
    "ok",
    "warning",
    "problem",
    "bad-value",
    "not-utf-8",
}


def hostile(value: Any, text: str) -> Any:
    """``value`` with every text in it replaced, except for those that the program chooses."""
    if isinstance(value, str):
        return value if value in CHOSEN else text
    if is_dataclass(value) and not isinstance(value, type):
        members = {each.name: hostile(getattr(value, each.name), text) for each in fields(value)}
        return replace(value, **members)
    if isinstance(value, Mapping):
        return {name: hostile(each, text) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(hostile(each, text) for each in value)
    return value


def rows() -> list[tuple[str, Form]]:
    """Every form of the document of every verb, of an early failure, and of what notifications are made from."""
    of_verbs = [(verb.schema, form) for verb in VERBS.values() for form in verb.forms if verb.schema]
    of_policies = [("policies", form) for form in ("json", "text", "terraform", "cloudformation")]
    others = [*of_policies, ("notification", "json"), ("notification", "text")]
    errors = [("error", form) for form in FORMS]
    return cast("list[tuple[str, Form]]", [*of_verbs, *others, *errors])


@pytest.mark.parametrize("injection", INJECTIONS)
@pytest.mark.parametrize(("schema", "form"), rows(), ids=str)
def test_no_value_leaves_its_place(schema: str, form: Form, injection: str) -> None:
    """Whatever the names of tables, keys and files, the messages and the facts hold."""
    benign, document = EXAMPLES[schema], hostile(EXAMPLES[schema], INJECTIONS[injection])
    text = render(document, form, WHOLE)

    text.encode()
    bad = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"]
    assert bad == []
    assert "##[" not in text
    assert "##vso[" not in text
    if form != "github":
        assert [line for line in text.split("\n") if line.lstrip().startswith("::")] == []
    else:
        levels = [re.match("::(error|warning|notice) ", line) for line in text.splitlines()]
        assert all(levels)
        assert len(levels) == render(benign, "github").count("\n")
    if form in ("text", "markdown", "github") and schema not in ("show", "policies"):
        assert text.count("\n") == render(benign, form, WHOLE).count("\n"), "no line more, no line less"
        if injection == "long":
            assert max(map(len, text.split("\n"))) < 50_000
    if form == "json":
        assert json.loads(text) == json.loads(renderer("json").render(document)), (
            "readers get the same values"
        )
    if form in ("gitlab", "cloudformation") and text:
        json.loads(text)
    if form == "junit":
        JUnitXml.fromstring(text.encode())


@pytest.mark.parametrize(("schema", "form"), rows(), ids=str)
def test_no_secret_is_shown(schema: str, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a password that the process knows nor one in an address."""
    monkeypatch.setattr(SECRETS, "_known", set())
    monkeypatch.setattr(SECRETS, "_pattern", None)
    secrets: Secrets = SECRETS
    secrets.add("hunter2/x")
    document: Document = hostile(EXAMPLES[schema], "to http://u:s3cr3t@h/ with hunter2/x or hunter2%2Fx")
    text = render(document, form)
    assert "s3cr3t" not in text
    assert "hunter2" not in text
