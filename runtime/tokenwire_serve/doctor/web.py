"""The same server over HTTP: health, models, a streamed chat, metrics, what strangers may see."""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any, Final

from .finding import NEEDS_KEY, NO_TOKEN, NOT_SERVING, Finding, not_looked_at

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

__all__ = ["HttpChecks"]

_PATIENCE_S: Final = 10.0
_READ: Final = 1 << 20
_REFUSED: Final = (401, 403)
_UNAVAILABLE: Final = 503
_PAUSED: Final = re.compile(rb"^tokenwire_engine_paused (\S+)", re.MULTILINE)


class HttpChecks:
    """Checks of one server; they block.

    Args:
        host: Its address.
        port: Its HTTP port.
        tls: How to speak TLS; None is plain text.
        api_key: A key to show; "" is none.
        local: The server is on this machine.
    """

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, api_key: str, *, local: bool
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._key = api_key
        self._local = local
        self._model = "default"
        self._answered = False

    def run(self, *, silent: str = "") -> Iterator[Finding]:
        """Every finding, as it is made.

        Args:
            silent: Why no token is to be waited for; "" asks for some.
        """
        for name, check in (
            ("HTTP health", self._health),
            ("HTTP models", self._models),
            ("HTTP chat", self._chat),
            ("HTTP metrics", self._metrics),
        ):
            if silent and name == "HTTP chat":
                yield not_looked_at(name, silent)
                continue
            try:
                yield check()
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
                yield Finding(name, "fail", f"port {self._port}: {reason}", self._advice(name, error))
                if not self._answered:
                    return

    def is_paused(self) -> bool | None:
        """Whether generation is paused, as the metrics say; None where they do not say it to this key."""
        try:
            reply, body = self._ask("GET", "/metrics")
        except (OSError, http.client.HTTPException):
            return None
        found = _PAUSED.search(body) if reply.status == 200 else None
        return None if found is None else float(found[1]) == 1

    def _advice(self, check: str, error: Exception) -> str:
        if not self._answered:
            return f"the HTTP port is --port; give it with --http-port (tried {self._port}), or --no-http"
        late = isinstance(error, TimeoutError) and check == "HTTP chat"
        return NO_TOKEN if late else "see the server's log"

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: bool = True
    ) -> tuple[http.client.HTTPResponse, bytes]:
        made: http.client.HTTPConnection
        if self._tls is None:
            made = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        else:
            self._tls.set_alpn_protocols(["http/1.1"])  # of a context that gRPC uses, too
            made = http.client.HTTPSConnection(self._host, self._port, timeout=_PATIENCE_S, context=self._tls)
        headers = {"authorization": f"Bearer {self._key}"} if key and self._key else {}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        try:
            made.request(method, path, data, headers)
            reply = made.getresponse()
            self._answered = True
            return reply, reply.read(_READ)
        finally:
            made.close()

    def _health(self) -> Finding:
        reply, body = self._ask("GET", "/health", key=False)
        if reply.status == 200:
            return Finding("HTTP health", "ok", "/health is 200")
        return _failed("HTTP health", "/health", reply.status, body)

    def _models(self) -> Finding:
        reply, body = self._ask("GET", "/v1/models")
        if reply.status in _REFUSED:
            return Finding("HTTP models", "skip", NEEDS_KEY)
        if reply.status != 200:
            return _failed("HTTP models", "/v1/models", reply.status, body)
        names = [model["id"] for model in json.loads(body)["data"]]
        self._model = names[0] if names else self._model
        return Finding("HTTP models", "ok", ", ".join(names))

    def _chat(self) -> Finding:
        asked = {
            "model": self._model,
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 8,
            "stream": True,
        }
        reply, body = self._ask("POST", "/v1/chat/completions", asked)
        if reply.status in _REFUSED:
            return Finding("HTTP chat", "skip", NEEDS_KEY)
        if reply.status == _UNAVAILABLE:
            return _failed("HTTP chat", "/v1/chat/completions", reply.status, body)
        if reply.status != 200:
            return Finding(
                "HTTP chat", "warn", f"{reply.status}: {_message(body)}", "not every model can chat"
            )
        events = body.count(b"data: ")
        if not body.rstrip().endswith(b"data: [DONE]"):
            return Finding("HTTP chat", "fail", "the stream has no [DONE] at its end", "see the server's log")
        return Finding("HTTP chat", "ok", f"{events - 1} events and [DONE]")

    def _metrics(self) -> Finding:
        reply, body = self._ask("GET", "/metrics", key=False)
        refused = reply.status in _REFUSED
        if refused and self._key:
            reply, body = self._ask("GET", "/metrics")
        if reply.status in _REFUSED:
            more = ", and yours is refused" if self._key else ""
            return Finding("HTTP metrics", "ok", f"/metrics needs a key{more}")
        if reply.status != 200:
            fix = "they may have a port of their own (--metrics-http-port), or be off"
            return Finding("HTTP metrics", "skip", f"/metrics is {reply.status}", fix)
        count = sum(1 for line in body.splitlines() if line.startswith(b"# TYPE"))
        if refused:
            return Finding("HTTP metrics", "ok", f"{count} metrics; they need a key, and yours is taken")
        if self._local:
            return Finding("HTTP metrics", "ok", f"{count} metrics")
        fix = "serve with keys, or give them a port of their own with --metrics-http-port"
        return Finding("HTTP metrics", "warn", f"{count} metrics, open to anyone", fix)


def _failed(check: str, path: str, status: int, body: bytes) -> Finding:
    reason = _message(body)
    said = f"{path} is {status}{f': {reason}' if reason else ''}"
    fix = NOT_SERVING if status == _UNAVAILABLE else "see the server's log"
    return Finding(check, "fail", said, fix)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:100].decode(errors="replace")
