"""What a chaos run stands on: servers, sandbox, the wire between them, and bot and workers that are started again."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot import demo
from bot.embedded import servers
from bot.embedded.process import free_port
from bot.process_tree import environment
from tests.chaos import mortal_servers
from tests.chaos.http_wire import Chances, HttpLink
from tests.chaos.mortal_servers import Postgres, Valkey
from tests.chaos.raw_wire import RawLink
from tests.chaos.victim import ROOT, Victim, closed
from tests.chaos.wire import Wire

SIGNING, FORMS = "chaos-signing-secret", "chaos-forms-secret"
OWNERS = {"contact": "U0CASEY", "fairs": "U0ORLA", "customers": "U0SAM", "announced": "U0CASEY"}
"""Who answers which form."""
ANNOUNCING = frozenset({"customers", "announced"})
"""Forms of which #wins is told what customers write."""

# Hold, horizons and the time after which the sandbox may still apply a late request are shortened by the same factor,
# twenty; a request may begin and be answered for longer than that, so that a busy machine is not taken for a dead worker.
SHORT = {
    "CASEYOS_HOLD_S": "1.5",
    "CASEYOS_START_WITHIN_S": "2",
    "CASEYOS_REQUEST_TIMEOUT_S": "2",
    "CASEYOS_MAIL_HORIZON_S": "6",
    "CASEYOS_SLACK_HORIZON_S": "3",
    "CASEYOS_HUBSPOT_HORIZON_S": "3",
    "CASEYOS_CALENDAR_HORIZON_S": "3",
    "CASEYOS_LEASE_S": "3",
    "CASEYOS_SWEEP_S": "0.2",
    "CASEYOS_GMAIL_POLL_S": "0.4",
    "CASEYOS_DAILY_MAIL_CAP": "100000",
    "CASEYOS_DIGEST_AT": "",
}
REAL = {"CASEYOS_GMAIL_POLL_S": "5", "CASEYOS_DAILY_MAIL_CAP": "100000", "CASEYOS_DIGEST_AT": ""}
"""The shipped holds and horizons: for one long run by command."""


@dataclass(frozen=True)
class Pace:
    """How long things take in a run: the product's settings, and what the harness has to know of them."""

    waits: Mapping[str, str]
    late_s: float
    """How late a request may land whose answer was lost."""
    slow_s: float
    """How long a slow answer takes: longer than anybody waits for it."""
    slack_horizon_s: float
    longest_horizon_s: float
    """From the arming of a mail until it can no longer land."""
    patience_s: float


QUICK = Pace(SHORT, late_s=1.5, slow_s=2.5, slack_horizon_s=3.0, longest_horizon_s=2 + 2 + 6, patience_s=120)
AS_SHIPPED = Pace(REAL, late_s=30, slow_s=22, slack_horizon_s=60, longest_horizon_s=5 + 20 + 120, patience_s=1200)


@dataclass
class Environment:
    sandbox: str
    product: str
    database_url: str
    """As the superuser: the judge reads all workspaces' rows."""
    victims: Sequence[Victim]

    def ask(self, path: str, body: Mapping[str, object] | None = None) -> object:
        return demo.ask(f"{self.sandbox}/control/{path}", body)


@dataclass
class Wired(Environment):
    """Everything of it may be cut, held up or ended."""

    wire: Wire = field(kw_only=True)
    links: Mapping[str, HttpLink] = field(kw_only=True)
    """By the victim's name, its way to the services."""
    databases: Mapping[str, RawLink] = field(kw_only=True)
    """By the victim's name, its way to PostgreSQL."""
    postgres: Postgres = field(kw_only=True)
    valkey: Valkey = field(kw_only=True)
    heads: Path = field(kw_only=True)
    settings: Mapping[str, str] = field(kw_only=True)


@contextmanager
def running(
    folder: Path, *, tree: Path = ROOT, waits: Mapping[str, str] = SHORT, workers: int = 1
) -> Iterator[Environment]:
    """Servers and sandbox run, bot and workers are ready to be started. `tree` holds the product's code."""
    bot_port = free_port()
    with (
        servers.running(folder / "servers", durable=False) as embedded,
        demo.sandbox(folder / "sandbox", port=0, arguments=_arguments(bot_port)) as sandbox_url,
    ):
        settings = {
            **demo.product_settings(sandbox_url=sandbox_url, port=bot_port, forms_secret=FORMS, signing_secret=SIGNING),
            **embedded.settings(),
            **waits,
            "CASEYOS_FORMS_FILE": str(_forms(folder, tree)),
        }
        victims = [Victim("bot", folder, environment(settings), tree)]
        victims += [Victim("worker", folder, environment(settings), tree, number=n + 1) for n in range(workers)]
        try:
            yield Environment(sandbox_url, f"http://127.0.0.1:{bot_port}", embedded.owner_url, victims)
        finally:
            closed(victims)


