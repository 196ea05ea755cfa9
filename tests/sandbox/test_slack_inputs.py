"""Every input of a modal: initial values, what a person may enter, and what the bot receives."""

import asyncio

import pytest

from integrations.sandbox.slack import values
from tests.sandbox.slack_support import button, modal, sandbox, section


def plain(text):
    return {"type": "plain_text", "text": text}


def option(value):
    return {"text": plain(value.title()), "value": value}


OPTIONS = [option("a"), option("b"), option("c")]
ELEMENTS = {
    "text": {"type": "plain_text_input", "initial_value": "hello", "min_length": 2, "max_length": 10},
    "mail": {"type": "email_text_input"},
    "link": {"type": "url_text_input"},
    "count": {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
    "pick": {"type": "static_select", "options": OPTIONS, "initial_option": option("b")},
    "many": {"type": "checkboxes", "options": OPTIONS, "initial_options": [option("a")]},
    "one": {"type": "radio_buttons", "options": OPTIONS},
    "day": {"type": "datepicker", "initial_date": "2026-11-23"},
    "hour": {"type": "timepicker"},
    "who": {"type": "users_select"},
}


def form(*, optional=True):
    return [
        {
            "type": "input",
            "block_id": name,
            "label": plain(name),
            "optional": optional,
            "element": {**element, "action_id": "x"},
        }
        for name, element in ELEMENTS.items()
    ]


async def opened(box, *blocks, user="U0CASEY", **more):
    trigger = box.world.slack.triggers.issue(user)
    view = await box.client.views_open(trigger_id=trigger, view=modal(*blocks, callback_id="form", **more))
    return {"user": user, "view_id": view["view"]["id"]}


async def test_what_is_entered_arrives_in_slacks_own_words(tmp_path):
    states = []

    def register(app):
        @app.view("form")
        async def submitted(ack, view):
            states.append({name: inner["x"] for name, inner in view["state"]["values"].items()})
            await ack(response_action="update", view=modal(*form(), callback_id="form"))

    async with sandbox(tmp_path) as box, box.bot(register):
        at = await opened(box, *form())
        await box.do("submit", **at)
        given = {"mail": "dana@northpier.example", "link": "https://northpier.example", "count": "3", "pick": "c"}
        given |= {"many": ["b", "c"], "one": "a", "day": "2027-02-28", "hour": "09:30", "who": "U0ORLA"}
        await box.do("submit", **at, values={name: {"x": value} for name, value in given.items()})

    assert states[0]["text"] == {"type": "plain_text_input", "value": "hello"}
    assert states[0]["mail"] == {"type": "email_text_input", "value": None}
    assert states[0]["pick"]["selected_option"]["value"] == "b"
    assert [one["value"] for one in states[0]["many"]["selected_options"]] == ["a"]
    assert states[0]["one"] == {"type": "radio_buttons", "selected_option": None}
    assert states[0]["day"] == {"type": "datepicker", "selected_date": "2026-11-23"}
    assert states[1]["count"] == {"type": "number_input", "value": "3"}
    assert states[1]["pick"]["selected_option"]["text"]["text"] == "C"
    assert [one["value"] for one in states[1]["many"]["selected_options"]] == ["b", "c"]
    assert states[1]["hour"] == {"type": "timepicker", "selected_time": "09:30"}
    assert states[1]["who"] == {"type": "users_select", "selected_user": "U0ORLA"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "x"),
        ("text", "x" * 11),
        ("mail", "nobody"),
        ("link", "northpier"),
        ("count", "0"),
        ("count", "10"),
        ("count", "2.5"),
        ("count", "nan"),
        ("count", "three"),
        ("pick", "z"),
        ("many", ["a", "z"]),
        ("one", "z"),
        ("day", "2027-02-30"),
        ("day", "28.2.2027"),
        ("hour", "24:00"),
        ("hour", "9:30"),
        ("who", "U0NOBODY"),
    ],
)
def test_what_slacks_own_fields_would_not_take(name, value):
    assert list(values.complaints(form(), {name: {"x": value}})) == [name]


def test_required_fields_must_be_filled():
    assert set(values.complaints(form(optional=False), {})) == {"mail", "link", "count", "one", "hour", "who"}
    assert set(values.complaints(form(optional=False), {"text": {"x": ""}})) >= {"text"}


