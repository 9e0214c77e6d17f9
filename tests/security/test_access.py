"""Who may call what: keys, scopes, and what counts as a call from this machine."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from tokenwire import auth
from tokenwire.auth import OPEN, Access, KeyRing, host_of, is_loopback
from tokenwire.codes import Code
from tokenwire.method import AuthScope
from tokenwire.record import Caller

USER_KEY = "user-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"
PUBLIC, USER, ADMIN = AuthScope.PUBLIC, AuthScope.USER, AuthScope.ADMIN
LOCAL_PEER = "127.0.0.1:50000"


def bearer(key: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {key}")]


def code(access: Access, scope: AuthScope, headers: list[tuple[str, str]], **where: str) -> Code | None:
    error = access.refusal(scope, headers, **({"peer": LOCAL_PEER, "authority": "localhost:1"} | where))
    return None if error is None else error.code


def sentence(access: Access, scope: AuthScope, headers: list[tuple[str, str]], **where: str) -> str:
    error = access.refusal(scope, headers, **({"peer": LOCAL_PEER, "authority": "localhost:1"} | where))
    assert error is not None
    return error.message


OK, NO_KEY, DENIED = None, Code.UNAUTHENTICATED, Code.PERMISSION_DENIED
NOTHING: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
USERS = ((USER_KEY,), ())
ADMINS = ((), (ADMIN_KEY,))
BOTH = ((USER_KEY,), (ADMIN_KEY,))


@pytest.mark.parametrize(
    ("keys", "key", "public", "user"),
    [
        (NOTHING, USER_KEY, Caller.ANYBODY, Caller.ANYBODY),
        (USERS, None, Caller.STRANGER, None),
        (USERS, "wrong", Caller.STRANGER, None),
        (USERS, USER_KEY, Caller.HOLDER, Caller.HOLDER),
        (ADMINS, None, Caller.ANYBODY, Caller.ANYBODY),
        (ADMINS, "wrong", Caller.ANYBODY, Caller.ANYBODY),
        (ADMINS, ADMIN_KEY, Caller.HOLDER, Caller.HOLDER),
        (BOTH, None, Caller.STRANGER, None),
        (BOTH, ADMIN_KEY, Caller.HOLDER, Caller.HOLDER),
    ],
)
def test_who_calls(keys: Any, key: str | None, public: Caller, user: Caller | None) -> None:
    access = Access(KeyRing(*keys), local=True)
    headers = [] if key is None else bearer(key)
    assert access.caller(PUBLIC, headers) is public
    if user is not None:
        assert access.caller(USER, headers) is user
    twice = access.caller(PUBLIC, bearer(USER_KEY) + bearer(USER_KEY))
    assert twice is (Caller.STRANGER if access.keys.has_user else Caller.ANYBODY)


@pytest.mark.parametrize(
    ("keys", "key", "public", "user", "admin"),
    [
        (NOTHING, None, OK, OK, OK),
        (NOTHING, "whatever", OK, OK, OK),
        (USERS, None, OK, NO_KEY, NO_KEY),
        (USERS, "wrong", OK, NO_KEY, NO_KEY),
        (USERS, USER_KEY, OK, OK, OK),
        (ADMINS, None, OK, OK, NO_KEY),
        (ADMINS, "wrong", OK, OK, NO_KEY),
        (ADMINS, ADMIN_KEY, OK, OK, OK),
        (BOTH, None, OK, NO_KEY, NO_KEY),
        (BOTH, "wrong", OK, NO_KEY, NO_KEY),
        (BOTH, USER_KEY, OK, OK, DENIED),
        (BOTH, ADMIN_KEY, OK, OK, OK),
    ],
)
def test_scopes_on_loopback(
    keys: Any, key: str | None, public: Code | None, user: Code | None, admin: Code | None
) -> None:
    access = Access(KeyRing(*keys), local=True)
    headers = [] if key is None else bearer(key)
    assert [code(access, scope, headers) for scope in (PUBLIC, USER, ADMIN)] == [public, user, admin]


@pytest.mark.parametrize(
    ("keys", "key", "admin"),
    [
        (NOTHING, None, DENIED),
        (USERS, None, NO_KEY),
        (USERS, USER_KEY, DENIED),
        (ADMINS, ADMIN_KEY, OK),
        (BOTH, USER_KEY, DENIED),
        (BOTH, ADMIN_KEY, OK),
    ],
)
def test_admin_calls_elsewhere_need_an_admin_key(keys: Any, key: str | None, admin: Code | None) -> None:
    access = Access(KeyRing(*keys), local=False)
    assert code(access, ADMIN, [] if key is None else bearer(key)) == admin
    if admin is DENIED and keys is not BOTH:
        assert "--admin-api-key" in sentence(access, ADMIN, [] if key is None else bearer(key))


FROM_ELSEWHERE: list[tuple[list[tuple[str, str]], dict[str, str]]] = [
    *(
        ([(name, "203.0.113.7")], {})
        for name in (
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x_forwarded_for",
            "x-forwarded",
            "forwarded",
            "via",
            "x-real-ip",
            "x_real_ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "cf-connecting-ip",
            "cf-connecting-ipv6",
            "cdn-loop",
            "true-client-ip",
            "true_client_ip",
            "fastly-client-ip",
            "fly-client-ip",
            "x-azure-clientip",
            "x-azure-socketip",
            "forwarded-for",
            "forwarded_for",
            "client-ip",
            "remote-addr",
            "x-remote-ip",
            "x-remote-addr",
            "x-proxyuser-ip",
            "x-appengine-user-ip",
            "x-original-forwarded-for",
            "x-envoy-external-address",
        )
    ),
    ([("x-forwarded-for", "")], {}),
    ([("origin", "https://evil.example")], {}),
    ([("origin", "null")], {}),
    ([("origin", "http://localhost:3000")], {}),
    ([("origin", "http://[broken")], {}),
    ([("sec-fetch-site", "cross-site")], {}),
    ([("sec-fetch-site", "same-site")], {}),
    ([], {"authority": "evil.example"}),
    ([], {"authority": "evil.example:1"}),
    ([], {"authority": "0.0.0.0:1"}),
    ([], {"authority": "localhost.evil.example:1"}),
    ([], {"authority": "localhost:1, evil.example"}),
    ([], {"peer": "203.0.113.7:1"}),
    ([], {"peer": "[2001:db8::1]:1"}),
]


@pytest.mark.parametrize(("headers", "where"), FROM_ELSEWHERE)
def test_without_an_admin_key_a_call_that_may_come_from_elsewhere_is_denied(
    headers: list[tuple[str, str]], where: dict[str, str]
) -> None:
    access = Access(local=True)
    assert code(access, ADMIN, headers, **where) is DENIED
    assert "--admin-api-key" in sentence(access, ADMIN, headers, **where)
    assert "203.0.113.7" not in sentence(access, ADMIN, headers, **where)
    assert code(access, USER, headers, **where) is None
    assert code(Access(KeyRing((), (ADMIN_KEY,)), local=True), ADMIN, headers + bearer(ADMIN_KEY)) is None


@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ([("origin", "http://localhost:1")], {}),
        ([("sec-fetch-site", "same-origin")], {}),
        ([("sec-fetch-site", "none")], {}),
        ([], {"authority": "127.0.0.1:1"}),
        ([], {"authority": "[::1]:1"}),
        ([], {"authority": ""}),
        ([], {"peer": "[::1]:1"}),
        ([], {"peer": "[::ffff:127.0.0.1]:1"}),
        ([], {"peer": ""}),
        ([("user-agent", "curl/8"), ("accept", "*/*")], {}),
    ],
)
def test_a_call_from_this_machine_is_open(headers: list[tuple[str, str]], where: dict[str, str]) -> None:
    assert code(Access(local=True), ADMIN, headers, **where) is None


@pytest.mark.parametrize(
    "values",
    [
        ["Basic dXNlcjprZXk="],
        [USER_KEY],
        ["Bearer"],
        ["Bearer "],
        ["Bearer  "],
        [""],
        [f"Bearer {USER_KEY} extra"],
        [f"Bearer {USER_KEY}, Bearer {USER_KEY}"],
        [f"Bearer {USER_KEY}", f"Bearer {USER_KEY}"],
        [f"Bearer\t{USER_KEY}"],
        [f"Bearer {USER_KEY}\xa0"],
        ["Bearer schl\xfcssel"],
        [f"Bearer{USER_KEY}"],
    ],
)
def test_what_is_no_bearer_token_is_refused_without_an_echo(values: list[str]) -> None:
    access = Access(KeyRing((USER_KEY,)))
    headers = [("authorization", value) for value in values]
    assert code(access, USER, headers) is Code.UNAUTHENTICATED
    message = sentence(access, USER, headers)
    assert "Bearer KEY" in message
    assert USER_KEY not in message
    assert "dXNl" not in message


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_has_no_case(scheme: str) -> None:
    assert code(Access(KeyRing((USER_KEY,))), USER, [("authorization", f"{scheme}{USER_KEY} ")]) is None


@pytest.mark.parametrize("wrong", ["x", USER_KEY[:-1], USER_KEY + "0", USER_KEY.upper()])
def test_a_wrong_key_is_not_shown(wrong: str) -> None:
    message = sentence(Access(KeyRing((USER_KEY,))), USER, bearer(wrong))
    assert wrong not in message.split()
    assert "does not" in message or "not one that this server knows" in message


def test_every_key_is_compared_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing([f"user-{number}" for number in range(5)], [f"admin-{number}" for number in range(3)])
    compared: list[tuple[int, int]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return hmac.compare_digest(a, b)

    monkeypatch.setattr(auth, "compare_digest", compare)
    seen = set()
    for key, scope in (
        ("user-0", USER),
        ("user-4", USER),
        ("admin-1", ADMIN),
        ("none", PUBLIC),
        ("x" * 999, PUBLIC),
    ):
        compared.clear()
        assert ring.scope_of(key) is scope
        seen.add(tuple(compared))
    assert seen == {((32, 32),) * 8}


def test_other_keys_count_at_once_and_make_a_new_generation() -> None:
    access = Access(KeyRing((USER_KEY,)))
    before = access.generation
    access.use(KeyRing(("another-key-012345",)))
    assert access.generation != before
    assert code(access, USER, bearer(USER_KEY)) is Code.UNAUTHENTICATED
    assert code(access, USER, bearer("another-key-012345")) is None


def test_a_ring_shows_no_key() -> None:
    ring = KeyRing((USER_KEY, "second-user-key"), (ADMIN_KEY,))
    assert repr(ring) == "KeyRing(2 user, 1 admin)"
    kept = [getattr(ring, name) for name in KeyRing.__slots__]
    assert USER_KEY not in repr(kept)
    assert ADMIN_KEY not in repr(kept)


@pytest.mark.parametrize(
    ("user", "admin", "problem"),
    [
        (("good", ""), (), "key 2 is empty"),
        (("two words",), (), "key 1 has a space"),
        (("schl\xfcssel",), (), "printable ASCII"),
        (("line\n",), (), "key 1 has a space"),
        ((USER_KEY,), (USER_KEY,), "as a user key and as an admin key"),
    ],
)
def test_what_cannot_be_a_key(user: tuple[str, ...], admin: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        KeyRing(user, admin)
    for key in (*user, *admin):
        assert not key or key not in str(caught.value)


def test_open_access_asks_nothing() -> None:
    assert code(OPEN, ADMIN, [("x-forwarded-for", "x")], peer="203.0.113.7:1") is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("127.0.0.1%evil.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("a:1", "a"),
        ("a", "a"),
        ("[::1]:1", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("[::1].evil.example:1", "[::1].evil.example:1"),
        ("[::1]evil", "[::1]evil"),
        ("a:", "a:"),
        ("", ""),
    ],
)
def test_hosts(authority: str, host: str) -> None:
    assert host_of(authority) == host
