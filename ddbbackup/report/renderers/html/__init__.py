"""One HTML file without any other: style, script and pictures are in it, and nothing is loaded from anywhere.

Its Content-Security-Policy allows nothing but its own style and script, by their hashes. The templates escape every
value; ``renderers.render`` has escaped invisible and reordering characters before.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from ddbbackup.report.renderers.html.view import view_of

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

_TEMPLATE: Final = "page.html.jinja"


def render(document: Document) -> str:
    if document.schema != "overview":
        raise TypeError(f"{document.schema} has no HTML form")
    style, script = _read("page.css"), _read("page.js")
    page = _environment().get_template(_TEMPLATE)
    # Ours, and hashed below: a browser runs them only as they are.
    ours = {"style": Markup(style), "script": Markup(script)}  # noqa: S704  # files of this package
    return page.render(**ours, policy=_policy(style, script), page=view_of(document))


@cache
def _environment() -> Environment:
    return Environment(
        loader=DictLoader({_TEMPLATE: _read(_TEMPLATE)}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    sources = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
