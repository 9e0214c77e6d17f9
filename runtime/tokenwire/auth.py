"""Who may call what: keys, the scopes of methods, and what counts as a call from this machine."""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .codes import Code
from .errors import RpcError
from .method import AuthScope
from .record import Caller

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = [
    "OPEN",
    "SECRET_HEADERS",
    "Access",
    "KeyRing",
    "host_of",
    "is_loopback",
    "key_problem",
    "without_secrets",
]

SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Header fields that no handler, engine, log or trace gets to see where keys are checked."""

_KEY: Final = re.compile(r"[!-~]+")
_BEARER: Final = re.compile(r"bearer +([!-~]+) *", re.IGNORECASE)
_PORT: Final = re.compile(r"(:[0-9]*)?")
_FORWARDED: Final = frozenset(
    {"forwarded", "forwarded-for", "via", "cdn-loop", "client-ip", "remote-addr", "true-client-ip"}
    | {"x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-remote-addr", "x-remote-ip", "x-proxyuser-ip"}
    | {"cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip", "fly-client-ip", "x-azure-clientip"}
    | {"x-azure-socketip", "x-original-forwarded-for", "x-envoy-external-address", "x-appengine-user-ip"}
)
"""With `x-forwarded...`, the fields by which a proxy says for whom it calls; `_` is as good as `-`."""
_FORWARDS: Final = "x-forwarded"
_OWN_PAGE: Final = frozenset({"same-origin", "none"})
_NO_KEY: Final = "this call needs a key: send `authorization: Bearer KEY`"
_MALFORMED: Final = (
    "the authorization header must be given once, as `Bearer KEY`; a KEY is ASCII without spaces"
)
_WRONG: Final = "the key is not one that this server knows"
_NOT_ADMIN: Final = "this call needs an admin key; the key is a user's"
_SET_KEY: Final = "set --admin-api-key and send that key"


class KeyRing:
    """The keys that a server knows, as SHA-256 digests: the keys themselves are not kept.

    Args:
        user: Keys for calls of scope user.
        admin: Keys for every call.

    Raises:
        ValueError: A key is empty or has what a header cannot carry, or is both a user's and an admin's;
            the message tells which by its place, and shows none.
    """

    __slots__ = ("_admin", "_user")

    def __init__(self, user: Iterable[str] = (), admin: Iterable[str] = ()) -> None:
        self._user = _digests(user)
        self._admin = _digests(admin)
        if set(self._user) & set(self._admin):
            raise ValueError("the same key is given as a user key and as an admin key")

    def __repr__(self) -> str:
        return f"KeyRing({len(self._user)} user, {len(self._admin)} admin)"

    @property
    def has_user(self) -> bool:
        """Whether calls of scope user need a key."""
        return bool(self._user)

    @property
    def has_admin(self) -> bool:
        """Whether calls of scope admin need an admin key."""
        return bool(self._admin)

    def scope_of(self, key: str) -> AuthScope:
        """What a key is good for: ADMIN, USER, or PUBLIC where it is not known.

        Takes the same time whichever key it is, and for a wrong one.
        """
        digest = sha256(key.encode()).digest()
        user = admin = 0
        for known in self._user:
            user |= compare_digest(digest, known)
        for known in self._admin:
            admin |= compare_digest(digest, known)
        return (AuthScope.PUBLIC, AuthScope.USER, AuthScope.ADMIN)[max(user, admin * 2)]


class Access:
    """What a server asks of those who call.

    - PUBLIC methods are open, whatever key comes along.
    - USER methods need a user or an admin key once there are user keys.
    - ADMIN methods need an admin key once there are admin keys. Without any they are open to calls from
      this machine only: the listener is bound to loopback, the peer is there, no proxy speaks for someone
      else, and no web page of another site sends it. A user key is needed all the same where there are some.

    Args:
        keys: Those that count.
        local: The listeners are bound to loopback addresses, or are Unix sockets.

    Attributes:
        generation: Grows with each change of the keys; what was found out before it is void.
        enforced: Scopes count. Otherwise everything is open.
    """

    __slots__ = ("_keys", "_local", "enforced", "generation")

    def __init__(self, keys: KeyRing | None = None, *, local: bool = False, enforced: bool = True) -> None:
        self._keys = keys if keys is not None else KeyRing()
        self._local = local
        self.enforced = enforced
        self.generation = 0

    @property
    def keys(self) -> KeyRing:
        """The keys that count now."""
        return self._keys

    def use(self, keys: KeyRing) -> None:
        """Let other keys count from now on; calls that run go on."""
        self._keys = keys
        self.generation += 1

    def refusal(
        self, scope: AuthScope, headers: Collection[tuple[str, str]], *, peer: str, authority: str
    ) -> RpcError | None:
        """Why a call is refused: UNAUTHENTICATED or PERMISSION_DENIED; None where it may go on.

        Args:
            scope: Of what it calls.
            headers: Its header fields, names in lower case.
            peer: The caller's address, "127.0.0.1:50312" for instance; empty for a Unix socket.
            authority: The host that it believes to call, as in the fields `host` and `:authority`.
        """
        if scope is AuthScope.PUBLIC or not self.enforced:
            return None
        keys = self._keys
        if keys.has_user or (keys.has_admin and scope is AuthScope.ADMIN):
            error = _key_refusal(keys, scope, [value for name, value in headers if name == "authorization"])
            if error is not None:
                return error
        if scope is AuthScope.ADMIN and not keys.has_admin:
            why = self._not_from_here(headers, peer, authority)
            if why:
                return RpcError(Code.PERMISSION_DENIED, f"{why}: {_SET_KEY}")
        return None

    def caller(self, scope: AuthScope, headers: Collection[tuple[str, str]]) -> Caller:
        """Who makes a call that may go on.

        Args:
            scope: Of what it calls.
            headers: Its header fields, names in lower case.
        """
        keys = self._keys
        if not self.enforced or not (keys.has_user or keys.has_admin):
            return Caller.ANYBODY
        if keys.has_user and scope is not AuthScope.PUBLIC:
            return Caller.HOLDER
        given = [value for name, value in headers if name == "authorization"]
        match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if match is not None and keys.scope_of(match[1]) is not AuthScope.PUBLIC:
            return Caller.HOLDER
        return Caller.STRANGER if keys.has_user else Caller.ANYBODY

    def _not_from_here(self, headers: Collection[tuple[str, str]], peer: str, authority: str) -> str:
        """Why a call may come from elsewhere than this machine; empty where it does not."""
        if not self._local:
            return "without an admin key, admin calls are open on loopback addresses only"
        if peer and not is_loopback(host_of(peer)):
            return "without an admin key, admin calls are open to this machine only"
        if authority and not is_loopback(host_of(authority)):
            return (
                "without an admin key, admin calls are open to calls of localhost only, not of another name"
            )
        for name, value in headers:
            plain = name.replace("_", "-")
            if plain in _FORWARDED or plain.startswith(_FORWARDS):
                return f"without an admin key, admin calls are not open to a proxy (header {name})"
            if name == "origin" and not _same_host(value, authority):
                return "without an admin key, admin calls are not open to web pages (header origin)"
            if name == "sec-fetch-site" and value not in _OWN_PAGE:
                return "without an admin key, admin calls are not open to web pages (header sec-fetch-site)"
        return ""


def key_problem(key: str) -> str:
    """Why a text cannot be a key, to be said after its name; empty when it can."""
    if not key:
        return "is empty"
    return "" if _KEY.fullmatch(key) else "has a space or a character that is not printable ASCII"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's loopback: "localhost", an address of 127.0.0.0/8, or ::1."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0] if ":" in name else name)  # Only IPv6 has zones.
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def host_of(authority: str) -> str:
    """The host of "HOST:PORT", "[IPv6]:PORT" or a host alone."""
    if authority.startswith("["):
        inner, _, rest = authority[1:].partition("]")
        return inner if _PORT.fullmatch(rest) else authority
    host, colon, port = authority.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else authority


def without_secrets(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Header fields without those that hold a secret."""
    return [(name, value) for name, value in headers if name not in SECRET_HEADERS]


