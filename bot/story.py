"""The story that `demo --check` plays: each step does what a person would, then looks it up in the sandbox's ledgers."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from bot import demo, ids

SAMPLES = 20
APART_S = 1.2
PATIENCE_S = 15.0
OWNER, DM = "U0CASEY", "D0CASEY"
OPTED_OUT = "ruth.abara@tidewater.example"  # unsubscribed in the sandbox's HubSpot


class StepFailed(Exception):
    """What was expected did not show up in the ledgers."""


Entry = dict[str, Any]


@dataclass
class Story:
    """The story so far, and what it has proven. `proof` names the ledger lines (their numbers) that show each step."""

    at: demo.Demo
    hold_s: float
    proof: dict[str, list[int]] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    """Submission id to the person's name, of every form that was answered 202."""
    approved: dict[str, float] = field(default_factory=dict)
    """Address to the time of its acknowledged approval, of every mail that was not taken back."""
    replied: list[str] = field(default_factory=list)
    to_card_s: list[float] = field(default_factory=list)
    execute_to_sent_s: list[float] = field(default_factory=list)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return demo.ask(f"{self.at.sandbox}/control/{path}", body)

    def ledger(self, *, service: str = "", method: str = "", after: int = 0) -> list[Entry]:
        entries: list[Entry] = self.control(f"ledger?after={after}")["entries"]
        return [
            e for e in entries if (not service or e["service"] == service) and (not method or e["method"] == method)
        ]

    def see(self, what: str, look: Callable[[], Entry | None]) -> Entry:
        """Waits until `look` finds its ledger line. Raises StepFailed."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(0.02)
        raise StepFailed(f"not seen within {PATIENCE_S:.0f} s: {what}")

    def proven(self, step: str, *entries: Entry) -> None:
        self.proof.setdefault(step, []).extend(entry["n"] for entry in entries)

    def post_about(self, name: str) -> Entry | None:
        """The posted message that names this person."""
        posts = self.ledger(service="slack", method="message_posted")
        return next((e for e in posts if name in _said(e) and not _is_list(e)), None)

    def update_about(self, name: str, state: str, *, after: int = 0) -> Entry | None:
        """The latest update of this person's card, if it says `state`."""
        updates = self.ledger(method="message_updated", after=after)
        updates = [e for e in updates if name in _said(e) and not _is_list(e)]
        return updates[-1] if updates and state in _said(updates[-1]) else None

    def list_update(self, *, after: int, moves: int = 0, said: str = "") -> Entry | None:
        """The latest update of the day's list, if it shows so many moves and says this."""
        updates = [e for e in self.ledger(method="message_updated", after=after) if _is_list(e)]
        fits = updates and (not moves or _listed(updates[-1]) == moves) and said in str(updates[-1]["data"]["message"])
        return updates[-1] if fits else None

    def draft_for(self, email: str) -> Entry | None:
        return next((e for e in self.ledger(method="draft_created") if email in e["data"]["to"]), None)

    def mail_to(self, email: str) -> Entry | None:
        return next((e for e in self.ledger(method="mail_sent") if email in e["data"]["to"]), None)

    def someone(self, name: str, message: str, *, email: str | None = None) -> tuple[str, Entry]:
        """Fills in the form for a person; their address and the message that it led to."""
        address = email or f"{name.lower().replace(' ', '.')}@northpier.example"
        fields = {"name": name, "email": address, "company": "Northpier Freight", "message": message}
        began = time.monotonic()
        answer = self.control("form", {"form": "contact", "fields": fields})
        if [one["status"] for one in answer["answers"]] != [202]:
            raise StepFailed(f"the form was answered {answer['answers']}")
        self.accepted[answer["submission_id"]] = name
        post = self.see(f"a message about {name}", lambda: self.post_about(name))
        self.to_card_s.append(time.monotonic() - began)
        return address, post

    def press(self, post: Entry, action_id: str, **more: Any) -> Entry:
        """Presses a button on the card; the ledger line of the press."""
        before = self.last()
        body = {"user": OWNER, "channel": DM, "ts": post["data"]["ts"], "action_id": action_id, **more}
        answer = self.control("press", body)
        if not answer["acked"]:
            raise StepFailed(f"{action_id} was not acknowledged: {answer['error']}")
        return self.see(f"the press of {action_id}", lambda: next((e for e in self._acts(before)), None))

    def _acts(self, after: int) -> list[Entry]:
        return [e for e in self.ledger(service="slack", after=after) if e["kind"] == "act"]

    def last(self) -> int:
        last: int = self.control("ledger?after=1000000000")["last"]
        return last

    def submit(self, **values: str) -> dict[str, Any]:
        """Submits the open modal with these inputs changed; the bot's answer."""
        view = self.control(f"slack?user={OWNER}")["views"][-1]
        inputs = {block: {ids.INPUT: text} for block, text in values.items()}
        answer = self.control("submit", {"user": OWNER, "view_id": view["id"], "values": inputs})
        if not answer["acked"]:
            raise StepFailed(f"the submission was not acknowledged: {answer['error']}")
        return dict(answer["response"] or {})

    def moves(self, text: str) -> str:
        answer = self.control("command", {"user": OWNER, "channel": DM, "command": ids.COMMAND, "text": text})
        return str((answer["response"] or {}).get("text", ""))

    def report(self) -> dict[str, Any]:
        """What was seen, counted against the ledgers."""
        lost, doubled = _count(self)
        steps = {step.__name__: step.__name__ in self.proof for step in STEPS}
        return {
            "ok": all(steps.values()) and lost == 0 and doubled == 0,
            "signal_to_card_s": round(statistics.median(self.to_card_s), 3) if self.to_card_s else None,
            "execute_to_sent_s": round(statistics.median(self.execute_to_sent_s), 3)
            if self.execute_to_sent_s
            else None,
            "hold_s": self.hold_s,
            "forms": len(self.accepted),
            "lost": lost,
            "doubled": doubled,
            "steps": steps,
            "proof": self.proof,
        }


