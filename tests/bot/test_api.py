"""`GET /api/command-queue/today` and its tokens: shown once, kept as a hash, good for one owner, gone when revoked."""

import hashlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import api
from core import api_tokens
from core.database import Database
from core.tables import api_tokens as table
from tests.support.clock import HandClock
from tests.support.command_line import Caseyos
from tests.support.factories import OWNER, furnished
from tests.support.product import Product

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/http.md"


async def get(product: Product, path: str = api.TODAY, token: str | None = None, **query: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(product.url + path, headers=headers, params=query)


async def a_token(product: Product, owner: str = OWNER) -> str:
    async with product.services.database.begin() as db:
        here = product.services.workspace
        return await api_tokens.create(db, workspace_id=here, name="dashboard", owner=owner, now=product.clock.now)


async def test_it_answers_with_the_owners_list_as_described(product: Product) -> None:
    for number in range(3):
        await product.fill_form(name=f"Person {number} <b>", message="We want to exhibit.")
    await product.settle()
    token = await a_token(product)
    answer = await get(product, token=token, limit="2")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    said = api.Today.model_validate_json(answer.text)
    assert [move.rank for move in said.moves] == [1, 2]
    assert (said.owner, said.beyond, said.paused) == (OWNER, 1, False)
    for move in said.moves:
        assert sum(reason.points for reason in move.reasons) == move.aps
        assert move.title.endswith("<b>")
    theirs = api.Today.model_validate_json((await get(product, token=token)).text)
    assert len(theirs.moves) == 3


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "no_token"),
        ("x", "unknown_token"),
        ("caseyos_" + "A" * 43, "unknown_token"),
        ("' or 1=1 --", "no_token"),
        ("x" * 5000, "no_token"),
    ],
)
async def test_without_a_token_of_ours_nothing_is_told(product: Product, header: str | None, code: str) -> None:
    await a_token(product)
    answer = await get(product, token=header)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code


async def test_a_token_opens_one_owners_list_and_none_when_it_is_revoked(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    token = await a_token(product, owner="U0ORLA")
    assert (await get(product, token=token)).json()["moves"] == []
    async with product.services.database.begin() as db:
        await api_tokens.revoke(db, "dashboard", now=product.clock.now)
    assert (await get(product, token=token)).json()["error"]["code"] == "unknown_token"


@pytest.mark.parametrize("limit", ["0", "51", "-1", "ten", "1.5", "9999"])
async def test_a_limit_that_is_none_is_named(product: Product, limit: str) -> None:
    answer = await get(product, token=await a_token(product), limit=limit)
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "bad_limit", "message": "limit is a number from 1 to 50", "field": "limit"
    }  # fmt: skip


async def test_the_document_describes_what_is_answered(product: Product) -> None:
    document: dict[str, Any] = (await get(product, api.DESCRIBED)).json()
    assert document == api.described()
    schemas = document["components"]["schemas"]
    answered = (await get(product, token=await a_token(product))).json()
    assert set(answered) == set(schemas["Today"]["properties"])
    for reference in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert reference in schemas
    assert "curl -H 'Authorization: Bearer " in PAGE.read_text()


async def test_the_database_keeps_a_hash(product: Product) -> None:
    token = await a_token(product)
    async with product.services.database.begin() as db:
        [row] = (await db.execute(select(table))).all()
    assert row.hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)


async def test_tokens_are_made_listed_and_revoked_on_the_command_line(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    early = await caseyos("token", "new", "dashboard")
    assert "No bot or worker has run" in early.stderr
    await furnished(database, now=clock())
    made = await caseyos("token", "new", "dashboard")
    assert re.fullmatch(r"caseyos_[A-Za-z0-9_-]{43}\n", made.stdout)
    assert "is not shown again" in made.stderr
    assert "A token dashboard is in use" in (await caseyos("token", "new", "dashboard")).stderr
    assert "small letters" in (await caseyos("token", "new", "Not a name")).stderr
    assert (await caseyos("token")).stdout.startswith("dashboard  U0CASEY  made ")
    assert "opens nothing any more" in (await caseyos("token", "revoke", "dashboard")).stdout
    assert "No token dashboard is in use" in (await caseyos("token", "revoke", "dashboard")).stderr
    assert (await caseyos("token")).stdout == "No token is in use.\n"
    assert (await caseyos("token", "new", "dashboard")).exit_code == 0