async def test_a_choice_that_an_update_takes_away_is_forgotten(tmp_path):
    async with sandbox(tmp_path) as box:
        at = await opened(box, *form(), {"type": "actions", "elements": [button("look")]})
        await box.do("press", **at, action_id="look", values={"pick": {"x": "c"}, "text": {"x": "kept"}})
        fewer = [
            {**one, "element": {**one["element"], "options": OPTIONS[:2]}} if one["block_id"] == "pick" else one
            for one in form()
        ]
        await box.client.views_update(view_id=at["view_id"], view=modal(*fewer))
        [view] = (await box.screen())["views"]
        assert view["typed"] == {"text": {"x": "kept"}}


async def test_menus_on_a_message_say_what_was_chosen(tmp_path):
    seen = []

    def register(app):
        @app.action("menu")
        async def chosen(ack, body):
            seen.append((body["actions"][0]["selected_option"]["value"], body["state"]["values"]))
            await ack()

    menu = {"type": "static_select", "action_id": "menu", "placeholder": plain("Pick"), "options": OPTIONS}
    async with sandbox(tmp_path) as box, box.bot(register):
        blocks = [section("x", block_id="s", accessory=menu)]
        ts = (await box.client.chat_postMessage(channel="C0WINS", text="x", blocks=blocks))["ts"]
        await box.do("press", user="U0SAM", channel="C0WINS", ts=ts, action_id="menu", option="b")
    [(value, state)] = seen
    assert value == "b"
    assert state["s"]["menu"]["selected_option"]["value"] == "b"


async def test_a_response_url_changes_and_deletes_its_message(tmp_path):
    urls = []

    def register(app):
        @app.action("go")
        async def go(ack, body):
            urls.append(body["response_url"])
            await ack()

    async def answer(box, url, **said):
        async with box.http.post(url, json=said) as response:
            return response.status

    async with sandbox(tmp_path) as box, box.bot(register):
        blocks = [{"type": "actions", "elements": [button("go")]}]
        ts = (await box.client.chat_postMessage(channel="C0WINS", text="x", blocks=blocks))["ts"]
        await box.client.chat_postEphemeral(channel="C0WINS", user="U0SAM", text="only you", blocks=blocks)
        whisper = (await box.screen("U0SAM"))["ephemeral"][0]["ts"]
        for at in (ts, whisper):
            await box.do("press", user="U0SAM", channel="C0WINS", ts=at, action_id="go")
        public, private = urls
        assert await answer(box, public, replace_original=True, text="new") == 200
        assert [one["text"] for one in await box.messages("C0WINS")] == ["new"]
        assert await answer(box, public, delete_original=True) == 200
        assert await answer(box, public, replace_original=True, text="again") == 400
        assert await answer(box, public, text="x", colour="red") == 400
        assert await answer(box, private, replace_original=True, text="changed") == 200
        assert [one["text"] for one in (await box.screen("U0SAM"))["ephemeral"]] == ["changed"]
        assert await answer(box, private, delete_original=True) == 200
        assert await answer(box, f"{box.url}/slack/response/none", text="x") == 404
        assert await box.messages("C0WINS") == []
        assert (await box.screen("U0SAM"))["ephemeral"] == []


async def test_odd_text_is_kept_or_mended_and_never_breaks_anything(tmp_path):
    async with sandbox(tmp_path, rate_limits=False) as box:
        for text in ("\ud83d half", "zero \u200b width", "\u202e right to left", "<script>", "a\tb\r\n", "🧑‍🚀" * 50):
            async with box.http.post(
                f"{box.url}/slack/api/chat.postMessage",
                json={"channel": "C0WINS", "text": text},
                headers={"Authorization": "Bearer xoxb-sandbox"},
            ) as answer:
                assert (await answer.json())["ok"] is True
        await asyncio.gather(*(box.do("message", user="U0SAM", channel="C0WINS", text=f"\udc00 {n}") for n in range(3)))
        texts = [one["text"] for one in await box.messages("C0WINS")]
        assert texts[0] == "? half"
        assert texts[3] == "<script>"
        assert sorted(texts[6:]) == ["? 0", "? 1", "? 2"]
