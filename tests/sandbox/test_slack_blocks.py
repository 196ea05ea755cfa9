"""Block Kit's limits at their edges, and what the SDK's own classes build."""

import json

import pytest
import slackblocks
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
from integrations.sandbox.slack.values import fields
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


def data_table(rows, columns=2, **more):
    return {
        "type": "data_table",
        "caption": "c",
        "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows,
        **more,
    }


def cells(rows):
    return {"type": "data_table", "caption": "c", "rows": rows}


def figures(value):
    return [[{"type": "raw_text", "text": "x"}], [{"type": "raw_number", "value": value, "text": "1"}]]


def chart(**more):
    return {"type": "data_visualization", "title": "t", "chart": more}


def pie(segments, value=1):
    return chart(type="pie", segments=[{"label": "x", "value": value}] * segments)


def bars(series=1, categories=("a", "b"), labels=None, **axes):
    data = [{"label": one, "value": -1.5} for one in labels or categories]
    return chart(
        type="bar",
        series=[{"name": str(n), "data": data} for n in range(series)],
        axis_config={"categories": list(categories), **axes},
    )


def card(**more):
    return {"type": "card", "title": plain("x"), **more}


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
    ([data_table(201, 20)], [data_table(202)]),
    ([data_table(2)], [data_table(1)]),
    ([data_table(2, caption="x")], [data_table(2, caption="")]),
    ([data_table(2, page_size=100)], [data_table(2, page_size=101)]),
    ([data_table(2, row_header_column_index=1)], [data_table(2, row_header_column_index=2)]),
    (
        [cells([[{"type": "raw_text", "text": "x" * 10_000}]] * 2)],
        [cells([[{"type": "raw_text", "text": "x" * 10_001}]] * 2)],
    ),
    ([cells(figures(1.5))], [cells(figures("1"))]),
    ([pie(6)], [pie(7)]),
    ([pie(1, 0.1)], [pie(1, 0)]),
    ([pie(1)] * 2, [pie(1)] * 3),
    ([{**pie(1), "title": "x" * 50}], [{**pie(1), "title": "x" * 51}]),
    ([bars(6)], [bars(7)]),
    ([bars(1, [str(n) for n in range(20)])], [bars(1, [str(n) for n in range(21)])]),
    ([bars(1, "ab", "ba")], [bars(1, "ab", "a")]),
    ([bars(x_label="x" * 50)], [bars(x_label="x" * 51)]),
    ([bars()], [bars(1, "aa")]),
    ([card(title=plain("x" * 150))], [card(title=plain("x" * 151))]),
    ([card(body=plain("x" * 200))], [card(body=plain("x" * 201))]),
    ([card(actions=[button(str(n)) for n in range(3)])], [card(actions=[button(str(n)) for n in range(4)])]),
    ([card(slack_icon={"type": "icon", "name": "call"})], [{"type": "card", "subtitle": plain("x")}]),
    ([{"type": "carousel", "elements": [card()] * 10}], [{"type": "carousel", "elements": [card()] * 11}]),
    (
        [{"type": "carousel", "elements": [card(block_id="a"), card(block_id="b")]}],
        [{"type": "carousel", "elements": [card(block_id="a"), card(block_id="a")]}],
    ),
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
        (data_table(2), {"message", "home"}),
        (pie(1), {"message", "home"}),
        (card(), {"message", "modal", "home"}),
        ({"type": "carousel", "elements": [card()]}, {"message", "home"}),
        ({"type": "carousel", "elements": [section("x")]}, set()),
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


def test_what_slackblocks_builds_of_cards_tables_and_charts_is_accepted():
    press = slackblocks.Button("Go", "go", value="1")
    points = [slackblocks.DataPoint("Mon", 3), slackblocks.DataPoint("Tue", -4.5)]
    axes = slackblocks.AxisConfig(["Mon", "Tue"], x_label="day", y_label="replies")
    series = [slackblocks.DataSeries("form", points), slackblocks.DataSeries("deal", points)]
    rows = [
        [slackblocks.RawText("Rule"), slackblocks.RawText("Replies")],
        [slackblocks.RawText("Form"), slackblocks.RawNumber(3, "3 of 9")],
    ]
    one = slackblocks.CardBlock(title="Reply to Dana", subtitle="today", body="asked", actions=[press], subtext="86")
    for block in (
        one,
        slackblocks.CarouselBlock([one, slackblocks.CardBlock(body="x")]),
        slackblocks.TableBlock([[slackblocks.RawText("a"), slackblocks.RawText("b")]]),
        slackblocks.DataTableBlock(rows, caption="Replies", page_size=7, row_header_column_index=1),
        slackblocks.DataVisualizationBlock("Share", slackblocks.PieChart([slackblocks.ChartSegment("form", 2)])),
        slackblocks.DataVisualizationBlock("Replies", slackblocks.BarChart(series, axes)),
        slackblocks.DataVisualizationBlock("Replies", slackblocks.LineChart(series, axes)),
        slackblocks.DataVisualizationBlock("Replies", slackblocks.AreaChart(series, axes)),
    ):
        assert block_kit.problems([block._resolve()], "message") == []


def test_every_card_of_a_carousel_gets_ids_of_its_own():
    kept = block_kit.completed(
        [{"type": "carousel", "elements": [card(actions=[button("go")]), card(actions=[button("go")])]}]
    )
    ids = [kept[0]["block_id"], *(one["block_id"] for one in kept[0]["elements"])]
    assert len(set(ids)) == 3
    assert {at for at in fields(kept) if at[1] == "go"} == {(one, "go") for one in ids[1:]}


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