def _digests(keys: Iterable[str]) -> tuple[bytes, ...]:
    digests: dict[bytes, None] = {}
    for place, key in enumerate(keys, 1):
        problem = key_problem(key)
        if problem:
            raise ValueError(f"key {place} {problem}")
        digests[sha256(key.encode()).digest()] = None
    return tuple(digests)


def _key_refusal(keys: KeyRing, scope: AuthScope, given: list[str]) -> RpcError | None:
    if not given:
        return RpcError(Code.UNAUTHENTICATED, _NO_KEY)
    match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    if match is None:
        return RpcError(Code.UNAUTHENTICATED, _MALFORMED)
    found = keys.scope_of(match[1])
    if found is AuthScope.PUBLIC:
        return RpcError(Code.UNAUTHENTICATED, _WRONG)
    if scope is AuthScope.ADMIN and keys.has_admin and found is not AuthScope.ADMIN:
        return RpcError(Code.PERMISSION_DENIED, _NOT_ADMIN)
    return None


def _same_host(origin: str, authority: str) -> bool:
    """Whether a page's origin is the server itself."""
    try:
        return bool(authority) and urlsplit(origin).netloc.lower() == authority.lower()
    except ValueError:
        return False


OPEN: Final = Access(enforced=False)
"""Everything is open to everybody: how a library's server begins."""
