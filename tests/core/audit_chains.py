"""Chains for the audit's tests: made in memory by the product's own bytes, and damaged in every way on purpose."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from core.audit_chain import GENESIS, Head, Recorded, digest, link, unlinked
from core.audit_entry import Entry, What
from core.audit_verify import Damage, Kind, Report, Verifier
from core.ports import Receipt

KEY = "f" * 64
HERE = UUID(int=7)
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
STRIDE = 100
"""Distance between the places from which a check is taken up again."""


def entry(number: int, random: Random) -> Entry:
    """A plausible entry: all fields are used by some of them."""
    what = random.choice([What.PROPOSED, What.APPROVED, What.HELD, What.ARMED, What.APPLIED, What.SNOOZED])
    return Entry(
        what=what,
        who=random.choice(["worker", "U0CASEY", "U0ORLA"]),
        move=UUID(int=random.getrandbits(128)),
        effect=UUID(int=random.getrandbits(128)) if random.random() < 0.5 else None,
        to=(f"person{number}@northpier.example",) if random.random() < 0.3 else (),
        until=START + timedelta(seconds=number + 30) if what is What.HELD else None,
        grounds="form_inquiry" if what is What.PROPOSED else "",
        content_hash=f"{random.getrandbits(256):064x}" if what is What.APPROVED else "",
        receipt=Receipt(f"m{number}") if what is What.APPLIED else None,
        said=f"Because of number {number}" if random.random() < 0.3 else "",
    )


def chain(length: int, *, seed: int = 1, key: str = KEY, workspace: UUID = HERE) -> list[Recorded]:
    random, made, prev = Random(seed), [], GENESIS
    for number in range(1, length + 1):
        bare = unlinked(entry(number, random), START + timedelta(seconds=number), workspace=workspace, key=key)
        placed = bare._replace(seq=number, prev=prev)
        made.append(placed._replace(hash=link(prev, number, digest(placed))))
        prev = made[-1].hash
    return made


def head_of(made: Sequence[Recorded]) -> Head:
    return Head(made[-1].workspace_id, made[-1].seq, made[-1].hash)


def check(made: Sequence[Recorded], head: Head | None, anchors: dict[int, str] | None = None) -> Report:
    verifier = Verifier(key=KEY, anchors=anchors or {})
    for one in made:
        verifier.feed(one)
    return verifier.finish(head)


CHANGES = {
    "at": lambda e, r: e.at + timedelta(microseconds=r.randint(1, 10**9)),
    "who": lambda e, r: e.who + "X",
    "what": lambda e, r: "dismissed",
    "move_id": lambda e, r: UUID(int=r.getrandbits(128)),
    "effect_id": lambda e, r: UUID(int=r.getrandbits(128)),
    "to_whom": lambda e, r: [*e.to_whom, f"{r.getrandbits(256):064x}"],
    "until": lambda e, r: (e.until or START) + timedelta(seconds=r.randint(1, 9)),
    "grounds": lambda e, r: e.grounds + "2",
    "content": lambda e, r: f"{r.getrandbits(256):064x}",
    "evidence": lambda e, r: e.evidence + "9",
    "known_by": lambda e, r: e.known_by + "!",
    "texts": lambda e, r: f"{r.getrandbits(256):064x}",
    "prev": lambda e, r: f"{r.getrandbits(256):064x}",
    "hash": lambda e, r: f"{r.getrandbits(256):064x}",
    "version": lambda e, r: e.version + 1,
    "workspace_id": lambda e, r: UUID(int=r.getrandbits(128)),
}
"""For each column a value that it had not."""


def changed(one: Recorded, random: Random) -> Recorded:
    """A column changed; half of the time by somebody who knows how the hash is made, and makes it again."""
    column = random.choice(list(CHANGES))
    other = one._replace(**{column: CHANGES[column](one, random)})
    if random.random() < 0.5 and column not in {"hash", "texts"}:
        other = other._replace(hash=link(other.prev, other.seq, digest(other)))
    return other


def swapped(one: Recorded, other: Recorded, *, rows: bool) -> tuple[Recorded, Recorded]:
    """Two entries that have changed places: the whole rows, or only what they say; what stands first comes first."""
    if rows:
        return other._replace(seq=one.seq), one._replace(seq=other.seq)
    keep_one, keep_other = (
        {"seq": entry.seq, "prev": entry.prev, "hash": entry.hash, "body": entry.body} for entry in (one, other)
    )
    return other._replace(**keep_one), one._replace(**keep_other)


class Trial:
    """One chain that is damaged again and again. A check is taken up where the chain is still whole before the damage,

    and given up where the verifier has come back to the state that it has on the whole chain: from there on both would
    see the same.
    """

    def __init__(self, made: Sequence[Recorded]) -> None:
        self.made = made
        self.head = head_of(made)

    def _walk(self, verifier: Verifier, start: int, damaged: dict[int, Recorded | None], stop: int) -> None:
        """Feeds the entries `start` to `stop` with these in place of the right ones."""
        for seq in range(start, min(stop, len(self.made)) + 1):
            one = damaged.get(seq, self.made[seq - 1])
            if one is not None:
                verifier.feed(one)

    def found(
        self, damaged: dict[int, Recorded | None], *, head: Head | None = None, length: int | None = None
    ) -> Report:
        """What is found when these entries are replaced or taken out, and the chain ends after `length`."""
        length = len(self.made) if length is None else length
        cut = dict.fromkeys(range(length + 1, len(self.made) + 1))
        damaged = damaged | cut
        verifier = Verifier(key=KEY)
        places = sorted(damaged)
        while places:
            start = max(1, (places[0] - 2) // STRIDE * STRIDE + 1)
            before = self.made[start - 2].hash if start > 1 else GENESIS
            verifier.after, verifier.hash = start - 1, before
            stop = places.pop(0)
            while places and places[0] <= stop + STRIDE:
                stop = places.pop(0)
            self._walk(verifier, start, damaged, stop + 3)
            if stop + 3 < len(self.made):
                assert (verifier.after, verifier.hash) == (stop + 3, self.made[stop + 2].hash), (
                    "back on the whole chain"
                )
                assert verifier._sound
                assert not verifier._doubted
        if verifier.after < length and length == len(self.made):
            verifier.after, verifier.hash = len(self.made), self.made[-1].hash
        return verifier.finish(head or self.head)

    def one(self, random: Random) -> tuple[Report, Damage]:
        """One random damage, as it was found and as it should be named."""
        length = len(self.made)
        match random.randrange(4):
            case 0:
                seq = random.randint(1, length)
                return self.found({seq: changed(self.made[seq - 1], random)}), Damage(seq, seq, Kind.CHANGED)
            case 1:
                seq = random.randint(1, length - 1)
                last = min(seq + random.choice([0, 0, 1, 5]), length - 1)
                gone = dict.fromkeys(range(seq, last + 1))
                return self.found(gone), Damage(seq, last, Kind.MISSING)
            case 2:
                seq = random.randint(1, length - 1)
                other = random.choice([seq + 1, random.randint(seq + 1, length)])
                first, second = swapped(self.made[seq - 1], self.made[other - 1], rows=random.random() < 0.5)
                return self.found({seq: first, other: second}), Damage(seq, other, Kind.SWAPPED)
            case _:
                missing = random.randint(1, 100)
                return self.found({}, length=length - missing), Damage(length - missing + 1, length, Kind.CUT)
