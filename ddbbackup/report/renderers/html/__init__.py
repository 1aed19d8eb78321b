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
from markupsafe import Markup, escape

from ddbbackup.report.renderers.html.content import page_of

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

_TEMPLATES: Final = ("page.html.jinja", "error.html.jinja")


def render(document: Document) -> str:
    match document.schema:
        case "overview":
            return _fill(_TEMPLATES[0], page=page_of(document))
        case "error":
            return _fill(_TEMPLATES[1], error=document.error, problems=document.problems)
        case _:
            raise TypeError(f"{document.schema} has no HTML form")


def _fill(template: str, **values: object) -> str:
    style, script = _read("page.css"), _read("page.js")
    # Ours, and hashed: a browser runs them only as they are.
    ours = {"style": Markup(style), "script": Markup(script)}  # noqa: S704  # files of this package
    page = _environment().get_template(template)
    return page.render(**ours, **values, policy=_policy(style, script))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=DictLoader({name: _read(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = _code
    return environment


def _code(text: str) -> Markup:
    """Words in backticks become code; everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    sources = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
