"""The one transport of everything that changes something outside: what leaves, and what is known when no answer came."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import product

import httpx
import pytest
import respx

from core.ports import Unavailable, Unclear
from integrations import transport

URL = "http://service.example/things"


async def sent(http, *, changes=True, token="t", deadline=None):
    return await transport.send(
        http,
        "POST",
        URL,
        service="The service",
        token=token,
        setting="CASEYOS_TOKEN",
        changes=changes,
        deadline=deadline or transport.deadline(http),
        body="{}",
    )


@pytest.fixture
def service():
    with respx.mock(assert_all_called=False) as routes:
        yield routes.post(URL)


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as opened:
        yield opened


async def test_whatever_was_answered_is_handed_on(service, http):
    for status in (200, 204, 302, 404, 429, 500):
        service.respond(status, headers={"location": "http://elsewhere.example/"})
        assert (await sent(http)).status_code == status
    assert service.call_count == 6


@pytest.mark.parametrize("location", ["http://xn--/", "http://[::bad", "http://a:b/", "//", "http://\x80.example"])
async def test_a_redirect_to_nowhere_is_an_answer_like_a_lost_one(service, http, location):
    service.respond(302, headers=[(b"location", location.encode("latin-1"))])
    for changes, kind in ((True, Unclear), (False, Unavailable)):
        with suppress(kind):
            assert (await sent(http, changes=changes)).status_code == 302
    assert service.call_count == 2


async def test_nothing_leaves_without_a_usable_token(service, http):
    for token in ("", "two words", "line\n", "é"):
        with pytest.raises(Unavailable, match="CASEYOS_TOKEN"):
            await sent(http, token=token)
    assert not service.called


async def test_nothing_leaves_once_the_time_is_over(service, http):
    with pytest.raises(Unavailable, match="run out"):
        await sent(http, deadline=asyncio.get_running_loop().time())
    assert not service.called


async def test_nothing_leaves_through_a_client_that_is_closed(service):
    async with httpx.AsyncClient() as http:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await sent(http)
    assert not service.called


async def test_an_answer_that_takes_longer_than_the_deadline_is_lost(service, http):
    begun = []

    async def never(request):
        begun.append(request)
        await asyncio.Event().wait()

    service.mock(side_effect=never)
    for changes, kind in ((True, Unclear), (False, Unavailable)):
        with pytest.raises(kind):
            await sent(http, changes=changes, deadline=asyncio.get_running_loop().time() + 0.05)
    assert len(begun) == 2


async def test_the_deadline_is_the_clients_patience_at_most():
    now = asyncio.get_running_loop().time()
    for timeout, most in ((3, 3), (300, transport.TIMEOUT_S), (None, transport.TIMEOUT_S)):
        async with httpx.AsyncClient(timeout=timeout) as http:
            assert transport.deadline(http) == pytest.approx(now + most, abs=1)


ODD = ["", "-1", "1e9", "9" * 50, "soon", "Mon, 99 Nov 2026 99:00:00 GMT", "Mon, 23 Nov 2026 10:00:00 +9999"]
ODD += ["Mon, 23 Nov 0001 10:00:00 +2359", "Sun, 06 Nov 9999 08:49:37 -2359", f"Mon, 23 Nov {'9' * 20} 10:00:00 GMT"]


def test_a_wait_is_understood_or_not_and_never_longer_than_a_day():
    for retry_after, date in product(ODD, ODD):
        answer = httpx.Response(429, headers={"retry-after": retry_after, "date": date})
        assert (transport.wait(answer) or timedelta()) <= transport.LONGEST_WAIT
    headers = {"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert transport.wait(httpx.Response(429, headers=headers)) == timedelta(seconds=30)
    assert transport.wait(httpx.Response(429, headers={"retry-after": "7"})) == timedelta(seconds=7)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"1", b"null", b'{"a":' * 100_000])
def test_what_is_no_object_is_none(body):
    assert transport.content(httpx.Response(200, content=body)) is None
