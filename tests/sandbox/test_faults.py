"""Each fault does to a request what its name says, no more often than asked."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from integrations.sandbox.faults import Fault, Faults, apply, cancel_late
from tests.sandbox.world_support import served


@pytest.fixture
def done():
    return []


@pytest.fixture
async def service(done):
    """A service with one changing request; `kind` and `seconds` of the query are its fault."""

    async def change(request):
        asked = dict(request.query)
        fault = Fault(asked["kind"], float(asked.get("seconds", 0))) if "kind" in asked else None

        def work():
            done.append(asked.get("kind"))
            return web.json_response({"done": True})

        return await apply(request, fault, work, refuse=lambda f: web.json_response({"refused": f.kind}, status=418))

    app = web.Application()
    app.add_routes([web.post("/change", change)])
    app.on_cleanup.append(cancel_late)
    async with served(app) as url, aiohttp.ClientSession() as http:

        async def call(kind=None, seconds=0.0):
            params = {} if kind is None else {"kind": kind, "seconds": str(seconds)}
            async with http.post(f"{url}/change", params=params) as answer:
                return answer.status, await answer.json(), answer.headers.get("Retry-After")

        yield call


async def test_without_a_fault_it_is_simply_done(service, done):
    assert await service() == (200, {"done": True}, None)
    assert done == [None]


async def test_a_lost_answer_is_an_effect_without_a_word(service, done):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await service("lose_answer")
    assert done == ["lose_answer"]


async def test_a_lost_request_is_nothing(service, done):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await service("lose_request")
    assert done == []


async def test_a_late_change_comes_after_the_connection_is_gone(service, done):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await service("late", 0.1)
    assert done == []
    await asyncio.sleep(0.2)
    assert done == ["late"]


async def test_a_late_change_does_not_outlive_the_service(service, done):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await service("late", 60)
    await cancel_late()
    assert done == []
    assert len(asyncio.all_tasks()) < 5


async def test_slow_is_done_at_once_and_answered_later(service, done):
    began = time.monotonic()
    answer = asyncio.create_task(service("slow", 0.2))
    await asyncio.sleep(0.1)
    assert done == ["slow"]
    assert (await answer)[0] == 200
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(
    ("kind", "carried_out", "retry_after"),
    [
        ("rate_limit", False, "2"),
        ("unavailable", False, None),
        ("refuse", False, None),
        ("error", True, None),
    ],
)
async def test_refusals_are_worded_by_the_service(service, done, kind, carried_out, retry_after):
    assert await service(kind, 1.5) == (418, {"refused": kind}, retry_after)
    assert done == ([kind] if carried_out else [])


def test_faults_wait_for_their_service_and_method_and_are_used_up():
    faults = Faults()
    faults.add("gmail", "lose_answer", "drafts.send")
    faults.add("gmail", "slow", times=2, seconds=0.5)

    assert faults.take("hubspot", "drafts.send") is None
    assert faults.take("gmail", "drafts.create") == Fault("slow", 0.5)
    assert faults.take("gmail", "drafts.send") == Fault("lose_answer")
    assert faults.take("gmail", "drafts.send") == Fault("slow", 0.5)
    assert faults.take("gmail", "drafts.send") is None


def test_deliveries_and_requests_have_faults_of_their_own():
    faults = Faults()
    faults.add("slack", "deliver_twice")
    assert faults.take("slack", "chat.postMessage") is None
    assert faults.take_delivery("slack")
    assert not faults.take_delivery("slack")


@pytest.mark.parametrize("bad", [{"kind": "nonsense"}, {"times": 0}, {"seconds": -1}, {"seconds": float("nan")}])
def test_a_fault_that_makes_no_sense_is_refused(bad):
    with pytest.raises(ValueError, match=r"one of|at least"):
        Faults().add(**{"service": "gmail", "kind": "slow", **bad})
