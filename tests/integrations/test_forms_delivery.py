"""A form filled in at the sandbox arrives signed, and is one signal however often it is delivered."""

from datetime import UTC, datetime

import pytest
from aiohttp import web

from core.inquiry import Inquiry
from integrations.forms.mapping import FormMappings
from integrations.forms.signals import BadForm, check_signature, parse
from tests.support.sandbox import running_sandbox

SECRET = "a-secret-of-this-test"
FIELDS = {
    "name": "Zoë 🎪 O'Hara",
    "email": "zoe@harlowlane.example",
    "company": "<Harlow & Lane>",
    "message": "Hi\r\n\tthere ",
}


class Receiver:
    """Takes deliveries as the web route does."""

    def __init__(self, secret):
        self.secret = secret
        self.signals = []

    async def receive(self, request):
        body, now = await request.read(), datetime.now(UTC)
        try:
            check_signature(body, request.headers, secret=self.secret, now=now)
            self.signals.append(parse(request.match_info["form"], body, request.headers, FormMappings.load(), now))
        except BadForm as error:
            return web.json_response({"error": {"code": error.code}}, status=error.status)
        return web.json_response({}, status=202)


@pytest.fixture
async def bot():
    started = []

    async def start(secret):
        receiver = Receiver(secret)
        application = web.Application()
        application.router.add_post("/webhooks/forms/{form}", receiver.receive)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started.append(runner)
        return receiver, f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in started:
        await runner.cleanup()


async def test_a_submission_delivered_thrice_has_one_key(bot, tmp_path):
    receiver, url = await bot(SECRET)
    async with running_sandbox(tmp_path, bot=url, forms_secret=SECRET) as sandbox:
        said = await sandbox.control("POST", "/control/form", {"form": "contact", "fields": FIELDS, "times": 3})

    assert [answer["status"] for answer in said["answers"]] == [202] * 3
    assert {signal.dedup_key for signal in receiver.signals} == {said["submission_id"]}
    found = Inquiry.model_validate(receiver.signals[0].payload)
    assert {name: getattr(found, name) for name in FIELDS} == FIELDS


async def test_another_secret_and_an_unknown_form_are_refused(bot, tmp_path):
    receiver, url = await bot(SECRET)
    async with running_sandbox(tmp_path / "one", bot=url, forms_secret="another") as sandbox:
        said = await sandbox.control("POST", "/control/form", {"form": "contact", "fields": FIELDS})
        assert said["answers"][0]["status"] == 401
    async with running_sandbox(tmp_path / "two", bot=url, forms_secret=SECRET) as sandbox:
        said = await sandbox.control("POST", "/control/form", {"form": "newsletter", "fields": FIELDS})
        assert said["answers"][0]["status"] == 404
    assert receiver.signals == []
