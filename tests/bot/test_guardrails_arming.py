"""Guardrails inside the arming transaction: they hold however many workers arm at the same instant."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from core import arming, outcome, person, signal, switch, workspace
from core.approval import PlanBlocked
from core.bounce import record_bounce
from core.effect import State
from core.guardrails import GuardrailSettings
from core.guardrails.settings import Bounces
from core.ports import IncomingMail
from core.signal import MAIL_RECEIVED, Signal
from core.tables import people, suppressions
from core.workspace import WorkspaceSettings
from tests.support import factories
from tests.support.factories import HOLD, OWNER, address
from tests.support.rig import Rig, rigged

WEEK = timedelta(days=7)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


@pytest.fixture
async def rig(database, clock) -> Rig:
    clock.now = NOON
    return await rigged(database, clock)


async def suppress(rig: Rig, email: str) -> None:
    async with rig.database.begin() as db:
        await person.suppress(
            db,
            workspace=rig.database.workspace,
            email=email,
            reason="opt_out",
            evidence="asked by mail",
            by=OWNER,
            now=rig.clock.now,
        )


async def suppress_all(rig: Rig, kind: str, value: str, reason: str = "legal") -> None:
    async with rig.database.begin() as db:
        await person.suppress_all(
            db,
            workspace=rig.database.workspace,
            kind=kind,
            value=value,
            reason=reason,
            evidence="letter",
            by=OWNER,
            now=rig.clock.now,
        )


async def test_what_is_paused_is_blocked_and_says_by_whom(rig):
    plan = await rig.held()
    await rig.pause()
    await rig.leaves()

    blocked = (await rig.effect(plan.sending)).effect
    assert (blocked.state, blocked.due_at) == (State.BLOCKED, None)
    assert "paused by Casey Morgan" in blocked.cause
    assert rig.mailbox.outbox == []


async def test_resume_lets_go_on_what_the_pause_had_blocked(rig):
    plans = await rig.ready_to_leave(3)
    await rig.pause()
    await rig.settle()
    assert [await rig.state(plan.sending) for plan in plans] == [State.BLOCKED] * 3

    assert await rig.resume() == 3
    await rig.settle()
    assert len(rig.mailbox.outbox) == 3


async def test_a_pause_stops_the_draft_as_well(rig):
    await rig.pause()
    plan = await rig.held()

    assert await rig.state(plan.draft) is State.BLOCKED
    assert rig.mailbox.asked == []


async def test_once_the_pause_is_committed_nothing_is_armed(rig):
    plans = await rig.ready_to_leave(12)
    armed_before: list[str] = []

    async def press_pause():
        await rig.pause()
        armed_before.extend(await armed(rig, plans))

    await asyncio.gather(*(rig.another_runner().run(plan.sending) for plan in plans[:6]), press_pause())
    await rig.run_at_once(plan.sending for plan in plans)

    left = {sent.mail.to[0] for sent in rig.mailbox.outbox}
    assert len(left) == len(rig.mailbox.outbox) == len(armed_before)
    assert [await rig.state(plan.sending) for plan in plans[6:]] == [State.BLOCKED] * 6


async def armed(rig: Rig, plans) -> list[str]:
    """The sending effects that were armed by now, whatever became of them since."""
    return [str(plan.sending) for plan in plans if (await rig.effect(plan.sending)).effect.fence > 0]


async def test_an_arming_that_is_under_way_makes_the_pause_wait(rig):
    async with rig.database.begin() as db:
        assert not (await switch.sending(db, locked=True)).paused
        pausing = asyncio.create_task(rig.pause())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(pausing), 0.2)
    await pausing


async def test_a_pause_that_is_under_way_makes_the_arming_wait_and_stops_it(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await switch.pause(db, by=OWNER, reason="stop", now=rig.clock.now)
        arming = asyncio.create_task(rig.runner.run(plan.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.BLOCKED


async def test_a_missing_switch_stops_everything(rig):
    plan = await rig.held()
    async with rig.database.begin() as db:
        await db.exec_driver_sql("delete from switches")
    await rig.leaves()

    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.BLOCKED


async def test_a_suppression_after_the_approval_stops_the_mail_and_takes_the_draft_away(rig):
    dana = address()
    plan = await rig.held(email=dana)
    await suppress(rig, dana)
    await rig.leaves()

    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])
    move = await rig.move(plan)
    assert move.state == "open"
    assert f"{dana} must not be written to: opt out, asked by mail" in move.note


async def test_a_suppressed_domain_stops_everybody_there_and_nobody_elsewhere(rig):
    here, elsewhere = await rig.held(email=address()), await rig.held(email="dana@mail.northpier.example")
    await suppress_all(rig, "domain", "Northpier.Example")
    await rig.leaves()
    assert await rig.state(here.sending) is State.DROPPED
    assert await rig.state(elsewhere.sending) is State.APPLIED


async def test_an_arming_that_is_under_way_makes_the_suppression_wait(rig):
    dana = address()
    async with rig.database.begin() as db:
        await person.hold(db, [dana])
        suppressing = asyncio.create_task(suppress(rig, dana))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(suppressing), 0.2)
        assert await person.suppression(db, dana) is None
    await suppressing


async def test_a_suppression_that_is_under_way_makes_the_arming_wait_and_stops_it(rig):
    dana = address()
    plan = await rig.held(email=dana)
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await person.suppress(
            db,
            workspace=rig.database.workspace,
            email=dana,
            reason="legal",
            evidence="letter",
            by=OWNER,
            now=rig.clock.now,
        )
        arming = asyncio.create_task(rig.runner.run(plan.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.DROPPED


async def test_of_many_suppressions_racing_with_arming_none_is_followed_by_a_later_mail(rig):
    for _ in range(10):
        dana = address()
        plan = await rig.held(email=dana)
        rig.clock.advance(HOLD)
        await asyncio.gather(suppress(rig, dana), rig.another_runner().run(plan.sending))
        effect = (await rig.effect(plan.sending)).effect
        assert len(rig.mailbox.sent_to(dana)) == effect.fence
        assert effect.state is (State.APPLIED if effect.fence else State.DROPPED)


async def test_two_mails_to_one_person_at_once_become_one_and_the_other_waits_a_week(rig):
    dana = address()
    plans = [await rig.held(email=dana, purpose=purpose) for purpose in ("answer_inquiry", "renewal")]
    rig.clock.advance(HOLD)
    await rig.run_at_once(plan.sending for plan in plans)

    assert len(rig.mailbox.sent_to(dana)) == 1
    [waiting] = [effect for plan in plans if (effect := (await rig.effect(plan.sending)).effect).state is State.BLOCKED]
    assert waiting.due_at == rig.clock.now + WEEK
    assert "one mail a person and week" in waiting.cause

    rig.clock.advance(WEEK)
    await rig.settle()
    assert len(rig.mailbox.sent_to(dana)) == 2


async def test_a_second_mail_within_the_week_is_refused_when_it_is_approved(rig):
    dana = address()
    await rig.held(email=dana)
    await rig.leaves()
    with pytest.raises(PlanBlocked, match="for the same purpose"):
        await rig.approved(email=dana)


async def test_a_reply_after_the_approval_stops_the_mail(rig):
    dana = address()
    plan = await rig.held(email=dana)
    rig.clock.advance(timedelta(seconds=1))
    async with rig.database.begin() as db:
        await db.execute(update(people).where(people.c.email == dana).values(replied_at=rig.clock.now))
    await rig.leaves()

    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])
    move = await rig.move(plan)
    assert move.state == "open"
    assert "they answered in the meantime" in move.note


async def test_a_reply_that_is_being_recorded_makes_the_arming_wait_and_stops_it(rig):
    dana = address()
    first = await rig.held(email=dana)
    await rig.leaves()
    rig.clock.advance(WEEK)
    second = await rig.held(email=dana, purpose="renewal")
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        thread = (await rig.effect(first.sending)).receipt.detail["thread_id"]
        earned = await outcome.move_of_thread(db, thread)
        mail = IncomingMail("m1", thread, dana, "Re: hello", "Yes", rig.clock.now, automatic=False)
        seen = Signal("gmail", MAIL_RECEIVED, "m1", {}, mail.at)
        stored = await signal.store(db, seen, workspace=rig.database.workspace, now=mail.at)
        await outcome.record_reply(db, earned, mail, signal=stored, now=mail.at)
        arming = asyncio.create_task(rig.runner.run(second.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert len(rig.mailbox.sent_to(dana)) == 1
    assert "they answered in the meantime" in (await rig.move(second)).note


async def test_a_suppressed_account_stops_its_people_and_whoever_else_writes_from_there(rig):
    known, colleague = address("dana"), address("orla")
    plans = [await rig.held(email=one) for one in (known, colleague, "dana@elsewhere.example")]
    async with rig.database.begin() as db:
        await db.execute(update(people).where(people.c.email == known).values(account="northpier freight gmbh"))
        others = people.c.email.in_([colleague, "dana@elsewhere.example"])
        await db.execute(update(people).where(others).values(account="", company=""))
    await suppress_all(rig, "account", " Northpier  FREIGHT GmbH")
    await rig.leaves()

    assert [await rig.state(plan.sending) for plan in plans] == [State.DROPPED, State.DROPPED, State.APPLIED]
    assert "northpier freight gmbh as an account: legal, letter" in (await rig.move(plans[0])).note


async def test_an_arming_that_is_under_way_makes_the_suppression_of_an_account_wait(rig):
    plan = await rig.held(email=address())
    async with rig.database.begin() as db:
        await arming.guard_facts(
            db,
            recipients=("orla@elsewhere.example",),
            since=rig.clock.now,
            zone="UTC",
            now=rig.clock.now,
            effect=plan.sending,
            locked=True,
        )
        suppressing = asyncio.create_task(suppress_all(rig, "account", "Northpier Freight"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(suppressing), 0.2)
    await suppressing


async def listed(rig: Rig, value: str):
    async with rig.database.begin() as db:
        return (await db.execute(select(suppressions).where(suppressions.c.value == value))).one()


async def unsuppress(rig: Rig, value: str, reason: str, kind: str = "address") -> None:
    async with rig.database.begin() as db:
        await person.unsuppress(db, kind=kind, value=value, reason=reason, by=OWNER, now=rig.clock.now)


@pytest.mark.parametrize("reason", ["opt_out", "complaint", "legal"])
async def test_what_a_person_said_is_only_set_aside_with_a_written_reason_and_its_story_stays(rig, reason):
    dana = address()
    async with rig.database.begin() as db:
        given = {"workspace": rig.database.workspace, "email": dana, "by": OWNER, "now": rig.clock.now}
        await person.suppress(db, **given, reason=reason, evidence="asked by mail")
    for nothing in ("", "  "):
        with pytest.raises(person.ReasonNeeded):
            await unsuppress(rig, dana, nothing)
    await unsuppress(rig, dana, "they asked to hear from us again on the phone")
    async with rig.database.begin() as db:
        assert await person.suppression(db, dana) is None
    plan = await rig.held(email=dana)
    await rig.leaves()
    assert await rig.state(plan.sending) is State.APPLIED

    [told] = (await listed(rig, dana)).story
    assert told["removed_for"] == "they asked to hear from us again on the phone"
    assert (told["reason"], told["evidence"], told["removed_by"]) == (reason, "asked by mail", OWNER)
    with pytest.raises(person.NotSuppressed):
        await unsuppress(rig, dana, "once more")


async def test_a_manual_entry_goes_without_a_reason_but_not_once_the_person_has_opted_out_as_well(rig):
    dana = address()

    async def put(reason: str, evidence: str) -> None:
        async with rig.database.begin() as db:
            given = {"workspace": rig.database.workspace, "email": dana, "by": OWNER, "now": rig.clock.now}
            await person.suppress(db, **given, reason=reason, evidence=evidence)

    await put("manual", "a competitor")
    await unsuppress(rig, dana, "")
    await put("manual", "a competitor")
    await put("opt_out", "asked by mail")
    await put("manual", "a competitor")
    await put("manual", "a competitor")
    row = await listed(rig, dana)
    assert (row.reason, row.evidence) == ("opt_out", "asked by mail")
    assert [(one["reason"], "removed_at" in one) for one in row.story] == [("manual", True), ("manual", False)]
    with pytest.raises(person.ReasonNeeded):
        await unsuppress(rig, dana, "")


async def test_who_fills_in_a_form_again_may_be_answered_again(rig):
    dana = address()
    await rig.held(email=dana)
    await rig.leaves()
    rig.clock.advance(timedelta(hours=2))
    move = await factories.proposed(rig.database, now=rig.clock.now, email=dana)
    with pytest.raises(PlanBlocked, match="for the same purpose"):
        await rig.approved(move=move)
    async with rig.database.begin() as db:
        given = {"workspace": rig.database.workspace, "email": dana, "name": "", "company": ""}
        await person.upsert(db, **given, now=rig.clock.now, inquired_at=rig.clock.now)
        await person.upsert(db, **given, now=rig.clock.now, inquired_at=NOON - WEEK)
        await person.upsert(db, **given, now=rig.clock.now)
    await rig.held(move=move)
    await rig.leaves()
    assert len(rig.mailbox.sent_to(dana)) == 2


async def test_an_answer_leaves_at_night_and_a_follow_up_waits_for_the_recipients_morning(rig):
    asked, followed = address(), address("orla")
    async with rig.database.begin() as db:
        for email in (asked, followed):
            await person.upsert(
                db,
                workspace=rig.database.workspace,
                email=email,
                name="",
                company="",
                now=NOON,
                zone="Pacific/Auckland",
            )
        wrong = {"workspace": rig.database.workspace, "email": address(), "name": "", "company": "", "now": NOON}
        await person.upsert(db, **wrong, zone="Middle/Earth")
    answer, follow_up = await rig.held(email=asked), await rig.held(email=followed, purpose="follow_up")
    await rig.leaves()

    assert await rig.state(answer.sending) is State.APPLIED
    waits = (await rig.effect(follow_up.sending)).effect
    assert (waits.state, waits.due_at) == (State.BLOCKED, NOON.replace(hour=20))
    assert "Wed 01:00" in waits.cause
    rig.clock.now = NOON.replace(hour=20)
    await rig.settle()
    assert await rig.state(follow_up.sending) is State.APPLIED


async def test_a_sixth_mail_to_a_company_waits_however_many_workers_arm_at_once(rig):
    plans = [await rig.held(email=address(f"guest{n}"), purpose="follow_up") for n in range(8)]
    answered = [await rig.held(email=address(f"asker{n}")) for n in range(3)]
    rig.clock.advance(HOLD)
    await rig.run_at_once(plan.sending for plan in [*answered, *plans])
    states = [await rig.state(plan.sending) for plan in plans]
    assert (states.count(State.APPLIED), states.count(State.BLOCKED)) == (5, 3)
    assert [await rig.state(plan.sending) for plan in answered] == [State.APPLIED] * 3


async def bounce(rig: Rig, email: str, status: str, said: str = "no such user") -> None:
    async with rig.database.begin() as db:
        here, now = rig.database.workspace, rig.clock.now
        await record_bounce(db, workspace=here, email=email, status=status, diagnostic=said, now=now)


@pytest.mark.parametrize(
    ("status", "counts", "suppresses"),
    [("5.1.1", 1, True), ("5.7.1", 1, False), ("5.2.2", 1, False), ("4.2.2", 0, False), ("550", 1, False)],
)
async def test_a_hard_bounce_suppresses_and_a_policy_block_does_not(rig, status, counts, suppresses):
    dana = address()
    await rig.held(email=dana)
    await rig.leaves()
    for _ in range(2):  # told twice, counted once
        await bounce(rig, dana, status)
    async with rig.database.begin() as db:
        found = await person.suppression(db, dana)
        state = await arming.room(db, zone="UTC", now=rig.clock.now)
    assert (found is not None) is suppresses
    if found is not None:
        assert str(found) == f"hard bounce, bounced with {status}: no such user"
    assert (state.facts.bounces.sent, state.facts.bounces.bounced) == (1, counts)


async def test_bounces_stop_the_mailbox_at_five_percent_of_twenty_sends_until_they_are_forgiven(rig):
    sent = []
    for n in range(20):
        sent.append(address(f"guest{n}"))
        await rig.held(email=sent[-1])
        await rig.leaves()
        rig.clock.advance(timedelta(minutes=5))
    assert len(rig.mailbox.outbox) == 20
    await bounce(rig, sent[3], "5.7.1", "blocked")
    plan = None
    with pytest.raises(PlanBlocked, match=r"1 of 20 mails bounced \(5.0%\)"):
        plan = await rig.approved()
    assert plan is None

    rig.clock.advance(timedelta(minutes=1))
    settings = WorkspaceSettings(
        default_owner=OWNER, guardrails=GuardrailSettings(bounces=Bounces(since=rig.clock.now))
    )
    async with rig.database.begin() as db:
        await workspace.ensure(db, id=rig.database.workspace, name="test", settings=settings, now=rig.clock.now)
    await rig.approved()
