"""Counts what was lost, doubled or cannot be explained: from the sandbox's ledger and, once settled, the database.

Imports nothing but the standard library and asyncpg, so that no error of the product can hide in it.
"""

import json
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg


class Told(Protocol):
    """What a person of the run did and was told."""

    name: str
    email: str
    story: str
    accepted: int
    approved: bool
    replied: bool
    waited_for: str

    @property
    def kind(self) -> str: ...


@dataclass
class Verdict:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    """Errors that the processes wrote: for people to look at, what they led to is counted above."""
    needs_human: int = 0
    asked: list[str] = field(default_factory=list)
    """What a person is asked about, with the reason."""
    leftover_drafts: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.unexplained or self.leftover_drafts)


UNSETTLED = """
    select
      (select count(*) from signals where due_at is not null)
    + (select count(*) from effects where due_at is not null)
    + (select count(*) from moves where card_due_at is not null and card_ts is not null)
    + (select count(*) from moves where card_ts is null)
"""


async def unsettled(database_url: str) -> int:
    """How many things are still due."""
    connection = await asyncpg.connect(database_url)
    try:
        found: int = await connection.fetchval(UNSETTLED)
        return found
    finally:
        await connection.close()


async def judge(*, sandbox: str, database_url: str, people: Sequence[Told]) -> Verdict:
    verdict = Verdict()
    ledger = _get(f"{sandbox}/control/ledger?after=0")["entries"]
    effects = [entry for entry in ledger if entry["kind"] == "effect"]
    posts = [entry["data"]["message"] for entry in effects if entry["method"] == "message_posted"]
    mails = [entry["data"] for entry in effects if entry["method"] == "mail_sent"]
    keys = Counter(post["metadata"]["event_payload"]["key"] for post in posts if post.get("metadata"))
    verdict.doubled += [f"post {key} {count} times" for key, count in keys.items() if count > 1]
    deleted = [entry["data"] for entry in effects if entry["method"] == "draft_deleted"]
    verdict.unexplained += [
        f"refused: {entry['method']} {entry['data']}"[:300]
        for entry in ledger
        if entry["kind"] == "refused"
        and not _draft_was_deleted(entry, deleted)
        and not _post_was_deleted(entry, effects)
    ]
    verdict.unexplained += [f"unknown method {e['method']}" for e in ledger if e["kind"] == "unknown_method"]
    verdict.leftover_drafts = len(_get(f"{sandbox}/control/gmail")["drafts"])
    rows = await _rows(database_url)
    for person in people:
        _judge_person(verdict, person, posts, keys, mails, rows)
    known = {person.email for person in people}
    verdict.unexplained += [f"a mail to {to}" for mail in mails for to in mail["to"] if to not in known]
    verdict.needs_human = sum(row["state"] == "needs_human" for row in rows["effects"])
    verdict.unexplained += [
        f"effect {row['action']}/{row['step']} is {row['state']}"
        for row in rows["effects"]
        if row["state"] in {"armed", "unknown", "absent", "undo_armed", "undo_unknown"}
    ]
    return verdict


def _draft_was_deleted(entry: dict[str, Any], deleted: list[Any]) -> bool:
    """Deleted again by whoever died before writing it down, or by a person in the moment in which it was to leave."""
    asked = entry["data"]
    if asked.get("status") != 404:
        return False
    if entry["method"] == "drafts.delete":
        return any(draft["draft_id"] == asked["id"] for draft in deleted)
    by_hand = {draft["draft_id"] for draft in deleted if draft.get("by") == "person"}
    return entry["method"] == "drafts.send" and asked["body"]["id"] in by_hand


def _post_was_deleted(entry: dict[str, Any], effects: Sequence[Any]) -> bool:
    """Taken back by whoever died before writing it down, and looked for once more."""
    if entry["method"] not in {"chat.delete", "conversations.replies"}:
        return False
    ts = entry["data"]["arguments"]["ts"]
    return any(effect["method"] == "message_deleted" and effect["data"]["ts"] == ts for effect in effects)


def _judge_person(
    verdict: Verdict,
    person: Told,
    posts: list[Any],
    keys: Counter[str],
    mails: list[Any],
    rows: dict[str, list[Any]],
) -> None:
    notes = [p for p in posts if person.email in p["text"] and p.get("thread_ts") not in {None, p["ts"]}]
    sent = [mail for mail in mails if person.email in mail["to"]]
    every = [row for row in rows["moves"] if row["email"] == person.email]
    mine = [row for row in every if row["action"] == person.kind]
    signals = [row for row in rows["signals"] if row["email"] == person.email]
    if person.waited_for:
        verdict.unexplained.append(f"never came: {person.waited_for}")
    stored = len({row["id"] for row in signals})
    verdict.lost += [f"signal of {person.name}"] * (person.accepted - stored)
    verdict.doubled += [f"signal of {person.name}"] * (stored - person.accepted)
    for signal in signals:
        _exactly_one(verdict, True, keys[signal["told_by"]], f"card or note for a form of {person.name}")
    _exactly_one(verdict, person.accepted > 0, len(mine), f"move of {person.name}")
    for row in every:
        _exactly_one(verdict, True, keys[f"card{row['id'].hex}"], f"card of {person.name}: {row['action']}")
    state = mine[0]["state"] if mine else "none"
    mailed = state == "done" and person.kind == "send_email"
    asked = bool(mine) and mine[0]["asks"] > 0
    if not (asked and len(sent) == 1):  # a person is asked whether it left: it may have
        _exactly_one(verdict, mailed, len(sent), f"mail to {person.email} (its move is {state})")
    _exactly_one(verdict, person.replied, len(notes), f"note about {person.name}'s reply")
    _exactly_one(verdict, person.replied, mine[0]["replies"] if mine else 0, f"outcome of {person.name}")
    may_end = {"done"} if person.story in {"send", "unlucky", "pause"} else {"done", "open"}
    if person.approved and state not in may_end and not asked:
        verdict.lost.append(f"approval of {person.name}: its move is {state}")
    verdict.lost += [f"the edit of {person.name}" for mail in sent if mail["subject"] != f"For {person.name}"]


def _exactly_one(verdict: Verdict, expected: bool, found: int, what: str) -> None:
    if expected and found == 0:
        verdict.lost.append(what)
    elif found > int(expected):
        verdict.doubled.append(f"{what}: {found}")


async def _rows(database_url: str) -> dict[str, list[Any]]:
    connection = await asyncpg.connect(database_url)
    try:
        return {
            "effects": await connection.fetch("select action, step, state from effects"),
            "signals": await connection.fetch(
                """
                select s.id, s.payload->>'email' as email,
                    coalesce('card' || replace(m.id::text, '-', ''), 'declined' || replace(s.id::text, '-', '')) as told_by
                from signals s
                left join recommendations r on r.signal_id = s.id
                left join moves m on m.recommendation_id = r.id
                where s.kind = 'form_submitted'
                """
            ),
            "moves": await connection.fetch(
                """
                select m.id, m.state, p.email, r.action,
                    (select count(*) from effects e where e.move_id = m.id and e.state = 'needs_human') as asks, (
                    select count(*) from outcomes o where o.recommendation_id = m.recommendation_id and o.kind = 'reply'
                ) as replies
                from moves m join people p on p.id = m.person_id
                join recommendations r on r.id = m.recommendation_id
                """
            ),
        }
    finally:
        await connection.close()


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())
