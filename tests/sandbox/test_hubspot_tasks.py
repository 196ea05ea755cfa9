"""A task is made once under a unique key, tied to a contact, changed, archived, and always read at once."""

import asyncio

import aiohttp
import pytest

from tests.sandbox.world_support import outside

KEY = "caseyos_key"
TASKS = "/crm/v3/objects/tasks"


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


def task(key="m1/1", **more):
    properties = {
        "hs_timestamp": "2026-11-26T15:00:00Z",
        "hs_task_subject": "Call Jonas Lindqvist",
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "CALL",
        **more,
    }
    return {"idProperty": KEY, "id": key, "properties": properties}


async def upsert(world, *inputs):
    return await world.crm(f"{TASKS}/batch/upsert", {"inputs": list(inputs)})


async def made(world, key="m1/1", **more):
    return (await upsert(world, task(key, **more))).body["results"][0]


async def read(world, key="m1%2F1", more=""):
    return await world.crm(f"{TASKS}/{key}?idProperty={KEY}{more}")


def happened(world):
    return [each["method"] for each in world.entries("hubspot") if each["kind"] == "effect"]


async def test_an_upsert_makes_one_task_and_says_whether_it_is_new(world):
    said = await upsert(world, task())
    result = said.body["results"][0]
    assert (said.status, said.body["status"], result["new"]) == (200, "COMPLETE", True)
    assert (result["properties"][KEY], result["properties"]["hs_task_priority"]) == ("m1/1", "NONE")
    again = await upsert(world, task())
    assert (again.status, again.body["results"][0]["new"], again.body["results"][0]["id"]) == (200, False, result["id"])
    assert happened(world) == ["task_created"]
    assert world.ledger("effect", "task_created")[0][KEY] == "m1/1"
    changed = await made(world, hs_task_status="COMPLETED")
    assert (changed["id"], changed["new"]) == (result["id"], False)
    update = world.ledger("effect", "task_updated")[0]
    assert (update["before"], update["after"]) == ({"hs_task_status": "NOT_STARTED"}, {"hs_task_status": "COMPLETED"})


async def test_fifty_at_once_make_one_task(world):
    answers = await asyncio.gather(*(upsert(world, task()) for _ in range(50)))
    assert sum(each.body["results"][0]["new"] for each in answers) == 1
    assert happened(world) == ["task_created"]


async def test_the_key_is_read_past_the_index(world):
    await made(world)
    said = await read(world, more=f"&properties=hs_timestamp,hs_task_subject,{KEY}")
    assert (said.status, said.body["properties"]["hs_timestamp"]) == (200, "2026-11-26T15:00:00.000Z")
    assert said.body["properties"][KEY] == "m1/1"
    by_key = {"filterGroups": [{"filters": [{"propertyName": KEY, "operator": "EQ", "value": "m1/1"}]}]}
    assert (await world.crm(f"{TASKS}/search", by_key)).body["total"] == 0
    await world.do("hubspot", index_lag_s=0)
    assert (await world.crm(f"{TASKS}/search", by_key)).body["total"] == 1
    assert (await read(world, "never")).status == 404


@pytest.mark.parametrize("name", ["hs_task_subject", "no_such_property"])
async def test_an_id_property_that_is_not_unique_is_refused(world, name):
    refused = await upsert(world, {**task(), "idProperty": name})
    assert (refused.status, refused.body["category"]) == (400, "VALIDATION_ERROR")
    assert (await world.crm(f"{TASKS}/m1?idProperty={name}")).status == 400
    assert happened(world) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"hs_timestamp": ""}, "REQUIRED_FIELD"),
        ({"hs_timestamp": "soon"}, "INVALID_LONG"),
        ({"hs_task_status": "DONE"}, "INVALID_OPTION"),
        ({"hs_task_type": "MEETING"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "7"}, "INVALID_OWNER_ID"),
        ({"hs_colour": "red"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_object_id": "7"}, "READ_ONLY_VALUE"),
    ],
)
async def test_values_that_hubspot_refuses(world, more, code):
    said = await upsert(world, task(**more))
    assert (said.status, said.body["errors"][0]["code"]) == (400, code)
    assert f'"error":"{code}"' in said.body["message"]
    assert happened(world) == []
    assert len(world.ledger("refused", "tasks.batch_upsert")) == 1


