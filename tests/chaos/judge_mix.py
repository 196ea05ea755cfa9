"""Judges a mixed run by the sandbox's ledgers and, once settled, the database: what was lost, doubled or unexplained.

Imports nothing but the standard library and asyncpg, so that no error of the product can hide in it.
"""

import asyncio
import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from tests.chaos.judge import Verdict

KEY_HEADER = "x-caseyos-key"
NOTHING_LEFT = frozenset({"refused", "dropped", "cancelled", "approved", "held", "blocked", "absent"})
UNDER_WAY = frozenset({"armed", "unknown", "absent", "undo_armed", "undo_unknown", "approved", "held", "blocked"})
UNKNOWN = frozenset({"armed", "unknown", "undo_armed", "undo_unknown"})
AFTER_STOP_S = 3.0
"""A doubled post that lands so soon after a process stood still for too long is that stop's."""
EDITED = {"send_email": 1, "create_task": 0, "book_meeting": 0, "post_to_channel": 0}
"""Of each kind of work, the step in whose effect the person's own words must stand."""


class Executed(Protocol):
    """What a person of the run had done, and what was acknowledged."""

    name: str
    email: str
    kind: str
    accepted: bool
    approved: bool
    ended: str
    waited_for: str


@dataclass
class MixVerdict(Verdict):
    needs_human_readable: int = 0
    doubled_after_long_stop: int = 0
    reopened: int = 0
    asked: list[str] = field(default_factory=list)
    """What a person is asked about, with the reason."""
    applied: int = 0
    """Effects that the services carried out."""


@dataclass
class Ledger:
    """What was really done, by the key of the effect that asked for it."""

    done: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """`KIND KEY` to the lines of the ledger."""
    refused: list[Any] = field(default_factory=list)
    unserved: list[Any] = field(default_factory=list)
    by_person: list[Any] = field(default_factory=list)
    drafts_left: int = 0

    def take(self, entry: dict[str, Any]) -> None:
        kind, method, data = entry["kind"], entry["method"], entry["data"]
        if kind == "refused":
            self.refused.append(entry)
        elif kind == "unknown_method":
            self.unserved.append(entry)
        elif kind == "effect" and data.get("by") == "person":
            self.by_person.append(entry)
        elif kind == "effect" and (name := _name(method, data)) is not None:
            self.done[name].append(entry)


def _name(method: str, data: Mapping[str, Any]) -> str | None:
    match method:
        case "draft_created" | "mail_sent":
            headers = {name.lower(): value for name, value in data["headers"].items()}
            return f"{method} {headers.get(KEY_HEADER)}"
        case "message_posted" if data["message"].get("bot_id"):
            return f"posted {data['message'].get('metadata', {}).get('event_payload', {}).get('key')}"
        case "task_created":
            return f"task {data['caseyos_key']}"
        case "association_created":
            return f"tie {data['caseyos_key']}"
        case "event_created":
            return f"event {data['id'][1:]}"
        case "invitation_sent":
            return f"invitation {data['id'][1:]} {data['to']}"
        case "deal_updated" | "deal_moved":
            return f"deal {data['id']}"
    return None


STEPS = {
    ("send_email", 0): ("draft_created",),
    ("send_email", 1): ("mail_sent",),
    ("create_task", 0): ("task",),
    ("create_task", 1): ("tie",),
    ("book_meeting", 0): ("event", "invitation"),
    ("book_meeting", 1): ("posted",),
    ("post_to_channel", 0): ("posted",),
    ("update_deal", 0): ("deal",),
    ("post_card", 0): ("posted",),
    ("post_note", 0): ("posted",),
}
"""What each step leaves in a ledger, once; a whisper cannot be told apart."""


async def judge_mix(
    *,
    sandbox: str,
    database_url: str,
    executions: Sequence[Executed],
    doubled_on_the_wire: Sequence[tuple[str, frozenset[str]]],
    long_stops: Sequence[tuple[float, float]],
) -> MixVerdict:
    ledger, rows = await asyncio.to_thread(_read, sandbox), await _rows(database_url)
    verdict = _judge_effects(ledger, rows["effects"], long_stops)
    for one in executions:
        _judge_execution(verdict, one, rows)
    _judge_forms(verdict, executions, rows)
    verdict.unexplained += [
        f"refused: {entry['method']} {entry['data']}"[:300]
        for entry in ledger.refused
        if not _explained(entry, doubled_on_the_wire)
    ]
    verdict.unexplained += [f"unknown method {entry['method']}" for entry in ledger.unserved]
    verdict.leftover_drafts = ledger.drafts_left
    return verdict


