"""`/moves guardrails`: each rule as it is set, and the room that is left."""

from collections.abc import Iterator

from bot.views.text import day_and_clock, outside
from core.guardrails import GuardFacts, Overview, Period, Room, bounce_share, bounce_warning, dry_run
from core.guardrails.settings import GuardrailSettings

_DAYS = {1: "Mon", 2: "Tue", 3: "Wed", 4: "Thu", 5: "Fri", 6: "Sat", 7: "Sun"}
_PERIODS = {Period.DAY: "today", Period.HOUR: "this hour", Period.MINUTE: "this minute"}


def render(overview: Overview) -> str:
    """The answer to the command, in Slack's markdown; what people wrote is shown dead."""
    facts = overview.facts
    lines = [_switch(facts), *_dry_run(facts), *_caps(facts.rooms, facts), _bounces(facts), *_contact(facts)]
    lines += [_suppressed(overview), _legal(facts), _four_eyes(facts.settings)]
    return "\n".join(["*Guardrails*", *(f"•  {line}" for line in lines)])


def _dry_run(facts: GuardFacts) -> Iterator[str]:
    if (found := dry_run(facts)) is not None:
        yield f"*Dry run*  {found.reason}"


def _switch(facts: GuardFacts) -> str:
    if facts.all_paused:
        by = outside(facts.paused_by, 80)
        return f"*Kill switch*  all workspaces are paused by {by}: nothing leaves until `/moves resume all`"
    if facts.paused:
        return f"*Kill switch*  paused by {outside(facts.paused_by, 80)}: nothing leaves until `/moves resume`"
    return "*Kill switch*  off; `/moves pause` stops everything"


def _caps(rooms: tuple[Room, ...], facts: GuardFacts) -> Iterator[str]:
    named = {"mailbox": "Mailbox", "workspace": "Workspace"}
    for whose, subject in dict.fromkeys((room.whose, room.subject) for room in rooms):
        mine = [room for room in rooms if (room.whose, room.subject) == (whose, subject)]
        name = named.get(whose) or f"To {outside(subject, 80)}"
        if whose == "mailbox":
            name = f"Mailbox {outside(subject, 80)}" if subject != "me" else name
        yield f"*{name}*  " + ", ".join(_left(room, facts) for room in mine)


def _left(room: Room, facts: GuardFacts) -> str:
    said = f"{room.left} of {room.cap} left {_PERIODS[room.period]}"
    if room.why:
        said += f" ({room.why})"
    return said if room.left else f"{said}, anew at {day_and_clock(room.lifts_at, facts.zone, facts.now)}"


def _bounces(facts: GuardFacts) -> str:
    if (blocked := bounce_share(facts)) is not None:
        return f"*Bounces*  stopped: {blocked.reason}"
    if (warning := bounce_warning(facts)) is not None:
        return f"*Bounces*  :warning: {warning}"
    counted, limits = facts.bounces, facts.settings.bounces
    judged = f"from {limits.least_sends} sends on, {limits.stop_at:.0%} stops the mailbox"
    return f"*Bounces*  {counted.bounced} of {counted.sent} in {limits.window_days} days; {judged}"


def _contact(facts: GuardFacts) -> Iterator[str]:
    contact = facts.contact
    days = "week" if contact.touch_window_days == 7 else f"{contact.touch_window_days} days"
    yield (
        f"*Touches*  {contact.touches_per_person} unanswered to one person in a {days},"
        f" {contact.touches_per_company} to one company; the same purpose once in {contact.dedup_days} days"
    )
    working = ", ".join(_DAYS[day] for day in sorted(contact.working_days)) or "no day"
    always = ", ".join(outside(one.replace("_", " "), 40) for one in sorted(contact.at_any_hour))
    yield (
        f"*Hours*  {contact.day_begins:%H:%M} to {contact.day_ends:%H:%M} where the recipient is, {working}"
        + (f"; at any hour: {always}" if always else "")
    )


def _suppressed(overview: Overview) -> str:
    words = {"address": ("address", "addresses"), "domain": ("domain", "domains"), "account": ("account", "accounts")}
    counted = [f"{number} {words[kind][number != 1]}" for kind, number in overview.suppressed]
    return f"*Suppressed*  {', '.join(counted) or 'nobody'}"


def _legal(facts: GuardFacts) -> str:
    legal = facts.settings.legal
    otherwise = f"else {legal.basis_otherwise.replace('_', ' ')}" if legal.basis_otherwise else "else on record"
    unset = ["no postal address"] * (not legal.postal_address) + ["no `CASEYOS_PUBLIC_URL`"] * (not facts.public_url)
    missing = f"; {' and '.join(unset)} is set, so no marketing mail leaves" if unset else ""
    return f"*Legal basis*  by purpose, {otherwise}; marketing mail only with opt-in and one-click unsubscribe{missing}"


def _four_eyes(settings: GuardrailSettings) -> str:
    limits = settings.four_eyes
    above = []
    if limits.amount is not None:
        above.append(f"{limits.amount:,} {outside(limits.currency, 3)}")
    if limits.recipients is not None:
        above.append(f"{limits.recipients} recipients")
    return f"*Four eyes*  {'above ' + ' or '.join(above) if above else 'not set'}"
