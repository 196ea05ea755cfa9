"""Fixtures of the stories."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import FORMS_SECRET, SIGNING_SECRET, Urls
from tests.support.campaign import FORMS, PUBLIC, RULES
from tests.support.clock import HandClock
from tests.support.product import Product, running_product
from tests.support.sandbox import Sandbox


@pytest.fixture
async def campaign(
    urls: Urls, redis_url: str, sandbox: Sandbox, clock: HandClock, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Product]:
    """The product where the answer to a form is marketing mail; a parameter replaces the public address or the rules."""
    given = {"public_url": PUBLIC, "rules": RULES, **getattr(request, "param", {})}
    (tmp_path / "forms.toml").write_text(FORMS)
    (tmp_path / "guardrails.toml").write_text(given["rules"])
    async with running_product(
        database_url=urls.app,
        redis_url=redis_url,
        sandbox=sandbox,
        clock=clock,
        signing_secret=SIGNING_SECRET,
        forms_secret=FORMS_SECRET,
        forms_file=tmp_path / "forms.toml",
        guardrails_file=tmp_path / "guardrails.toml",
        public_url=given["public_url"],
    ) as running:
        yield running
