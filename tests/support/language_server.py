"""A client of yaml-language-server, which editors use to check plans: the few messages of LSP that a test needs.

The server is an npm package of ``tests/support/node/package.json``; it speaks JSON-RPC over stdio.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

CHECKOUT: Final = Path(__file__).parents[2]
PROGRAM: Final = (
    CHECKOUT / ".tools" / "node" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
)
_SECONDS: Final = 30


class LanguageServer:
    """One running server. Its schemas are those that the first lines of the documents name, and no others."""

    def __init__(self, process: subprocess.Popen[bytes], root: Path) -> None:
        self._process, self._root = process, root
        self._received: Queue[dict[str, Any]] = Queue()
        self._last = 0
        threading.Thread(target=self._receive, daemon=True).start()

    def start(self) -> None:
        capabilities = {
            "textDocument": {"publishDiagnostics": {}, "completion": {}},
            "workspace": {"configuration": True},
        }
        self.request(
            "initialize",
            {"processId": None, "rootUri": self._root.as_uri(), "capabilities": capabilities},
        )
        self._notify("initialized", {})

    def diagnostics(self, documents: Mapping[Path, str]) -> dict[Path, list[dict[str, Any]]]:
        """What the server finds in each document, by its path."""
        waiting = {path.as_uri(): path for path in documents}
        for path, text in documents.items():
            document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
            self._notify("textDocument/didOpen", {"textDocument": document})
        found: dict[Path, list[dict[str, Any]]] = {}
        while waiting:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics":
                uri = message["params"]["uri"]
                if uri in waiting:
                    found[waiting.pop(uri)] = message["params"]["diagnostics"]
        return found

    def completions(self, path: Path, line: int, character: int) -> list[str]:
        """The labels that the server offers at a position of an open document; both count from 0."""
        place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
        result = self.request("textDocument/completion", place)
        items = result["items"] if isinstance(result, dict) else result or []
        return [item["label"] for item in items]

    def request(self, method: str, params: Any) -> Any:
        self._last += 1
        number = self._last
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _next(self) -> dict[str, Any]:
        """The next message that is not a request of the server; those are answered."""
        while True:
            try:
                message = self._received.get(timeout=_SECONDS)
            except Empty:
                raise AssertionError(f"yaml-language-server sent nothing for {_SECONDS} s") from None
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            else:
                return message

    def _answer(self, message: Mapping[str, Any]) -> Any:
        """Its settings: nothing from the network, and Kubernetes and other known schemas off."""
        if message["method"] != "workspace/configuration":
            return None
        settings = {
            "validate": True,
            "schemaStore": {"enable": False},
            "yamlVersion": "1.2",
            "completion": True,
        }
        return [settings if each.get("section") == "yaml" else {} for each in message["params"]["items"]]

    def _notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Mapping[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self) -> None:
        assert self._process.stdout is not None
        while header := self._process.stdout.readline():
            length = int(header.partition(b":")[2])
            while self._process.stdout.readline().strip():
                pass
            self._received.put(json.loads(self._process.stdout.read(length)))


@contextmanager
def language_server(root: Path) -> Iterator[LanguageServer]:
    """A server for the documents below ``root``, stopped at the end of the block."""
    with subprocess.Popen(
        ["node", str(PROGRAM), "--stdio"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            server = LanguageServer(process, root)
            server.start()
            yield server
        finally:
            process.kill()
