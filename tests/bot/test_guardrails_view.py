"""`/moves guardrails`: every rule with the room that is left, in words, and nothing in it alive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.settings import BadGuardrails, Settings
from bot.views import guardrails as view
from core import arming, person, workspace
from core.guardrails import GuardFacts, GuardrailSettings, Overview, SentAndBounced, rooms
from core.guardrails.settings import Caps, Contact, FourEyes, OwnContact
from core.workspace import WorkspaceSettings
from tests.support.factories import OWNER, address
from tests.support.rig import rigged
from tests.support.slack_blocks import assert_dead

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "set-guardrails.md"
FACTS = GuardFacts(
    now=NOON,
    zone="Europe/Berlin",
    recipients=(),
    valid_recipients=(),
    rooms=rooms(Caps(), daily=40, mailbox="me", companies=("northpier.example",), now=NOON, zone="Europe/Berlin"),
)


def test_each_rule_is_shown_as_it_is_set():
    assert view.render(Overview(FACTS)).splitlines() == [
        "*Guardrails*",
        "•  *Kill switch*  off; `/moves pause` stops everything",
        "•  *Mailbox*  40 of 40 left today, 20 of 20 left this hour, 10 of 10 left this minute",
        "•  *Workspace*  200 of 200 left today, 100 of 100 left this hour, 50 of 50 left this minute",
        "•  *To northpier.example*  40 of 40 left today, 20 of 20 left this hour, 10 of 10 left this minute",
        "•  *Bounces*  0 of 0 in 30 days; from 20 sends on, 5% stops the mailbox",
        "•  *Touches*  1 unanswered to one person in a week, 5 to one company; the same purpose once in 14 days",
        "•  *Hours*  09:00 to 17:00 where the recipient is, Mon, Tue, Wed, Thu, Fri; at any hour: answer inquiry, reply",
        "•  *Suppressed*  nobody",
        "•  *Legal basis*  by purpose, else legitimate interest; marketing mail only with opt-in and one-click unsubscribe;"
        " no postal address and no `CASEYOS_PUBLIC_URL` is set, so no marketing mail leaves",
        "•  *Four eyes*  not set",
    ]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, paused=True, paused_by="Casey"), "paused by Casey: nothing leaves until `/moves resume`"),
        (
            replace(FACTS, rooms=tuple(replace(room, used=room.cap) for room in FACTS.rooms)),
            "*Mailbox*  0 of 40 left today, anew at Wed 25 Nov, 00:00, 0 of 20 left this hour, anew at 14:00",
        ),
        (replace(FACTS, bounces=SentAndBounced(100, 3)), ":warning: 3 of 100 mails bounced (3.0%) in 30 days"),
        (replace(FACTS, bounces=SentAndBounced(100, 9)), "stopped: 9 of 100 mails bounced (9.0%)"),
        (
            replace(FACTS, settings=GuardrailSettings(four_eyes=FourEyes(amount=Decimal(25000), recipients=5))),
            "above 25,000 USD or 5 recipients",
        ),
        (replace(FACTS, settings=GuardrailSettings(contact=Contact(working_days=frozenset()))), "no day"),
    ],
)  # fmt: skip
def test_what_is_not_as_usual_is_said(facts, said):
    assert said in view.render(Overview(facts))


def test_what_people_wrote_is_dead():
    hostile = "<!channel> <@U0ORLA> *b* & `x`"
    facts = replace(
        FACTS,
        paused=True,
        paused_by=hostile,
        rooms=tuple(replace(room, subject=hostile) for room in FACTS.rooms),
        settings=GuardrailSettings(contact=Contact(at_any_hour=frozenset({hostile}))),
    )
    assert_dead(view.render(Overview(facts, (("address", 1), ("domain", 2)))))


async def test_it_shows_what_the_database_holds(database, clock):
    clock.now = NOON
    rig = await rigged(database, clock)
    await rig.held(email=address())
    await rig.leaves()
    async with database.begin() as db:
        own = GuardrailSettings(owners={OWNER: OwnContact(touches_per_person=3)})
        settings = WorkspaceSettings(default_owner=OWNER, guardrails=own)
        await workspace.ensure(db, id=database.workspace, name="test", settings=settings, now=NOON)
        for kind, value in (("domain", "a.example"), ("account", "A"), ("account", "B")):
            await person.suppress_all(
                db,
                workspace=database.workspace,
                kind=kind,
                value=value,
                reason="manual",
                evidence="x",
                by=OWNER,
                now=NOON,
            )
        await person.unsuppress(db, kind="account", value="A", reason="", by=OWNER, now=NOON)
        await person.suppress(
            db, workspace=database.workspace, email=address(), reason="manual", evidence="x", by=OWNER, now=NOON
        )
        shown = view.render(await arming.room(db, zone="UTC", now=rig.clock.now, owner=OWNER))
        later = view.render(await arming.room(db, zone="UTC", now=NOON + timedelta(days=1)))
    assert "*Mailbox*  39 of 40 left today, 19 of 20 left this hour, 9 of 10 left this minute" in shown
    assert "*To northpier.example*  39 of 40 left today" in shown
    assert "3 unanswered to one person" in shown
    assert "*Suppressed*  1 account, 1 address, 1 domain" in shown
    assert "*Mailbox*  40 of 40 left today" in later
    assert "northpier" not in later
    assert "1 unanswered to one person" in later


def test_the_file_of_the_how_to_is_read(tmp_path):
    file = tmp_path / "guardrails.toml"
    file.write_text(HOW_TO.read_text().split("```toml\n")[1].split("```")[0])
    found = Settings(_env_file=None, guardrails_file=file).guardrails()
    assert (found.contact.touches_per_person, found.contact_of("U0CASEY").day_ends.hour) == (2, 19)
    assert (found.four_eyes.amount, found.caps.mailbox_per_minute) == (25000, 2)
    assert Settings(_env_file=None).guardrails() == GuardrailSettings()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[contact]\ntouches = 1", "contact.touches: Extra inputs are not permitted"),
        ("[contact]\nworking_days = [0]", "contact.working_days.0: Input should be greater than or equal to 1"),
        ("[contact", "Expected"),
        (None, "No such file"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path, written, said):
    file = tmp_path / "guardrails.toml"
    if written is not None:
        file.write_text(written)
    with pytest.raises(BadGuardrails, match=said):
        Settings(_env_file=None, guardrails_file=file).guardrails()