@contextmanager
def wired(
    folder: Path,
    *,
    seed: int,
    workers: int = 3,
    tree: Path = ROOT,
    waits: Mapping[str, str] = SHORT,
    chances: Chances | None = None,
    hooked: bool = False,
) -> Iterator[Wired]:
    """Like `running`, with every connection of the product led over a wire, and servers that can be ended. Main thread only."""
    bot_port, chances = free_port(), chances or Chances()
    with mortal_servers.running(folder) as (postgres, valkey), Wire(seed) as wire:
        locks: dict[str, asyncio.Lock] = {}

        def http(name: str, target: int) -> HttpLink:
            return HttpLink(target, wire.rng(name), chances, lambda: wire.calm, locks)

        def raw(name: str, target: int) -> RawLink:
            return RawLink(target, wire.rng(name), calm=lambda: wire.calm or chances.cut == 0)

        into_bot = wire.lay_http(http("into the bot", bot_port))
        with demo.sandbox(folder / "sandbox", port=0, arguments=_arguments(into_bot)) as sandbox_url:
            links: dict[str, HttpLink] = {}
            databases: dict[str, RawLink] = {}
            victims = []
            common = {
                **waits,
                "CASEYOS_FORMS_FILE": str(_forms(folder, tree)),
                "CASEYOS_AUDIT_HEADS": str(folder / "heads"),
                "CASEYOS_MIGRATION_DATABASE_URL": postgres.owner_url,
            }
            for role, number in [("bot", 1), *(("worker", n) for n in range(1, workers + 1))]:
                name = f"{role}{number}"
                links[name] = http(name, urlsplit(sandbox_url).port or 0)
                port = wire.lay_http(links[name])
                databases[name] = raw(f"{name} to PostgreSQL", postgres.port)
                settings = {
                    **demo.product_settings(
                        sandbox_url=f"http://127.0.0.1:{port}",
                        port=bot_port,
                        forms_secret=FORMS,
                        signing_secret=SIGNING,
                    ),
                    **common,
                    "CASEYOS_DATABASE_URL": postgres.app_url(wire.lay_raw(databases[name])),
                    "CASEYOS_REDIS_URL": valkey.url_by(wire.lay_raw(raw(f"{name} to Valkey", valkey.port))),
                }
                victims.append(Victim(role, folder, environment(settings), tree, number=number, hooked=hooked))
            straight = {**common, "CASEYOS_DATABASE_URL": postgres.app_url(postgres.port)}
            try:
                yield Wired(
                    sandbox_url,
                    f"http://127.0.0.1:{bot_port}",
                    postgres.owner_url,
                    victims,
                    wire=wire,
                    links=links,
                    databases=databases,
                    postgres=postgres,
                    valkey=valkey,
                    heads=folder / "heads",
                    settings=environment({**straight, "CASEYOS_WORKSPACE": "demo"}),
                )
            finally:
                closed(victims)


def _arguments(bot_port: int) -> list[str]:
    bot = f"http://127.0.0.1:{bot_port}"
    return ["--bot", bot, "--signing-secret", SIGNING, "--forms-secret", FORMS, "--no-rate-limits"]


def _forms(folder: Path, tree: Path) -> Path:
    """The shipped form, once for each of OWNERS."""
    shipped = (tree / "integrations" / "forms" / "forms.toml").read_text()
    parts = []
    for form, owner in OWNERS.items():
        whole = shipped.replace("[forms.contact", f"[forms.{form}")
        announce = 'announce = { channel = "C0WINS", name = "wins" }\n' if form in ANNOUNCING else ""
        parts.append(whole.replace(f"[forms.{form}]\n", f'[forms.{form}]\nowner = "{owner}"\n{announce}'))
    path = folder / "forms.toml"
    path.write_text("\n".join(parts))
    path.chmod(0o644)
    return path