def _is_list(entry: Entry) -> bool:
    """A day's list, which names people as well; cards and notes have no headline."""
    return any(block["type"] == "header" for block in entry["data"]["message"].get("blocks", []))


def _said(entry: Entry) -> str:
    return str(entry["data"]["message"]["text"])


def _count(story: Story) -> tuple[int, int]:
    """(lost, doubled): forms without their one message, approvals without their one mail, replies without their note."""
    entries = story.ledger(service="slack", method="message_posted")
    posts = [e["data"]["message"] for e in entries if not _is_list(e)]
    keys = Counter(m["metadata"]["event_payload"]["key"] for m in posts if m.get("metadata"))
    tops = [m["text"] for m in posts if m.get("thread_ts") in {None, m["ts"]}]
    notes = [m["text"] for m in posts if m.get("thread_ts") not in {None, m["ts"]}]
    found = [sum(name in text for text in tops) for name in story.accepted.values()]
    mails = Counter(to for e in story.ledger(method="mail_sent") for to in e["data"]["to"])
    found += [mails[email] for email in story.approved]
    found += [sum(email in text and ") replied" in text for text in notes) for email in story.replied]
    surplus = sum(count - 1 for count in keys.values())
    unasked = sum(count for to, count in mails.items() if to not in story.approved)
    return sum(n == 0 for n in found), sum(n - 1 for n in found if n > 1) + surplus + unasked


def form(story: Story) -> None:
    """someone fills in the form"""
    story.someone("Dana Whitfield", "We would like to exhibit on 14 January. What are the prices?")
    story.proven("form", *story.ledger(service="forms"))


def card(story: Story) -> None:
    """a card comes at once, twenty times"""
    post = story.post_about("Dana Whitfield")
    assert post is not None
    story.proven("card", post)
    for number in range(SAMPLES - 1):
        began = time.monotonic()
        story.someone(f"Sample Person {chr(65 + number)}", "We want to attend. What do tickets cost?")
        time.sleep(max(0.0, APART_S - (time.monotonic() - began)))


