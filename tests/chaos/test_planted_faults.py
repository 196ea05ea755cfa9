"""The harness sees a planted fault: a patch to a copy of the product that loses or doubles is reported as that."""

import asyncio
import time
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.chaos.crowd import POST, Crowd
from tests.chaos.environment import Wired, wired
from tests.chaos.http_wire import Asked, Chances, Strike
from tests.chaos.judge_mix import MixVerdict, judge_mix
from tests.chaos.mixed import play_mixed, settled, start_again
from tests.chaos.planted import PATCHES, copy_of_the_product
from tests.chaos.raw_wire import RawLink
from tests.chaos.run import play

pytestmark = pytest.mark.chaos
TRIES = 8
LETS_GO_S = 10.0
PATIENCE_S = 8.0  # whoever looks at the wrong one of two cards waits in vain


@pytest.fixture
def run(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    return folder


def planted(tmp_path: Path, patch: str | None) -> Path:
    return copy_of_the_product(tmp_path / "tree", PATCHES / patch if patch else None)


def test_an_effect_recorded_only_afterwards_is_seen(tmp_path: Path, run: Path) -> None:
    """Without arming beforehand, a worker killed after its request sends it again."""
    tree = planted(tmp_path, "record_after_effect.patch")
    point = "worker request slack chat.postMessage core.telling:PostCard.send after"

    report = play(run, points=[point], executions=6, tree=tree, faults=False, patience_s=PATIENCE_S)

    assert any("post" in line or "card" in line for line in report.verdict.doubled), report.verdict


def test_a_client_that_repeats_is_seen(tmp_path: Path, run: Path) -> None:
    """With the SDK's own retries a lost answer becomes a second message."""
    tree = planted(tmp_path, "sdk_retries.patch")

    report = play_mixed(
        run,
        executions=10,
        seed=1,
        tree=tree,
        beset=False,
        chances=Chances(unclear=1, twice=0, cut=0, delayed=0, kinds=("lose_answer",)),
        patience_s=2 * PATIENCE_S,
    )

    assert any(line.startswith("posted") for line in report.verdict.doubled), report.verdict


@pytest.mark.parametrize("patch", [None, "fence_off.patch"])
def test_a_late_answer_that_counts_is_seen(tmp_path: Path, run: Path, patch: str | None) -> None:
    """A worker whose request was turned away is cut off, and says so while another one's request is under way."""
    tree = planted(tmp_path, patch)
    chances = Chances(unclear=0, twice=0, cut=0, delayed=0, slow_s=1.6)
    with wired(run, seed=1, workers=2, tree=tree, chances=chances) as place:
        verdict = asyncio.run(_late_answer(place))

    assert bool(verdict.doubled) is (patch is not None), verdict


async def _late_answer(place: Wired) -> MixVerdict:
    for victim in place.victims:
        victim.start()
    place.ask("member", {"channel": "C0WINS", "member": True})
    async with aiohttp.ClientSession() as http:
        crowd = Crowd(http, place.sandbox, 1, patience_s=30)
        helpers = [asyncio.create_task(crowd.seen.read_forever()), asyncio.create_task(start_again(place))]
        for _ in range(TRIES):
            late = Late(place)
            await asyncio.gather(crowd.live((POST,)), late.let_go_at_last())
            if late.happened:
                break
        await settled(place, time.monotonic())
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    assert late.happened, "nobody tried again in time"
    return await judge_mix(
        sandbox=place.sandbox,
        database_url=place.database_url,
        executions=crowd.all,
        doubled_on_the_wire=[],
        long_stops=[],
    )


class Late:
    """The worker whose post is turned away cannot say so until the next one's post is asked for, and slow."""

    def __init__(self, place: Wired) -> None:
        self._place = place
        self._asked = 0
        self._silenced: RawLink | None = None
        self._let_go = False
        self.happened = False
        """Whether the next one's post was asked for while the first worker could say nothing: then it says so late."""
        for victim in place.victims:
            place.links[victim.name].chosen_fault = self._fault
            if victim.role == "worker":
                silence = partial(self._silence, place.databases[victim.name])
                place.links[victim.name].strike = Strike("between", silence, of=posts)

    async def let_go_at_last(self) -> None:
        """Also where it held a lock that the other one waits for: then its answer is not late, and it is tried anew."""
        await asyncio.sleep(LETS_GO_S)
        self._let_go = True
        if self._silenced is not None:
            self._place.wire.soon(self._silenced.go_on)

    def _fault(self, request: Asked) -> str | None:
        if not posts(request):
            return None
        self._asked += 1
        if self._silenced is not None and self._asked == 2:
            self.happened = not self._let_go
            self._silenced.go_on()
        return {1: "rate_limit", 2: "slow"}.get(self._asked)

    def _silence(self, link: RawLink, _: Asked) -> None:
        if self._silenced is None:
            self._silenced = link
            link.stall()


def posts(request: Asked) -> bool:
    """Whether this is the post to the channel, and not the card about it."""
    return request.method == "chat.postMessage" and "C0WINS" in request.ids
