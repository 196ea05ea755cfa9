"""Fixtures of the stories."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import NewProduct
from tests.support.campaign import FORMS, PUBLIC, RULES
from tests.support.product import Product


@pytest.fixture
async def campaign(new_product: NewProduct, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Product]:
    """The product where the answer to a form is marketing mail; a parameter replaces the public address or the rules."""
    given = {"public_url": PUBLIC, "rules": RULES, **getattr(request, "param", {})}
    (tmp_path / "forms.toml").write_text(FORMS)
    (tmp_path / "guardrails.toml").write_text(given["rules"])
    async with new_product(
        forms_file=tmp_path / "forms.toml", guardrails_file=tmp_path / "guardrails.toml", public_url=given["public_url"]
    ) as running:
        yield running