async def test_values_are_texts(world):
    assert (await upsert(world, task(hs_timestamp=1795705200000))).status == 400
    kept = await made(world, hs_timestamp="1795705200000")
    assert kept["properties"]["hs_timestamp"] == "2026-11-26T15:00:00.000Z"


async def test_with_trace_ids_each_object_is_for_itself(world):
    good, bad = task("a"), task("b", hs_task_status="DONE")
    assert (await upsert(world, good, bad)).status == 400
    assert happened(world) == []
    said = await upsert(world, {**good, "objectWriteTraceId": "1"}, {**bad, "objectWriteTraceId": "2"})
    assert (said.status, said.body["numErrors"]) == (207, 1)
    assert [each["properties"][KEY] for each in said.body["results"]] == ["a"]
    assert said.body["errors"][0]["context"] == {"objectWriteTraceId": ["2"]}
    assert [each["status"] for each in world.ledger("request", "tasks.batch_upsert")] == [400, 207]
    assert (await upsert(world, good, good)).status == 400


async def test_a_created_task_needs_a_due_time_and_a_free_key(world):
    properties = {**task()["properties"], KEY: "c1"}
    tie = {"to": {"id": "1001"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}
    said = await world.crm(TASKS, {"properties": properties, "associations": [tie]})
    assert (said.status, said.body["properties"][KEY]) == (201, "c1")
    assert happened(world) == ["task_created", "association_created"]
    taken = await world.crm(TASKS, {"properties": properties})
    assert (taken.status, taken.body["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")
    late = await world.crm(TASKS, {"properties": {"hs_task_subject": "x"}})
    assert (late.status, late.body["errors"][0]["code"]) == (400, "REQUIRED_FIELD")
    assert (await world.crm(TASKS, {"property": {}})).status == 400


async def test_an_archived_task_is_out_of_sight(world):
    id = (await made(world))["id"]
    await world.crm(f"/crm/v4/objects/tasks/{id}/associations/default/contacts/1001", method="PUT")
    assert (await world.crm(f"{TASKS}/{id}", method="DELETE")).status == 204
    assert (await world.crm(f"{TASKS}/{id}", method="DELETE")).status == 204
    assert ((await world.crm(f"{TASKS}/{id}")).status, (await read(world)).status) == (404, 404)
    old = (await world.crm(f"{TASKS}/{id}?archived=true")).body
    assert (old["archived"], "archivedAt" in old) == (True, True)
    assert (await read(world, more="&archived=true")).body["id"] == id
    await world.do("hubspot", index_lag_s=0)
    assert (await world.crm(f"{TASKS}/search", {})).body["total"] == 0
    assert (await world.crm("/crm/v4/objects/contacts/1001/associations/tasks")).body["results"] == []
    assert (await world.seen("hubspot"))["tasks"] == []
    assert (await world.crm(f"{TASKS}/{id}", {"properties": {}}, "PATCH")).status == 404
    assert happened(world) == ["task_created", "association_created", "task_deleted"]
    assert world.ledger("effect", "task_deleted")[0][KEY] == "m1/1"
    assert (await made(world))["new"] is True


async def test_a_tie_is_made_once_and_seen_from_both_sides(world):
    id = (await made(world))["id"]
    path = f"/crm/v4/objects/tasks/{id}/associations"
    said = await world.crm(f"{path}/default/contacts/1001", method="PUT")
    numbers = [each["associationSpec"]["associationTypeId"] for each in said.body["results"]]
    assert (said.status, said.body["status"], numbers) == (200, "COMPLETE", [204, 203])
    assert (await world.crm(f"{path}/default/contacts/1001", method="PUT")).status == 200
    await world.crm(f"{path}/default/deals/3002", method="PUT")
    assert [each["toObjectId"] for each in (await world.crm(f"{path}/contacts")).body["results"]] == [1001]
    back = (await world.crm("/crm/v4/objects/deals/3002/associations/tasks")).body["results"][0]
    assert (back["toObjectId"], back["associationTypes"][0]["typeId"]) == (int(id), 215)
    assert (await world.crm(f"{path}/default/contacts/9", method="PUT")).status == 404
    assert (await world.crm(f"{path}/contacts/1001", method="DELETE")).status == 204
    assert (await world.crm(f"{path}/contacts/1001", method="DELETE")).status == 204
    assert (await world.crm(f"{path}/contacts")).body["results"] == []
    ties = [each for each in happened(world) if each.startswith("association")]
    assert ties == ["association_created", "association_created", "association_deleted"]
    first = world.ledger("effect", "association_created")[0]
    assert (first[KEY], first["to"], first["type_id"]) == ("m1/1", {"type": "contacts", "id": "1001"}, 204)


async def test_a_portal_may_lack_the_key_and_a_product_may_define_it(world):
    definition = (await world.crm(f"/crm/v3/properties/tasks/{KEY}")).body
    assert (definition["hasUniqueValue"], definition["type"]) == (True, "string")
    assert (await world.crm("/crm/v3/properties/tasks/hs_timestamp")).body["type"] == "datetime"
    asked = {"name": KEY, "label": "Key", "type": "string", "fieldType": "text", "groupName": "task"}
    assert (await world.crm("/crm/v3/properties/tasks", asked)).status == 409
    await world.do("hubspot", unique_key=False)
    assert (await world.crm(f"/crm/v3/properties/tasks/{KEY}")).status == 404
    assert (await upsert(world, task())).body["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert (await world.crm("/crm/v3/properties/tasks", {**asked, "name": "Key!"})).status == 400
    assert (await world.crm("/crm/v3/properties/tasks", {**asked, "fieldType": "date"})).status == 400
    created = await world.crm("/crm/v3/properties/tasks", {**asked, "hasUniqueValue": True})
    assert (created.status, created.body["hasUniqueValue"]) == (201, True)
    assert (await made(world))["new"] is True
    assert happened(world) == ["property_created", "task_created"]


async def test_people_edit_complete_and_delete_tasks(world):
    id = (await made(world))["id"]
    await world.do("task", id=id, subject="Call Jonas again", status="COMPLETED")
    now = (await read(world, more="&properties=hs_task_subject,hs_task_status")).body["properties"]
    assert (now["hs_task_subject"], now["hs_task_status"]) == ("Call Jonas again", "COMPLETED")
    edit = world.ledger("effect", "task_updated")[0]
    assert (edit["by"], edit["after"]["hs_task_status"], edit[KEY]) == ("person", "COMPLETED", "m1/1")
    await world.do("task", 400, id=id, status="DONE")
    await world.do("task", 400, id=id)
    await world.do("task", id=id, delete=True)
    assert (await read(world)).status == 404
    await world.do("task", 404, id=id, delete=True)
    assert happened(world) == ["task_created", "task_updated", "task_deleted"]


async def test_a_lost_answer_and_a_late_upsert(world):
    await world.do("fault", service="hubspot", kind="lose_answer", method="tasks.batch_upsert")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await made(world)
    assert (await read(world)).status == 200
    await world.do("fault", service="hubspot", kind="late", method="tasks.batch_upsert", seconds=0.2)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await made(world, "late")
    assert (await read(world, "late")).status == 404
    await asyncio.sleep(0.4)
    assert (await read(world, "late")).status == 200
    assert happened(world) == ["task_created"] * 2
    for method, kind in (("objects.delete", "unavailable"), ("associations.create", "rate_limit")):
        await world.do("fault", service="hubspot", kind=kind, method=method)
    assert (await world.crm(f"{TASKS}/4508", method="DELETE")).status == 503
    limited = await world.crm("/crm/v4/objects/tasks/4508/associations/default/contacts/1001", method="PUT")
    assert (limited.status, limited.body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
