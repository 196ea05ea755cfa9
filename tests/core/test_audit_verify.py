"""The audit's check over chains in memory: whatever is changed, taken out, swapped or cut off is found and named."""

import hashlib
import hmac
import os
from dataclasses import replace
from random import Random

import pytest

from core.audit_chain import Head, digest, keyed, link
from core.audit_verify import Damage, Kind
from tests.core.audit_chains import HERE, KEY, Trial, chain, changed, check, head_of, swapped

DAMAGES = int(os.environ.get("AUDIT_DAMAGES", "2000"))
"""`AUDIT_DAMAGES=10000` is the long form."""
LENGTH = 100_000


@pytest.fixture(scope="module")
def made():
    return chain(300)


def rehashed(one):
    return one._replace(hash=link(one.prev, one.seq, digest(one)))


def test_a_whole_chain_is_sound(made):
    report = check(made, head_of(made))
    assert report.sound
    assert (report.entries, report.first, report.more) == (300, None, 0)


def test_nothing_at_all_is_sound():
    assert check([], None).sound
    assert check([], Head(HERE, 0, "0" * 64)).sound


def test_random_damage_is_found_and_named_alone():
    trial, random = Trial(chain(LENGTH)), Random(20261124)
    assert trial.found({}).sound
    seen = dict.fromkeys(Kind, 0)
    for number in range(DAMAGES):
        report, damage = trial.one(random)
        assert report.broken == (damage,), f"damage {number}"
        assert damage.kind is not Kind.CUT or report.broken[0].missing == damage.last - damage.seq + 1
        seen[damage.kind] += 1
    assert min(seen[kind] for kind in (Kind.CHANGED, Kind.MISSING, Kind.SWAPPED, Kind.CUT)) > DAMAGES // 8


def test_taking_a_check_up_again_finds_the_same_as_a_check_of_the_whole(made):
    trial, random = Trial(made), Random(5)
    for _ in range(100):
        seq, other = sorted(random.sample(range(1, 301), 2))
        first, second = swapped(made[seq - 1], made[other - 1], rows=random.random() < 0.5)
        third = random.choice([n for n in range(1, 301) if n not in {seq, other}])
        damaged = {seq: first, other: second, third: changed(made[third - 1], random)}
        whole = [damaged.get(one.seq, one) for one in made]
        assert trial.found(damaged).broken == check(whole, head_of(made)).broken


@pytest.mark.parametrize("seq", [1, 2, 150, 299, 300])
def test_an_entry_written_anew_with_its_hash_is_named_and_not_its_neighbour(made, seq):
    forged = [*made]
    forged[seq - 1] = rehashed(made[seq - 1]._replace(who="U0NOBODY"))
    assert check(forged, head_of(made)).broken == (Damage(seq, seq, Kind.CHANGED),)
    forged[seq - 1] = rehashed(made[seq - 1]._replace(prev="a" * 64))
    assert check(forged, head_of(made)).broken == (Damage(seq, seq, Kind.CHANGED),)


def test_the_newest_entries_cut_off_are_counted_by_the_head_inside_and_by_the_one_outside(made):
    for missing in (1, 2, 100, 300):
        left = made[: 300 - missing]
        expected = (Damage(301 - missing, 300, Kind.CUT),)
        assert check(left, head_of(made)).broken == expected
        if left:
            turned_back = head_of(left)
            assert check(left, turned_back).sound, "nothing inside the database tells"
            assert check(left, turned_back, {300: made[-1].hash}).broken == expected
        assert expected[0].missing == missing


def test_a_chain_written_anew_with_its_head_is_told_by_the_head_outside(made):
    forged = chain(300, seed=2)
    anchors = {100: made[99].hash, 200: made[199].hash}
    assert check(forged, head_of(forged)).sound
    assert check(forged, head_of(forged), anchors).broken == (Damage(1, 100, Kind.REWRITTEN),)
    tail = [*made[:150]]
    for one in forged[150:]:
        tail.append(rehashed(one._replace(prev=tail[-1].hash)))
    assert check(tail, head_of(tail), anchors).broken == (Damage(101, 200, Kind.REWRITTEN),)


def test_a_missing_head_and_entries_beyond_the_head_are_named(made):
    assert check(made, None).broken == (Damage(300, 300, Kind.HEAD),)
    assert check(made, head_of(made[:297])).broken == (Damage(298, 300, Kind.ADDED),)


def test_a_changed_text_is_named_and_an_erased_one_is_not(made):
    number, one = next((n, one) for n, one in enumerate(made) if one.body)
    forged = [*made]
    forged[number] = one._replace(body=one.body.replace('"nonce":"', '"nonce":"0'))
    assert check(forged, head_of(made)).broken == (Damage(one.seq, one.seq, Kind.TEXT),)
    forged[number] = one._replace(body=None)
    assert check(forged, head_of(made)).broken == (Damage(one.seq, one.seq, Kind.TEXT),)
    forged[number] = one._replace(body=None, erased_in=one.seq + 3)
    report = check(forged, head_of(made))
    assert report.sound
    assert report.erased == 1


def test_more_damage_than_can_be_named_is_counted():
    made = chain(2500)
    forged = [one._replace(who="U0NOBODY") for one in made]
    report = check(forged, head_of(made))
    assert len(report.broken) == 1000
    assert report.broken[0].seq == 1
    assert report.more == 1500


def test_every_damage_reads_as_a_sentence():
    assert str(Damage(3, 3, Kind.CHANGED)) == "entry 3: changed after it was written"
    assert str(Damage(3, 5, Kind.MISSING)) == "entries 3 to 5: missing (3)"
    assert str(Damage(3, 9, Kind.SWAPPED)) == "entries 3 and 9: have changed places"
    assert str(Damage(98, 100, Kind.CUT)) == "entries 98 to 100: the newest 3 missing"
    assert all(str(replace(Damage(1, 1, Kind.CUT), kind=kind)) for kind in Kind)


def test_the_bytes_of_version_1_are_as_documented():
    """An entry made by hand from the documented bytes, not by the product's functions."""

    one = chain(3)[2]
    parts = [
        "1",
        f'"{one.workspace_id}"',
        f'"{one.at:%Y-%m-%dT%H:%M:%S.%f}+00:00"',
        f'"{one.who}"',
        f'"{one.what}"',
        f'"{one.move_id}"',
        f'"{one.effect_id}"' if one.effect_id else "null",
        "[" + ",".join(f'"{who}"' for who in one.to_whom) + "]",
        f'"{one.until:%Y-%m-%dT%H:%M:%S.%f}+00:00"' if one.until else "null",
        *(f'"{said}"' for said in (one.grounds, one.content, one.evidence, one.known_by, one.texts)),
    ]
    said = hashlib.sha256(f"[{','.join(parts)}]".encode()).hexdigest()
    assert digest(one) == said
    assert one.hash == hashlib.sha256(f"{one.prev}\n3\n{said}".encode()).hexdigest()
    assert keyed(KEY, "person", "a@b.example") == hmac.new(KEY.encode(), b"person\na@b.example", "sha256").hexdigest()
