"""Fixtures of all tests: real PostgreSQL and Valkey from the embedded binaries, a database for each test, a clock by hand."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from bot import schema
from bot.embedded import postgres, servers, valkey
from core.database import Database
from core.identity import workspace_id
from tests.support.clock import HandClock
from tests.support.product import Product, running_product
from tests.support.sandbox import Sandbox, running_sandbox

TEMPLATE = "caseyos_template"
SIGNING_SECRET = "signing-secret-of-the-tests"
FORMS_SECRET = "forms-secret-of-the-tests"


@dataclass(frozen=True)
class Urls:
    """Addresses of one test's own database: as the owner of the schema, and as the app's login."""

    owner: str
    app: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """One PostgreSQL for the whole run, with a migrated template in it."""
    with postgres.running(tmp_path_factory.mktemp("postgres") / "data", durable=False) as running:
        asyncio.run(_template(running))
        yield running


async def _template(server: postgres.Server) -> None:
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(
            f"create role {servers.LOGIN} login noinherit password '{servers.login_password(server)}'"
        )
        await connection.execute(f"create database {TEMPLATE}")
    finally:
        await connection.close()
    await schema.migrate(server.url(TEMPLATE), app_url=servers.app_url(server, TEMPLATE))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with valkey.running(None) as running:
        yield running.url


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the whole run; tests tell each other's traces apart by the people they invent."""
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, signing_secret=SIGNING_SECRET, forms_secret=FORMS_SECRET) as running:
        yield running


@pytest.fixture
async def urls(server: postgres.Server) -> AsyncIterator[Urls]:
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
        yield Urls(server.url(name), servers.app_url(server, name))
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    """The app's own way in: bound by row level security, in the workspace `test`."""
    opened = Database(urls.app, workspace=workspace_id("test"))
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


NewProduct = Callable[..., AbstractAsyncContextManager[Product]]


@pytest.fixture
def new_product(urls: Urls, redis_url: str, sandbox: Sandbox, clock: HandClock) -> NewProduct:
    """Starts the product with what all of them share; a story adds its own settings."""
    return partial(
        running_product,
        database_url=urls.app,
        redis_url=redis_url,
        sandbox=sandbox,
        clock=clock,
        signing_secret=SIGNING_SECRET,
        forms_secret=FORMS_SECRET,
    )


@pytest.fixture
async def product(new_product: NewProduct) -> AsyncIterator[Product]:
    """The whole product in this process, against the sandbox; its worker runs when a test says `settle`."""
    async with new_product() as running:
        yield running


@pytest.fixture
async def announcing(new_product: NewProduct, sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Product]:
    """The product with a form that names a channel to be told."""
    names = "name", "email", "company", "message", "phone", "budget"
    fields = ", ".join(f'{name} = "{name}"' for name in names)
    mapping = tmp_path / "forms.toml"
    mapping.write_text(
        f'[forms.contact]\nfields = {{ {fields} }}\nannounce = {{ channel = "C0WINS", name = "wins" }}\n'
    )
    await sandbox.control("POST", "/control/member", {"channel": "C0WINS", "member": True})
    async with new_product(forms_file=mapping) as running:
        yield running


@pytest.fixture
async def guarded(new_product: NewProduct, tmp_path: Path) -> AsyncIterator[Product]:
    """The product where a second person approves what is worth more than 50,000."""
    rules = tmp_path / "guardrails.toml"
    rules.write_text("[four_eyes]\namount = 50000\n")
    async with new_product(guardrails_file=rules) as running:
        yield running