def edit(story: Story) -> None:
    """Execute opens the mail, a word is changed, submitting approves it"""
    post = story.post_about("Dana Whitfield")
    assert post is not None
    story.proven("edit", story.press(post, ids.EXECUTE))
    before = story.last()
    if answer := story.submit(subject="Your stand on 14 January"):
        raise StepFailed(f"the approval was refused: {answer}")
    story.approved["dana.whitfield@northpier.example"] = time.monotonic()
    held = story.see(
        "a card that says held", lambda: story.update_about("Dana Whitfield", "held: leaves", after=before)
    )
    story.proven("edit", held)


def execute(story: Story) -> None:
    """after the hold the mail leaves, with the changed word"""
    email = "dana.whitfield@northpier.example"
    mail = story.see("the sent mail", lambda: story.mail_to(email))
    story.execute_to_sent_s.append(time.monotonic() - story.approved[email] - story.hold_s)
    if mail["data"]["subject"] != "Your stand on 14 January":
        raise StepFailed(f"the mail left with the subject {mail['data']['subject']}")
    done = story.see("a card that says done", lambda: story.update_about("Dana Whitfield", "done: sent"))
    if datetime.fromisoformat(done["at"]) < datetime.fromisoformat(mail["at"]):
        raise StepFailed("the card said done before the mail had left")
    story.proven("execute", mail, done)


def undo(story: Story) -> None:
    """Undo within the hold: the draft is deleted, nothing leaves"""
    email, post = story.someone("Ulrika Back", "We want to exhibit.")
    story.press(post, ids.EXECUTE)
    story.submit()
    story.see("a held card", lambda: story.update_about("Ulrika Back", "held: leaves"))
    story.see("its draft", lambda: story.draft_for(email))  # taken back before, there would be none to delete
    story.proven("undo", story.press(post, ids.UNDO))
    again = story.see("a card that is open again", lambda: story.update_about("Ulrika Back", "waits for your decision"))
    deleted = story.see("the deleted draft", lambda: next(iter(story.ledger(method="draft_deleted")), None))
    time.sleep(story.hold_s)
    if story.mail_to(email) is not None:
        raise StepFailed("a mail left although it had been taken back")
    story.proven("undo", again, deleted)


def snooze(story: Story) -> None:
    """Snooze until tomorrow"""
    _, post = story.someone("Sven Olander", "Can we sponsor?")
    pressed = story.press(post, ids.SNOOZE, option="tomorrow")
    story.proven(
        "snooze", pressed, story.see("a snoozed card", lambda: story.update_about("Sven Olander", "snoozed until"))
    )


def dismiss(story: Story) -> None:
    """Dismiss: I did it myself"""
    _, post = story.someone("Dora Lind", "I want to speak.")
    pressed = story.press(post, ids.DISMISS, option="did_it_myself")
    shown = story.see("a dismissed card", lambda: story.update_about("Dora Lind", "I did it myself"))
    story.proven("dismiss", pressed, shown)


def moves_command(story: Story) -> None:
    """/moves lists, /moves why adds up"""
    before = story.last()
    if "Sample Person" not in story.moves("") or "adds up to" not in story.moves("why 1"):
        raise StepFailed("/moves does not list or explain the moves")
    story.proven("moves_command", *story._acts(before))


def digest(story: Story) -> None:
    """Today's Moves: the best three in one message; more in place; a press on it shows in place as well"""
    demo.make_list(story.at)
    posts = partial(story.ledger, service="slack", method="message_posted")
    made = story.see("Today's Moves", lambda: next((e for e in posts() if _is_list(e)), None))
    if _listed(made) != 3:
        raise StepFailed(f"the list shows {_listed(made)} moves at first")
    before = story.last()
    story.press(made, ids.DIGEST_MORE)
    longer = story.see("ten moves on the list", lambda: story.list_update(after=before, moves=10))
    about = (block for block in longer["data"]["message"]["blocks"] if "Sample Person" in str(block.get("text")))
    act = next(about)["block_id"].replace("move:", "act:")
    pressed = story.press(made, ids.SNOOZE, block_id=act, option="next_week")
    shown = story.see("a snoozed move on the list", lambda: story.list_update(after=pressed["n"], said="snoozed"))
    demo.make_list(story.at)
    time.sleep(1)
    if sum(_is_list(e) for e in posts()) != 1:
        raise StepFailed("a second list came for the same date")
    story.proven("digest", made, longer, pressed, shown)


