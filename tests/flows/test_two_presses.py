"""Two people press at the same instant into two bot processes: one approval, one mail, and the rest are told who was first."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import demo, ids
from bot.demo import Demo
from bot.embedded.process import free_port
from bot.process_tree import Process, Tree, caseyos, environment
from tests.support.product import is_card

CASEY, ORLA = "U0CASEY", "U0ORLA"
DM, SHARED = "D0CASEY", "C0GENERAL"
HOLD_S = 1.5
PATIENCE_S = 30.0
SETTINGS = {"CASEYOS_HOLD_S": str(HOLD_S), "CASEYOS_SWEEP_S": "0.2", "CASEYOS_LOG_LEVEL": "info"}


@pytest.fixture
def two_bots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """Servers, sandbox, a worker and two bots of which each holds a socket of its own."""
    for name in [name for name in os.environ if name.startswith("CASEYOS_")]:
        monkeypatch.delenv(name)
    tmp_path.chmod(0o755)
    with demo.running(tmp_path / "demo", durable=False, extra=SETTINGS) as (running, _):
        second = Process("bot 2", caseyos("bot"), environment({**running.settings, "CASEYOS_PORT": str(free_port())}))
        tree = Tree([second], lambda _: None)
        tree.start()
        try:
            demo.wait_until_ready(running)
            until(lambda: screen(running)["sockets"] == 2, "both bots have their socket")
            yield running
        finally:
            tree.stop()


def until(true: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)
    return found


def control(at: Demo, path: str, body: dict[str, Any] | None = None) -> Any:
    return demo.ask(f"{at.sandbox}/control/{path}", body)


def screen(at: Demo, user: str = CASEY) -> dict[str, Any]:
    seen: dict[str, Any] = control(at, f"slack?user={user}")
    return seen


def ledger(at: Demo, method: str) -> list[dict[str, Any]]:
    return [entry["data"] for entry in control(at, "ledger?after=0")["entries"] if entry["method"] == method]


def the_card(at: Demo) -> dict[str, Any] | None:
    messages = [m for c in screen(at)["channels"] if c["id"] == DM for m in c["messages"]]
    return next((message for message in messages if ids.EXECUTE in str(message.get("blocks"))), None)


def share(at: Demo, move: str) -> str:
    """The same button where both people see it; the message's ts."""
    control(at, "member", {"channel": SHARED, "member": True})
    button = {
        "type": "button",
        "action_id": ids.EXECUTE,
        "value": move,
        "text": {"type": "plain_text", "text": "Execute"},
    }
    answer = httpx.post(
        f"{at.sandbox}/slack/api/chat.postMessage",
        json={"channel": SHARED, "text": "Who takes it?", "blocks": [{"type": "actions", "elements": [button]}]},
        headers={"Authorization": f"Bearer {at.settings['CASEYOS_SLACK_BOT_TOKEN']}"},
        trust_env=False,
    ).json()
    assert answer["ok"], answer
    ts: str = answer["ts"]
    return ts


def opened_view(at: Demo, user: str, ts: str) -> str:
    """Presses Execute; the id of the modal that opened before this person."""
    answer = control(at, "press", {"user": user, "channel": SHARED, "ts": ts, "action_id": ids.EXECUTE})
    assert answer["acked"], answer
    view: str = until(lambda: screen(at, user)["views"], f"the modal of {user}")[-1]["id"]
    return view


def test_of_five_submissions_by_two_people_one_binds_and_four_are_told_who_was_first(two_bots: Demo) -> None:
    email = "dana.whitfield@northpier.example"
    control(
        two_bots, "form", {"form": "contact", "fields": {"name": "Dana Whitfield", "email": email, "message": "Hello"}}
    )
    card = until(lambda: the_card(two_bots), "the card")
    ts = share(two_bots, card["blocks"][0]["block_id"].partition(":")[2])
    views = {user: opened_view(two_bots, user, ts) for user in (CASEY, ORLA)}

    people = [CASEY, ORLA, CASEY, ORLA, CASEY]
    submissions = [{"user": user, "view_id": views[user], "values": {}} for user in people]
    answers = control(two_bots, "submit_many", {"submissions": submissions})["answers"]

    assert all(answer["acked"] and answer["by"] == "socket" for answer in answers), answers
    bound = [user for user, answer in zip(people, answers, strict=True) if not answer["response"]]
    assert len(bound) == 1, answers
    told = [str(answer["response"]) for answer in answers if answer["response"]]
    assert len(told) == 4
    assert all("already approved by" in words.lower() and bound[0] in words for words in told), told

    until(lambda: ledger(two_bots, "mail_sent"), "the mail")
    until(lambda: "done: sent" in next(iter(cards_of(two_bots)))["text"], "the card says it is done")
    assert [mail["to"] for mail in ledger(two_bots, "mail_sent")] == [[email]]
    assert len(ledger(two_bots, "draft_created")) == 1


def cards_of(at: Demo) -> list[dict[str, Any]]:
    return [m for c in screen(at)["channels"] if c["id"] == DM for m in c["messages"] if is_card(m)]
