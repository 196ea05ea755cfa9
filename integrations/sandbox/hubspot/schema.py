"""What HubSpot knows of each type of object: names, properties and their kinds, associations, the default pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SINCE = "2025-09-01T08:00:00.000Z"


@dataclass(frozen=True)
class ObjectType:
    plural: str
    singular: str
    type_id: str
    created: str
    modified: str
    shown: tuple[str, ...]
    properties: frozenset[str]
    first_id: int
    #: Per property what it takes: `datetime`, `number`, `owner`, or the names to choose from; others are text.
    kinds: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    #: Properties that HubSpot sets by itself.
    own: frozenset[str] = frozenset()

    @property
    def always(self) -> tuple[str, str, str]:
        return (self.created, "hs_object_id", self.modified)


def _type(
    names: tuple[str, str, str],
    first_id: int,
    *,
    modified: str,
    shown: str,
    more: str,
    created: str = "createdate",
    kinds: Mapping[str, str | tuple[str, ...]] | None = None,
    own: str = "",
) -> ObjectType:
    always = (created, "hs_object_id", modified)
    properties = frozenset((*always, *shown.split(), *more.split(), "hubspot_owner_id"))
    return ObjectType(
        *names,
        created,
        modified,
        (*always, *shown.split()),
        properties,
        first_id,
        {"hubspot_owner_id": "owner", **(kinds or {})},
        frozenset((*always, *own.split())),
    )


STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
CLOSED = frozenset({"closedwon", "closedlost"})
PROBABILITY = {id: probability for id, _, probability in STAGES}


CONTACTS = _type(
    ("contacts", "contact", "0-1"),
    1001,
    modified="lastmodifieddate",
    shown="email firstname lastname",
    more="company jobtitle phone mobilephone website city country lifecyclestage hs_lead_status hs_email_optout"
    " hs_timezone hs_analytics_source hs_email_bounce notes_last_contacted num_associated_deals message industry"
    " associatedcompanyid",
)
COMPANIES = _type(
    ("companies", "company", "0-2"),
    2001,
    modified="hs_lastmodifieddate",
    shown="domain name",
    more="industry numberofemployees annualrevenue city country lifecyclestage website phone description timezone",
)
DEALS = _type(
    ("deals", "deal", "0-3"),
    3001,
    modified="hs_lastmodifieddate",
    shown="amount closedate dealname dealstage pipeline",
    more="deal_currency_code hs_is_closed hs_is_closed_won hs_deal_stage_probability dealtype hs_priority description"
    " notes_last_updated hs_forecast_amount closed_lost_reason closed_won_reason hs_v2_date_entered_current_stage"
    " hs_next_step",
    kinds={
        "amount": "number",
        "closedate": "datetime",
        "dealstage": tuple(PROBABILITY),
        "pipeline": ("default",),
        "hs_priority": ("low", "medium", "high"),
        "deal_currency_code": ("USD",),
    },
    own="hs_is_closed hs_is_closed_won hs_deal_stage_probability hs_forecast_amount hs_v2_date_entered_current_stage"
    " notes_last_updated",
)
TASKS = _type(
    ("tasks", "task", "0-27"),
    4001,
    created="hs_createdate",
    modified="hs_lastmodifieddate",
    shown="",
    more="hs_timestamp hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type hs_task_reminders",
    kinds={
        "hs_timestamp": "datetime",
        "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
        "hs_task_priority": ("NONE", "LOW", "MEDIUM", "HIGH"),
        "hs_task_type": ("TODO", "EMAIL", "CALL"),
    },
)
TYPES = (CONTACTS, COMPANIES, DEALS, TASKS)

#: The association type of an object of the first type seen from an object of the second.
ASSOCIATION_IDS = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203,
    ("tasks", "companies"): 192,
    ("companies", "tasks"): 191,
    ("tasks", "deals"): 216,
    ("deals", "tasks"): 215,
}


def type_of(name: str) -> ObjectType | None:
    """By plural, singular or HubSpot's number, in any case."""
    for one in TYPES:
        if name.lower() in (one.plural, one.singular, one.type_id):
            return one
    return None


def default_pipeline() -> dict[str, Any]:
    dates = {"createdAt": SINCE, "updatedAt": SINCE, "archived": False}
    stages = [
        {
            "id": id,
            "label": label,
            "displayOrder": order,
            "metadata": {"isClosed": "true" if id in CLOSED else "false", "probability": probability},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **dates,
        }
        for order, (id, label, probability) in enumerate(STAGES)
    ]
    return {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stages, **dates}
