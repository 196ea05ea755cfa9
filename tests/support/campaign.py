"""Marketing mail for tests: people who ticked the box are written to, and click the link in what they got."""

import re
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from core import audit_verify
from core.tables import suppressions
from tests.support.product import HOLD, Product

WORDING = "Yes, send me news of your events"
ADDRESS = "Pier 7 Marketing, 7 Quay Road, Harbourtown"
PUBLIC = "https://casey.pier7.example/out"
FORMS = f"""
[forms.contact]
fields = {{ name = "name", email = "email", message = "message" }}
consent = {{ field = "newsletter", wording = "{WORDING}" }}
"""
RULES = f"""
[legal]
marketing = ["answer_inquiry"]
postal_address = "{ADDRESS}"

[contact]
touches_per_person = 5
"""


async def asked(product: Product, **fields: str) -> str:
    """Somebody fills in the form, a minute after whatever was before; their address."""
    product.clock.advance(timedelta(minutes=1))
    form = await product.fill_form(message="What does a booth cost?", **fields)
    await product.settle()
    return str(form["email"])


async def sent(product: Product, **fields: str) -> tuple[str, dict[str, Any]]:
    """Somebody who ticked the box has been written to; their address and the mail."""
    email = await asked(product, newsletter="on", **fields)
    assert (await product.approve(await product.card("Reply")))["response"] is None
    await leave(product)
    return email, (await product.mails_to(email))[-1]


async def leave(product: Product) -> None:
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()


def path_of(mail: dict[str, Any]) -> str:
    """Where the product serves the mail's link: below its public address a proxy leads there."""
    link = re.fullmatch(
        rf"<{re.escape(PUBLIC)}(/unsubscribe/[A-Za-z0-9_-]{{64}})>", mail["headers"]["List-Unsubscribe"]
    )
    assert link is not None
    return link[1]


async def ask(product: Product, method: str, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=product.url, trust_env=False, timeout=20) as http:
        return await http.request(method, path, **more)


async def one_click(product: Product, path: str) -> httpx.Response:
    """As a mail program does it."""
    return await ask(product, "POST", path, data={"List-Unsubscribe": "One-Click"})


async def listed(product: Product) -> list[Any]:
    """The suppression list."""
    async with product.services.database.begin() as db:
        return list((await db.execute(select(suppressions))).all())


async def story(product: Product, card: dict[str, Any]) -> str:
    """What the audit, which is sound, tells of the card's move."""
    said = await product.say(f"audit {card['blocks'][0]['block_id'].partition(':')[2]}")
    async with product.services.database.begin() as db:
        assert (await audit_verify.verify(db)).sound
    return said