async def judge_effects(*, sandbox: str, database_url: str) -> MixVerdict:
    """Each effect that the database knows against what was done outside, and the other way round."""
    return _judge_effects(await asyncio.to_thread(_read, sandbox), (await _rows(database_url))["effects"], ())


def _judge_effects(ledger: Ledger, effects: Sequence[Any], long_stops: Sequence[tuple[float, float]]) -> MixVerdict:
    verdict = MixVerdict()
    known: set[str] = set()
    for effect in effects:
        _judge_effect(verdict, effect, ledger, known, long_stops)
    verdict.applied = sum(map(len, ledger.done.values()))
    strangers = sorted(name for name in ledger.done if name not in known)
    verdict.unexplained += [f"nobody asked for {name}" for name in strangers]
    return verdict


def _judge_effect(
    verdict: MixVerdict, effect: Any, ledger: Ledger, known: set[str], long_stops: Sequence[tuple[float, float]]
) -> None:
    what = f"{effect['action']}/{effect['step']} of {effect['who'] or 'nobody'}"
    state, receipt = effect["state"], json.loads(effect["receipt"] or "null") or {}
    if state in UNDER_WAY and (effect["due_at"] is not None or state in UNKNOWN):
        verdict.unexplained.append(f"{what} is {state}: {effect['cause']}")
    expected = 0 if state in NOTHING_LEFT else 1
    if state == "applied" and not receipt.get("external_id"):
        expected = 0  # there was nothing to do: a note to nobody, a task that no contact has
    for kind in STEPS.get((effect["action"], effect["step"]), ()):
        name = f"{kind} {_key(effect, kind)}"
        known.add(name)
        lines = [line for line in ledger.done.get(name, []) if kind != "deal" or _changes(effect, line)]
        if state == "needs_human" and kind != "invitation":
            verdict.needs_human += 1
            readable = _readable(effect, lines, ledger)
            verdict.needs_human_readable += readable
            verdict.asked.append(f"{what}, {'readable' if readable else 'unreadable'}: {effect['cause']}")
            expected = min(len(lines), 1)
        if state in UNKNOWN:
            expected = min(len(lines), 1)  # not known yet, which is said above
        if len(lines) > 1 and kind != "draft_created":
            if kind == "posted" and _after_long_stop(lines[1:], long_stops):
                verdict.doubled_after_long_stop += 1
            else:
                verdict.doubled.append(f"{name} of {what}: {len(lines)} times, {[_at(line) for line in lines]}")
        elif not lines and expected:
            verdict.lost.append(f"{name} of {what}, which is {state}: {effect['cause']}")
        elif lines and not expected:
            verdict.unexplained.append(f"{name} is there, and {what} is {state}: {effect['cause']}")
        if lines and effect["step"] == EDITED.get(effect["action"]) and effect["who"] not in _words(lines[0]):
            verdict.lost.append(f"the edit of {what}")


def _key(effect: Any, kind: str) -> str:
    key: str = effect["key"]
    params = json.loads(effect["params"])
    match kind:
        case "mail_sent":
            return f"{key[:-1]}0"
        case "tie":
            return f"{key[:-1]}0"
        case "invitation":
            return f"{key} {params['attendees'][0]}"
        case "deal":
            return str(params["deal_id"])
    return key


def _changes(effect: Any, line: Any) -> bool:
    """Whether this changed the deal as approved, and not back again."""
    wanted = json.loads(effect["params"]).get("amount")
    return wanted is None or float(line["data"]["after"].get("amount") or 0) == float(wanted)


def _readable(effect: Any, lines: Sequence[Any], ledger: Ledger) -> bool:
    """Whether reading the service would have told: what is there is shown, and what is not there is not.

    Only a draft that a person deleted before anything was sent looks like one that was sent and is gone.
    """
    if lines or (effect["action"], effect["step"]) != ("send_email", 1):
        return True
    draft = f"draft_created {effect['key'][:-1]}0"
    made = {line["data"]["draft_id"] for line in ledger.done.get(draft, [])}
    return not any(act["data"].get("draft_id") in made for act in ledger.by_person)


