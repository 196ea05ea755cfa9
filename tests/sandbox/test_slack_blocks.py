"""Block Kit's limits at their edges, and what the SDK's own classes build."""

import json

import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DatePickerElement,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    NumberInputElement,
    Option,
    OverflowMenuElement,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
    StaticSelectElement,
)

from integrations.sandbox.slack import blocks as block_kit
from tests.sandbox.slack_support import button, modal, section, text_field


def plain(text):
    return {"type": "plain_text", "text": text}


def option(value, text="x", **more):
    return {"text": plain(text), "value": value, **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def menu(kind="static_select", **more):
    return {"type": kind, "action_id": "m", "options": [option("a"), option("b")], **more}


def table(rows, columns=2):
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


MANY = [option(str(n)) for n in range(101)]

#: What is allowed to the last character, and what is one too many.
EDGES = [
    ([section("x" * 3000)], [section("x" * 3001)]),
    ([section("x")], [section("")]),
    ([section("x")] * 50, [section("x")] * 51),
    (
        [{"type": "section", "fields": [plain("x" * 2000)] * 10}],
        [{"type": "section", "fields": [plain("x")] * 11}],
    ),
    ([{"type": "section", "fields": [plain("x")]}], [{"type": "section", "fields": [plain("x" * 2001)]}]),
    ([{"type": "header", "text": plain("x" * 150)}], [{"type": "header", "text": plain("x" * 151)}]),
    ([{"type": "header", "text": plain("x")}], [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
    ([actions(button("a", "v" * 2000))], [actions(button("a", "v" * 2001))]),
    ([actions(button("a", text=plain("x" * 75)))], [actions(button("a", text=plain("x" * 76)))]),
    ([actions(button("a" * 255))], [actions(button("a" * 256))]),
    ([actions(button("a", style="danger"))], [actions(button("a", style="default"))]),
    ([actions(button("a", accessibility_label="x" * 75))], [actions(button("a", accessibility_label="x" * 76))]),
    ([actions(button("a"), button("b"))], [actions(button("a"), button("a"))]),
    ([actions(*(button(str(n)) for n in range(25)))], [actions(*(button(str(n)) for n in range(26)))]),
    ([actions(menu("overflow"))], [actions(menu("overflow", options=MANY[:6]))]),
    ([actions(menu(options=MANY[:100]))], [actions(menu(options=MANY))]),
    ([actions(menu(options=[option("v" * 150)]))], [actions(menu(options=[option("v" * 151)]))]),
    ([actions(menu(initial_option=option("a")))], [actions(menu(initial_option=option("c")))]),
    ([actions(menu())], [actions(menu(option_groups=[{"label": plain("g"), "options": [option("a")]}]))]),
    ([actions(menu("radio_buttons"))], [actions(menu("radio_buttons", options=MANY[:11]))]),
    (
        [actions(menu(options=[option("a", description=plain("x" * 75))]))],
        [actions(menu(options=[option("a", description=plain("x" * 76))]))],
    ),
    (
        [{"type": "context", "elements": [plain("x")] * 10}],
        [{"type": "context", "elements": [plain("x")] * 11}],
    ),
    ([section("x", block_id="b" * 255)], [section("x", block_id="b" * 256)]),
    ([section("x", block_id="a"), section("x", block_id="b")], [section("x", block_id="a")] * 2),
    (
        [{"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x" * 2000}],
        [{"type": "image", "image_url": "https://a.example/x.png"}],
    ),
    (
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6001}] * 2,
    ),
    ([table(100, 20)], [table(101)]),
    ([table(2)], [table(2, 21)]),
    ([table(1)], [table(1), table(1)]),
    ([{"type": "divider"}], [{"type": "divider", "text": plain("x")}]),
    ([{"type": "divider"}], [{"type": "divide"}]),
    ([section("x", accessory=button("a"))], [section("x", accessory={"type": "plain_text_input", "action_id": "a"})]),
    ([section("x", expand=True)], [section("x", expand="yes")]),
]


@pytest.mark.parametrize(("sound", "broken"), EDGES)
def test_the_last_that_is_allowed_and_the_first_that_is_not(sound, broken):
    assert block_kit.problems(sound, "message") == []
    assert block_kit.problems(broken, "message")


def test_a_confirm_has_four_limits():
    whole = {"title": plain("x" * 100), "text": plain("x" * 300), "confirm": plain("x" * 30), "deny": plain("x" * 30)}
    assert block_kit.problems([actions(button("a", confirm=whole))], "message") == []
    for name in whole:
        longer = {**whole, name: plain(whole[name]["text"] + "x")}
        assert block_kit.problems([actions(button("a", confirm=longer))], "message")


@pytest.mark.parametrize(
    ("block", "surfaces"),
    [
        (text_field("a"), {"modal", "home"}),
        ({"type": "markdown", "text": "x"}, {"message"}),
        (table(1), {"message", "home"}),
        (section("x"), {"message", "modal", "home"}),
        ({"type": "data_table"}, set()),
        ({"type": "card"}, set()),
    ],
)
def test_blocks_belong_on_surfaces(block, surfaces):
    for surface in ("message", "modal", "home"):
        assert (block_kit.problems([block], surface) == []) == (surface in surfaces), surface


@pytest.mark.parametrize(
    "broken",
    [
        {**modal(section("x")), "title": plain("x" * 25)},
        {**modal(section("x")), "submit": plain("x" * 25)},
        {**modal(section("x")), "private_metadata": "x" * 3001},
        {**modal(section("x")), "callback_id": "x" * 256},
        {**modal(section("x")), "colour": "red"},
        {**modal(section("x")), "blocks": [section("x")] * 101},
        {name: value for name, value in modal(text_field("a")).items() if name != "submit"},
        {name: value for name, value in modal(section("x")).items() if name != "title"},
        {"type": "home", "blocks": []},
        modal(text_field("a", focus_on_load=True), text_field("b", focus_on_load=True)),
        modal(text_field("a", min_length=5, max_length=4)),
        modal(text_field("a", initial_value="x" * 3001)),
        modal({**text_field("a"), "label": plain("x" * 2001)}),
        modal({**text_field("a"), "hint": plain("x" * 2001)}),
        modal(text_field("a", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]})),
        [],
        None,
    ],
)
def test_modals_that_are_refused(broken):
    assert block_kit.view_problems(broken, "modal")


