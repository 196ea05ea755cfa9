"""Rules about people: whom we may write to, how often, at what hour, and on what grounds."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.guardrails.facts import Blocked, GuardFacts, Recipient, local
from core.quiet import Hours, next_open_for_all


def address_validity(facts: GuardFacts) -> Blocked | None:
    if not facts.recipients:
        return Blocked("address_validity", "nobody to write to: give at least one address", final=True)
    for given, valid in zip(facts.recipients, facts.valid_recipients, strict=True):
        if valid is None:
            return Blocked("address_validity", f"{given} is not an address that mail can reach: mend it", final=True)
    return None


def suppression(facts: GuardFacts) -> Blocked | None:
    for one in facts.known:
        if one.suppressed is not None:
            return Blocked("suppression", f"{one.email} must not be written to: {one.suppressed}", final=True)
    return None


def already_replied(facts: GuardFacts) -> Blocked | None:
    if facts.replied_since is not None:
        when = facts.replied_since
        return Blocked(
            "already_replied", f"they answered in the meantime ({when:%d %b, %H:%M} UTC): read that first", final=True
        )
    return None


def touches_per_person(facts: GuardFacts) -> Blocked | None:
    """Unanswered mails only: who answered or wrote to us since may be answered."""
    limit, window = facts.contact.touches_per_person, facts.contact.touch_window
    for one in facts.known:
        recent = [at for at in _unanswered(one) if facts.now < at + window]
        if len(recent) >= max(limit, 1):
            lifts_at = recent[len(recent) - max(limit, 1)] + window
            heard = f"{one.email} heard from us on {recent[-1].astimezone(ZoneInfo(facts.zone)):%d %b}"
            rule = f"{_mails(limit)} a person {_per(facts.contact.touch_window_days)}"
            return Blocked(
                "touches_per_person",
                f"{heard} and has not answered; {rule}. It can leave {local(lifts_at, facts.zone)}, or once they answer",
                lifts_at=lifts_at,
            )
        if limit == 0:
            return Blocked("touches_per_person", "the setting allows no mail to a person: raise it, then resume")
    return None


def touches_per_company(facts: GuardFacts) -> Blocked | None:
    """Answers to what somebody there asked are neither counted nor stopped."""
    if facts.inbound or facts.purpose is None:
        return None
    limit, window = facts.contact.touches_per_company, facts.contact.touch_window
    for one in facts.known:
        if one.company is None:
            continue
        recent = sorted(at for at in one.company_touches if facts.now < at + window)
        if len(recent) >= limit:
            rule = f"{_mails(limit)} a company {_per(facts.contact.touch_window_days)}"
            if limit == 0:
                return Blocked("touches_per_company", f"{rule}: raise the setting, then resume")
            lifts_at = recent[len(recent) - limit] + window
            said = f"{_mails(len(recent))} went to people at {one.company} lately; {rule}"
            return Blocked(
                "touches_per_company", f"{said}. It can leave {local(lifts_at, facts.zone)}", lifts_at=lifts_at
            )
    return None


def same_purpose(facts: GuardFacts) -> Blocked | None:
    """One person hears of one purpose once in a while, unless they have written to us since."""
    if not facts.purpose:
        return None
    window = timedelta(days=facts.contact.dedup_days)
    for one in facts.known:
        earlier = _unanswered(one, purpose=facts.purpose)
        if earlier and facts.now < (lifts_at := max(earlier) + window):
            when = max(earlier).astimezone(ZoneInfo(facts.zone))
            said = f"{one.email} had a mail for the same purpose ({_words(facts.purpose)}) on {when:%d %b}"
            return Blocked(
                "same_purpose",
                f"{said}; once in {facts.contact.dedup_days} days. It can leave {local(lifts_at, facts.zone)},"
                " or once they write to us",
                lifts_at=lifts_at,
            )
    return None


def quiet_hours(facts: GuardFacts) -> Blocked | None:
    """Mails leave in working hours where the recipient is; who asked us something is answered at any hour."""
    if not facts.arming or facts.inbound or facts.purpose is None or not facts.known:
        return None
    hours = Hours(facts.contact.day_begins, facts.contact.day_ends, facts.contact.working_days)
    zones = [one.zone or facts.zone for one in facts.known]
    opens = next_open_for_all(facts.now, zones, hours)
    if opens == facts.now:
        return None
    if opens is None:
        return Blocked("quiet_hours", "no working day is set on which a mail may leave: set one, then resume")
    shown = max(zones, key=lambda zone: next_open_for_all(facts.now, [zone], hours) or facts.now)
    who = next(one.email for one, zone in zip(facts.known, zones, strict=True) if zone == shown)
    there = facts.now.astimezone(ZoneInfo(shown))
    said = f"it is {there:%a %H:%M} where {who} is ({shown})"
    times = f"mails leave {hours.begin:%H:%M} to {hours.end:%H:%M} on working days there"
    leaves = opens.astimezone(ZoneInfo(shown))
    return Blocked("quiet_hours", f"{said}; {times}. It can leave {leaves:%a %d %b, %H:%M}", lifts_at=opens)


def legal_basis(facts: GuardFacts) -> Blocked | None:
    for one in facts.known:
        if basis_for(facts, one) is None:
            return Blocked(
                "legal_basis",
                f"no legal basis is on record for writing to {one.email}: record one, or name one for this purpose"
                " in the settings",
                final=True,
            )
    return None


def basis_for(facts: GuardFacts, one: Recipient) -> str | None:
    """On what grounds this person is written to: what is on record for them, else what the purpose gives."""
    if facts.purpose in facts.settings.legal.marketing:
        return "consent" if one.opted_in else None
    by_purpose = facts.settings.legal.basis.get(facts.purpose) if facts.purpose else None
    return one.legal_basis or by_purpose or facts.settings.legal.basis_otherwise


def opt_in(facts: GuardFacts) -> Blocked | None:
    """Marketing mail goes to those who asked for it."""
    if facts.purpose in facts.settings.legal.marketing:
        for one in facts.known:
            if not one.opted_in:
                return Blocked(
                    "opt_in", f"{one.email} has not opted in to marketing mail: take them out of it", final=True
                )
    return None


def _unanswered(one: Recipient, *, purpose: str | None = None) -> list[datetime]:
    """When mails left for them that they have not answered, of one purpose or of all."""
    silent = [touch for touch in one.touches if one.heard_at is None or touch.at >= one.heard_at]
    return sorted(touch.at for touch in silent if purpose is None or touch.purpose == purpose)


def _mails(number: int) -> str:
    return "one mail" if number == 1 else f"{number} mails"


def _per(days: int) -> str:
    return "and week" if days == 7 else f"in {days} days"


def _words(purpose: str) -> str:
    return purpose.replace("_", " ")