def _after_long_stop(extra: Sequence[Any], long_stops: Sequence[tuple[float, float]]) -> bool:
    return all(any(end <= _at(line) <= end + AFTER_STOP_S for _, end in long_stops) for line in extra)


def _at(line: Any) -> float:
    return datetime.fromisoformat(line["at"]).timestamp()


def _words(line: Any) -> str:
    return json.dumps(line["data"], ensure_ascii=False)


def _judge_execution(verdict: MixVerdict, one: Executed, rows: Mapping[str, Sequence[Any]]) -> None:
    what = f"{one.kind} of {one.name}"
    every = [row for row in rows["moves"] if row["email"] == one.email]
    mine = [row for row in every if row["action"] == one.kind]
    if not one.approved and every and not mine:
        return  # a service did not answer in time when the form came, so something else was proposed
    if one.waited_for:
        verdict.unexplained.append(f"never came: {one.waited_for}")
    if not one.approved:
        return
    if len(mine) != 1 or not mine[0]["approvals"]:
        verdict.lost.append(f"the approval of {what}: {len(mine)} moves")
        return
    state, note = mine[0]["state"], mine[0]["note"]
    if state == "open" and note:
        verdict.reopened += 1
        verdict.unexplained.append(f"{what} is open again, though nothing outside refused it: {note}")
    elif state not in {"done", "approved"}:
        verdict.lost.append(f"the approval of {what}: its move is {state}")
    elif state == "approved" and not mine[0]["asks"]:
        verdict.unexplained.append(f"{what} is approved and nothing of it is due")


def _judge_forms(verdict: MixVerdict, executions: Sequence[Executed], rows: Mapping[str, Sequence[Any]]) -> None:
    stored = Counter(row["email"] for row in rows["signals"])
    accepted = {one.email for one in executions if one.accepted}
    verdict.lost += [f"the form of {email}" for email in sorted(accepted - set(stored))]
    verdict.doubled += [f"the form of {email}: {count} times" for email, count in stored.items() if count > 1]
    proposed = Counter((row["email"], row["action"]) for row in rows["moves"])
    verdict.doubled += [f"a move for {email}: {action}" for (email, action), count in proposed.items() if count > 1]
    verdict.lost += [f"the card of {row['email']}: {row['action']}" for row in rows["moves"] if row["card_ts"] is None]


def _explained(entry: Any, doubled: Sequence[tuple[str, frozenset[str]]]) -> bool:
    """Delivered twice by the wire, of which the service took one; or deleted again, which is fine."""
    asked, method = entry["data"], entry["method"]
    if method == "drafts.delete" and asked.get("status") == 404:
        return True
    body = asked.get("body") or {}
    id = str(body.get("id", "")) if isinstance(body, dict) else ""
    taken = {"drafts.send": 404, "events.insert": 409}.get(method) == asked.get("status")
    return bool(id) and taken and any(method == one and id in ids for one, ids in doubled)


def _read(sandbox: str) -> Ledger:
    ledger = Ledger()
    for service in ("slack", "gmail", "calendar", "hubspot"):
        for entry in _get(f"{sandbox}/control/ledger?after=0&service={service}")["entries"]:
            ledger.take(entry)
    ledger.drafts_left = len(_get(f"{sandbox}/control/gmail")["drafts"])
    return ledger


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.loads(answer.read())


async def _rows(database_url: str) -> dict[str, list[Any]]:
    connection = await asyncpg.connect(database_url)
    try:
        return {
            "effects": await connection.fetch(
                """
                select e.action, e.step, e.key, e.params::text, e.state, e.cause, e.due_at, e.receipt::text, p.name as who
                from effects e left join moves m on m.id = e.move_id left join people p on p.id = m.person_id
                """
            ),
            "signals": await connection.fetch(
                "select s.payload->>'email' as email from signals s where s.kind = 'form_submitted'"
            ),
            "moves": await connection.fetch(
                """
                select m.state, m.note, m.card_ts, p.email, r.action,
                    (select count(*) from approvals a where a.move_id = m.id) as approvals,
                    (select count(*) from effects e where e.move_id = m.id and e.state = 'needs_human') as asks
                from moves m join people p on p.id = m.person_id join recommendations r on r.id = m.recommendation_id
                """
            ),
        }
    finally:
        await connection.close()
