"""Rules about sending as such: the kill switch, the caps, bounces, and the second pair of eyes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.guardrails.facts import Blocked, GuardFacts, Period, Room, local
from core.guardrails.settings import Caps
from core.money import Money

KILL_SWITCH = "kill_switch"
DRY_RUN = "dry_run"
_WHOSE = {"mailbox": "this mailbox", "workspace": "this workspace"}
_WHEN = {Period.DAY: "today", Period.HOUR: "this hour", Period.MINUTE: "this minute"}


def kill_switch(facts: GuardFacts) -> Blocked | None:
    if facts.all_paused:
        by = facts.paused_by
        return Blocked(KILL_SWITCH, f"all workspaces are paused by {by}; `/moves resume all` lets them go on")
    if facts.paused:
        return Blocked(KILL_SWITCH, f"everything is paused by {facts.paused_by}; `/moves resume` lets it go on")
    return None


def dry_run(facts: GuardFacts) -> Blocked | None:
    """What was approved before a dry run was switched on waits until it is off again."""
    if "" in facts.dry_runs:
        return Blocked(DRY_RUN, "a dry run is on for this workspace; `/moves dryrun workspace off` lets it go on")
    if facts.owner in facts.dry_runs:
        return Blocked(DRY_RUN, "a dry run is on for its owner, who lets it go on with `/moves dryrun off`")
    if facts.approvers & facts.dry_runs:
        return Blocked(DRY_RUN, "a dry run is on for who approved it; their `/moves dryrun off` lets it go on")
    return None


def caps(facts: GuardFacts) -> Blocked | None:
    """The first cap that is reached. An hour or a minute only makes it wait, so it does not stop an approval."""
    for room in facts.rooms:
        if room.left < 1 and (facts.arming or room.period is Period.DAY):
            return full(room, facts.zone)
    return None


def full(room: Room, zone: str) -> Blocked:
    left = f"left {_WHOSE[room.whose]}" if room.whose in _WHOSE else f"left for {room.subject}"
    cap = f"its cap: {room.why}" if room.why else "its cap"
    name = {Period.DAY: "daily_cap", Period.HOUR: "hourly_cap", Period.MINUTE: "minute_cap"}[room.period]
    said = f"{room.cap} mail{'' if room.cap == 1 else 's'} {left} {_WHEN[room.period]}, {cap}"
    return Blocked(name, f"{said}. It can leave {local(room.lifts_at, zone)}", lifts_at=room.lifts_at)


def rooms(
    caps: Caps, *, daily: int, mailbox: str, companies: tuple[str, ...], now: datetime, zone: str
) -> tuple[Room, ...]:
    """Every cap that a mail to these companies' domains takes room of, nothing counted as used yet; longest first."""
    today = now.astimezone(ZoneInfo(zone)).date()
    ramped, why = _ramped(caps, daily, today)
    workspace = _or(caps.workspace_per_day, 5 * daily)
    domain = _or(caps.domain_per_day, daily)
    found = []
    for period in Period:
        window, lifts_at = _window(period, now, zone)
        owned = [
            ("mailbox", mailbox, _cap(caps, "mailbox", period, ramped), why),
            ("workspace", "", _cap(caps, "workspace", period, workspace), ""),
            *(("domain", company, _cap(caps, "domain", period, domain), "") for company in companies),
        ]
        found += [Room(whose, period, subject, window, cap, 0, lifts_at, why) for whose, subject, cap, why in owned]
    return tuple(found)


def _cap(caps: Caps, whose: str, period: Period, day: int) -> int:
    if period is Period.DAY:
        return day
    given: int | None = getattr(caps, f"{whose}_per_{period}")
    return _or(given, min(day, max(1, day // (2 if period is Period.HOUR else 4))))


def _or(given: int | None, otherwise: int) -> int:
    return otherwise if given is None else given


def _ramped(caps: Caps, daily: int, today: date) -> tuple[int, str]:
    """The mailbox's cap for today, and why it is lower than set."""
    if caps.mailbox_since is None:
        return daily, ""
    weeks = max((today - caps.mailbox_since).days, 0) // 7
    allowed = caps.ramp_start + caps.ramp_per_week * weeks
    return (daily, "") if allowed >= daily else (allowed, f"a new mailbox, {caps.ramp_per_week} more each week")


def _window(period: Period, now: datetime, zone: str) -> tuple[str, datetime]:
    """The window's name and the instant at which the next begins. A day is the owner's."""
    if period is Period.DAY:
        local_day = now.astimezone(ZoneInfo(zone)).date()
        midnight = datetime.combine(local_day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
        return local_day.isoformat(), midnight.astimezone(UTC)
    at = now.astimezone(UTC)
    if period is Period.HOUR:
        begins = at.replace(minute=0, second=0, microsecond=0)
        return f"{begins:%Y-%m-%dT%H}", begins + timedelta(hours=1)
    begins = at.replace(second=0, microsecond=0)
    return f"{begins:%Y-%m-%dT%H:%M}", begins + timedelta(minutes=1)


def bounce_share(facts: GuardFacts) -> Blocked | None:
    limits, counted = facts.settings.bounces, facts.bounces
    if counted.sent < limits.least_sends or counted.share < limits.stop_at or not counted.bounced:
        return None
    said = f"{_bounced(facts)}; at {limits.stop_at:.0%} this mailbox stops"
    mend = "mend the addresses and have the bounces forgiven in the settings"
    return Blocked(
        "bounce_share", f"{said}. Looked at again {local(facts.tomorrow, facts.zone)}; {mend}", lifts_at=facts.tomorrow
    )


def bounce_warning(facts: GuardFacts) -> str | None:
    """A word before bounces stop the mailbox."""
    limits, counted = facts.settings.bounces, facts.bounces
    if counted.sent < limits.least_sends or counted.share < limits.warn_at or bounce_share(facts) is not None:
        return None
    return f"{_bounced(facts)}; at {limits.stop_at:.0%} this mailbox stops" if counted.bounced else None


def _bounced(facts: GuardFacts) -> str:
    counted = facts.bounces
    return f"{counted.bounced} of {counted.sent} mails bounced ({counted.share:.1%}) in {facts.settings.bounces.window_days} days"


def four_eyes(facts: GuardFacts) -> Blocked | None:
    """Above what is set a second person has to approve; until then it waits, however long."""
    if not facts.arming or len(facts.approvers) > 1:
        return None
    if (why := _needs_second(facts)) is None:
        return None
    return Blocked(
        "four_eyes",
        f"{why}: a second person has to approve it with `/moves second` and this move's id; until then it waits",
    )


def _needs_second(facts: GuardFacts) -> str | None:
    limits = facts.settings.four_eyes
    if limits.recipients is not None and len(facts.recipients) > limits.recipients:
        return f"it goes to {len(facts.recipients)} people, more than {limits.recipients}"
    if limits.amount is None or facts.value is None:
        return None
    if facts.value.currency != limits.currency:
        return f"it is about {facts.value}, and the limit is in {limits.currency}"
    limit = Money.of(limits.amount, limits.currency)
    return f"it is about {facts.value}, more than {limit}" if facts.value.amount_minor > limit.amount_minor else None
