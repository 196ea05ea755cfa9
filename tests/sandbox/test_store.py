"""The ledger and the objects survive, in order, and change together or not at all."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from integrations.sandbox.store import QUEUE_LIMIT, Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "deep" / "sandbox.sqlite3")
    yield made
    made.close()


def test_lines_come_back_in_order_by_number_and_service(store):
    store.record("gmail", "effect", "mail_sent", {"to": "ä"})
    second = store.record("slack", "request", "chat.postMessage", {})
    store.record("gmail", "refused", "drafts.send", {"status": 404})

    assert [each["n"] for each in store.entries()] == [1, 2, 3]
    assert [each["method"] for each in store.entries(after=second)] == ["drafts.send"]
    assert [each["data"] for each in store.entries(service="gmail")] == [{"to": "ä"}, {"status": 404}]
    assert store.entries()[0]["at"].endswith("Z")


def test_an_object_keeps_its_place_when_it_changes(store):
    for id in ("b", "a", "c"):
        store.put("thing", id, {"id": id})
    store.put("thing", "b", {"id": "b", "new": True})
    store.delete("thing", "a")

    assert store.all("thing") == [{"id": "b", "new": True}, {"id": "c"}]
    assert store.get("thing", "a") is None
    assert store.count("thing") == 2


def test_an_error_takes_back_the_effect_and_its_line(store):
    def fail():
        with store.transaction():
            store.put("thing", "a", {})
            with store.transaction():
                store.record("gmail", "effect", "draft_created", {})
                store.next_id("thing")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert (store.all("thing"), store.entries(), store.counter("thing")) == ([], [], 0)
    store.put("thing", "b", {})
    assert store.all("thing") == [{}]


async def test_a_subscriber_hears_once_per_commit_and_never_misses_the_last(store):
    with store.subscribe() as queue:
        with store.transaction():
            store.record("gmail", "effect", "one", {})
            store.record("gmail", "effect", "two", {})
        assert queue.qsize() == 1
        assert queue.get_nowait() == 2
        for _ in range(QUEUE_LIMIT + 5):
            last = store.record("gmail", "effect", "more", {})
        numbers = [queue.get_nowait() for _ in range(queue.qsize())]
    assert len(numbers) == QUEUE_LIMIT
    assert numbers[-1] == last


def test_what_was_answered_outlives_kill_9(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time, pathlib
        from integrations.sandbox.store import Store
        store = Store(pathlib.Path(sys.argv[1]))
        for n in range(50):
            with store.transaction():
                store.put("thing", str(store.next_id("thing")), {"n": n})
                store.record("gmail", "effect", "made", {"n": n})
        print("answered", flush=True)
        time.sleep(60)
        """
    )
    root = Path(__file__).parents[2]
    path = tmp_path / "sandbox.sqlite3"
    child = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=root, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "answered\n"
        child.send_signal(signal.SIGKILL)

    again = Store(path)
    assert [each["data"]["n"] for each in again.entries()] == list(range(50))
    assert json.dumps(again.all("thing")) == json.dumps([{"n": n} for n in range(50)])
    assert again.next_id("thing") == 51
    again.close()
