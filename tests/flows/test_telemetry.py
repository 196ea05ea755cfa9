"""Events: emitted once, after the commit, as lines and counters; and nothing that anybody wrote stands in them or in any log."""

import secrets
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from prometheus_client import REGISTRY

from core import digests, queue, telemetry, workspace
from core.telemetry import Event, Happened
from tests.support.log_lines import LogLines, product_log
from tests.support.product import OWNER, Product

PEOPLE = 125


def events(log: LogLines) -> list[tuple[str, str]]:
    return [(line["event"], line.get("of", "")) for line in log.take() if line["logger"] == "caseyos.events"]


def counted(event: Event, of: str) -> float:
    return REGISTRY.get_sample_value("caseyos_events_total", {"event": event, "of": of}) or 0.0


async def test_a_moves_life_is_told_in_events_each_once(product: Product) -> None:
    before = counted(Event.ACTION_EXECUTED, "")
    with product_log() as log:
        asked = await product.fill_form(name="Ada Berg", message="We want to exhibit.")
        await product.settle()
        assert events(log) == [("recommendation_generated", "form_inquiry")]
        await product.press("move_more", on=await product.card("Ada"), option="why")
        await product.press("move_snooze", on=await product.card("Ada"), option="tomorrow")
        await product.approve(await product.card("Ada"))
        await product.settle()
        product.clock.advance(timedelta(minutes=1))
        await product.settle()
        assert events(log) == [
            ("recommendation_viewed", "why"),
            ("recommendation_snoozed", ""),
            ("recommendation_viewed", "opened"),
            ("recommendation_accepted", ""),
            ("action_executed", ""),
        ]
        await product.sandbox.control("POST", "/control/reply", {"to": asked["email"], "text": "Yes, please."})
        await product.read_mailbox()
        assert events(log) == [("outcome_recorded", "reply")]
    assert counted(Event.ACTION_EXECUTED, "") == before + 1


async def test_what_is_dismissed_blocked_or_undone_is_told_with_the_reason(product: Product) -> None:
    for name in ("Ada Berg", "Bo Lund", "Cy Holm"):
        await product.fill_form(name=name, message="We want to exhibit.")
    await product.settle()
    with product_log() as log:
        await product.press("move_dismiss", on=await product.card("Ada"), option="bad_timing")
        await product.say("pause")
        await product.approve(await product.card("Bo"))
        await product.settle()
        await product.say("resume")
        await product.press("move_undo", on=await product.card("Bo"))
        await product.settle()
        told = Counter(events(log))
    assert told["recommendation_dismissed", "bad_timing"] == 1
    assert told["guardrail_blocked", "kill_switch"] >= 1
    assert told["action_undone", ""] + told["action_failed", "dropped"] >= 1


async def test_a_posted_list_shows_its_headlines(product: Product) -> None:
    for number in range(5):
        await product.fill_form(name=f"Person {number}", message="We want to exhibit.")
    await product.settle()
    now, here = product.clock.now, product.services.workspace
    async with product.services.database.begin() as db:
        await workspace.ensure_member(db, workspace=here, user=OWNER, name="Casey Morgan", zone="UTC", now=now)
        await digests.make(db, workspace_id=here, owner=OWNER, day=now.date(), now=now)
    with product_log() as log:
        await product.settle()
        assert events(log) == [("digest_posted", "morning"), *[("recommendation_viewed", "digest")] * 3]


async def test_what_is_rolled_back_has_not_happened(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    async with product.services.database.begin() as db:
        [row] = await queue.today(db, OWNER)
    with product_log() as log:
        with suppress(RuntimeError):
            async with product.services.database.begin() as db:
                await queue.dismiss(db, row.id, reason="bad_timing", by=OWNER, now=product.clock.now)
                telemetry.note(db, Happened(Event.DIGEST_POSTED))
                raise RuntimeError
        async with product.services.database.begin() as db:
            await queue.get(db, row.id)
        assert events(log) == []


async def test_a_thousand_canaries_in_what_comes_in_reach_no_log(product: Product) -> None:
    """A token in every field of every form, in answers, and in what a person edits, while things go wrong."""
    canaries = []

    def canary() -> str:
        canaries.append(f"canary{secrets.token_hex(6)}")
        return canaries[-1]

    with product_log() as log:
        for number in range(PEOPLE):
            mail = f"{canary()}@{canary()}.example"
            asked = await product.fill_form(
                name=canary(),
                email=mail,
                company=canary(),
                message=f"We want to exhibit. {canary()}",
                phone=f"+44 20 7946 {number:04d}",
                **{canary(): canary()},
                submission_id=canary(),
            )
            assert [one["status"] for one in asked["answers"]] == [202]
            if number % 10 == 0:
                await product.sandbox.fault("slack", "error", method="chat.postMessage")
                await product.sandbox.fault("hubspot", "unavailable")
        for _ in range(20):
            product.clock.advance(timedelta(seconds=5))
            await product.settle()
        for number, card in enumerate((await product.messages())[:40]):
            await product.sandbox.fault("gmail", ("lose_answer", "refuse", "error")[number % 3], method="drafts.create")
            if card["text"].startswith("Reply to"):
                await product.approve(card, subject=canary(), body=canary())
                await product.settle()
        for said in ("why ", "find ", "snooze ", "audit ", "pause "):
            await product.say(said + canary())
        await product.say("resume")
        for mail in await product.ledger(service="gmail", method="mail_sent"):
            await product.sandbox.control(
                "POST", "/control/reply", {"to": mail["data"]["to"][0], "text": canary(), "subject": canary()}
            )
        await product.read_mailbox()
        written = log.raw()
    assert len(canaries) >= 1000
    assert len(written) >= PEOPLE
    everything = "\n".join(written)
    assert [one for one in canaries if one in everything] == []