def test_a_modal_at_its_limits_is_fine():
    view = modal(*([section("x")] * 100), private_metadata="x" * 3000, callback_id="c" * 255)
    assert block_kit.view_problems({**view, "title": plain("x" * 24)}, "modal") == []


def test_what_the_sdk_builds_is_accepted():
    options = [Option(value="a", text="A", description="first"), Option(value="b", text="B")]
    message = [
        HeaderBlock(text=PlainTextObject(text="Today")),
        SectionBlock(
            text=MarkdownTextObject(text="*x*"),
            accessory=OverflowMenuElement(action_id="o", options=options),
        ),
        ContextBlock(elements=[MarkdownTextObject(text="quiet")]),
        ActionsBlock(
            elements=[
                ButtonElement(
                    action_id="a",
                    text="Go",
                    value="1",
                    style="primary",
                    confirm=ConfirmObject(title="Sure?", text="Really", confirm="Yes", deny="No"),
                ),
                StaticSelectElement(action_id="s", placeholder="Pick", options=options, initial_option=options[0]),
                DatePickerElement(action_id="d", initial_date="2026-11-23"),
            ]
        ),
    ]
    fields = [
        InputBlock(label="Text", block_id="t", element=PlainTextInputElement(action_id="x", multiline=True)),
        InputBlock(
            label="Number",
            block_id="n",
            element=NumberInputElement(action_id="x", is_decimal_allowed=False, min_value="1"),
        ),
        InputBlock(
            label="Which", block_id="r", element=RadioButtonsElement(action_id="x", options=options), optional=True
        ),
    ]
    assert block_kit.problems([one.to_dict() for one in message], "message") == []
    assert block_kit.view_problems(modal(*(one.to_dict() for one in fields)), "modal") == []


def test_what_slack_adds_is_added_without_touching_what_was_sent():
    sent = [section("x"), actions({"type": "button", "text": plain("Go")})]
    before = json.dumps(sent)
    kept = block_kit.completed(sent)
    assert json.dumps(sent) == before
    assert kept[0]["text"]["verbatim"] is False
    assert kept[1]["elements"][0]["text"]["emoji"] is True
    assert kept[1]["elements"][0]["action_id"]
    assert kept[0]["block_id"] != kept[1]["block_id"]
    assert block_kit.problems(kept, "message") == []


@pytest.mark.parametrize("rubbish", [None, 1, "x", {}, [None], [1], [{}], [{"type": None}], [{"type": ["x"]}], [[]]])
def test_rubbish_is_refused_and_breaks_nothing(rubbish):
    assert block_kit.problems(rubbish, "message")