def _listed(entry: Entry) -> int:
    blocks = entry["data"]["message"]["blocks"]
    return sum(str(block.get("block_id", "")).startswith("move:") for block in blocks)


def pause_blocks(story: Story) -> None:
    """/moves pause: what was approved waits and says so"""
    email, post = story.someone("Petra Holm", "We want to exhibit.")
    before = story.last()
    story.moves("pause demo check")
    story.press(post, ids.EXECUTE)
    story.submit()
    story.approved[email] = time.monotonic()
    blocked = story.see("a blocked card", lambda: story.update_about("Petra Holm", "blocked:"))
    time.sleep(story.hold_s)
    if story.mail_to(email) is not None:
        raise StepFailed("a mail left although everything was paused")
    story.proven("pause_blocks", story._acts(before)[0], blocked)


def resume(story: Story) -> None:
    """/moves resume: it goes on"""
    before = story.last()
    story.moves("resume")
    mail = story.see("the mail that waited", lambda: story.mail_to("petra.holm@northpier.example"))
    story.proven("resume", story._acts(before)[0], mail)


def reply_seen(story: Story) -> None:
    """the person replies, and the thread says so"""
    email = "dana.whitfield@northpier.example"
    story.control("reply", {"to": email, "text": "Great, please send me the floor plan."})
    story.replied.append(email)
    arrived = story.see("the reply in Gmail", lambda: next(iter(story.ledger(method="mail_received")), None))
    story.proven("reply_seen", arrived, story.see("a note about it", lambda: _note(story, f"({email}) replied")))


def outcome_in_thread(story: Story) -> None:
    """the outcome stands in the card's thread"""
    note = story.see("the outcome", lambda: _note(story, "outcome: reply"))
    story.proven(
        "outcome_in_thread",
        note,
        story.see("it on the card", lambda: story.update_about("Dana Whitfield", "they replied")),
    )


def score_changed(story: Story) -> None:
    """moves like it score higher now, and the thread says from what to what"""
    note = story.see("the changed score", lambda: _note(story, "moves like this one:"))
    changed = story.see("it on a like move", lambda: story.update_about("Ulrika Back", "waits", after=note["n"] - 60))
    story.proven("score_changed", note, changed)


def suppressed_refused(story: Story) -> None:
    """who opted out gets no move, and cannot be written to from another"""
    before = story.last()
    _, post = story.someone("Ruth Abara", "We want to exhibit.", email=OPTED_OUT)
    if "must not be written to" not in _said(post):
        raise StepFailed(f"a suppressed person got a move: {_said(post)}")
    other = story.post_about("Ulrika Back")
    assert other is not None
    story.press(other, ids.EXECUTE)
    answer = story.submit(to=OPTED_OUT)
    if ids.TO not in answer.get("errors", {}):
        raise StepFailed(f"a mail to a suppressed person was not refused: {answer}")
    story.proven("suppressed_refused", post, *(e for e in story.ledger(method="view_errors", after=before)))


def _note(story: Story, said: str) -> Entry | None:
    notes = story.ledger(service="slack", method="message_posted")
    return next((e for e in notes if said in _said(e) and e["data"]["message"].get("thread_ts")), None)


STEPS: tuple[Callable[[Story], None], ...] = (
    form,
    card,
    edit,
    execute,
    undo,
    snooze,
    dismiss,
    moves_command,
    digest,
    pause_blocks,
    resume,
    reply_seen,
    outcome_in_thread,
    score_changed,
    suppressed_refused,
)
