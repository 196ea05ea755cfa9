"""The invented people, firms and deals of the sandbox, and who fills in the form next."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.store import Store

OWNERS = (
    ("71", "casey@pier7.example", "Casey", "Morgan"),
    ("72", "orla@pier7.example", "Orla", "Byrne"),
    ("73", "sam@pier7.example", "Sam", "Okafor"),
)

#: Properties beside the ids and dates; the objects are numbered as HubSpot numbers, each type in its own range.
COMPANIES: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "2001",
        {
            "name": "Northpier Freight",
            "domain": "northpier.example",
            "industry": "LOGISTICS_AND_SUPPLY_CHAIN",
            "numberofemployees": "240",
            "annualrevenue": "31000000",
            "country": "United Kingdom",
            "lifecyclestage": "customer",
            "hubspot_owner_id": "71",
        },
    ),
    (
        "2002",
        {
            "name": "Harlow Lane",
            "domain": "harlowlane.example",
            "industry": "MARKETING_AND_ADVERTISING",
            "numberofemployees": "85",
            "annualrevenue": "9500000",
            "country": "United Kingdom",
            "lifecyclestage": "opportunity",
            "hubspot_owner_id": "71",
        },
    ),
    (
        "2003",
        {
            "name": "Quayside Carriers",
            "domain": "quayside.example",
            "industry": "TRANSPORTATION_TRUCKING_RAILROAD",
            "numberofemployees": "1200",
            "country": "Ireland",
            "lifecyclestage": "lead",
            "hubspot_owner_id": "72",
        },
    ),
)
CONTACTS: tuple[tuple[str, str | None, dict[str, str]], ...] = (
    (
        "1001",
        "2001",
        {
            "email": "dana.whitfield@northpier.example",
            "firstname": "Dana",
            "lastname": "Whitfield",
            "company": "Northpier Freight",
            "jobtitle": "Head of Events",
            "phone": "+44 20 7946 0101",
            "lifecyclestage": "customer",
            "hubspot_owner_id": "71",
            "hs_timezone": "europe_slash_london",
        },
    ),
    (
        "1002",
        "2002",
        {
            "email": "tomas.reyes@harlowlane.example",
            "firstname": "Tomas",
            "lastname": "Reyes",
            "company": "Harlow Lane",
            "jobtitle": "Marketing Director",
            "phone": "+44 20 7946 0102",
            "lifecyclestage": "opportunity",
            "hubspot_owner_id": "71",
        },
    ),
    (
        "1003",
        "2003",
        {
            "email": "niamh.doyle@quayside.example",
            "firstname": "Niamh",
            "lastname": "Doyle",
            "company": "Quayside Carriers",
            "jobtitle": "Carrier Onboarding Lead",
            "lifecyclestage": "lead",
            "hs_lead_status": "NEW",
            "hubspot_owner_id": "72",
        },
    ),
    (
        "1004",
        None,
        {
            "email": "ruth.abara@tidewater.example",
            "firstname": "Ruth",
            "lastname": "Abara",
            "company": "Tidewater Analytics",
            "jobtitle": "Founder",
            "lifecyclestage": "lead",
            "hs_email_optout": "true",
        },
    ),
)
DEALS: tuple[tuple[str, str, str | None, dict[str, str]], ...] = (
    (
        "3001",
        "1001",
        "2001",
        {
            "dealname": "Northpier Freight, last year's pavilion",
            "amount": "22000",
            "deal_currency_code": "USD",
            "pipeline": "default",
            "dealstage": "closedwon",
            "closedate": "2026-03-12T17:00:00.000Z",
            "hubspot_owner_id": "71",
        },
    ),
    (
        "3002",
        "1002",
        "2002",
        {
            "dealname": "Harlow Lane, spring campaign",
            "amount": "48000",
            "deal_currency_code": "USD",
            "pipeline": "default",
            "dealstage": "presentationscheduled",
            "closedate": "2026-11-27T17:00:00.000Z",
            "hubspot_owner_id": "71",
        },
    ),
)


@dataclass(frozen=True)
class Visitor:
    """Somebody who fills in the form; `known` ones are in HubSpot already."""

    name: str
    email: str
    company: str
    message: str
    more: tuple[tuple[str, str], ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "email": self.email,
            "company": self.company,
            "message": self.message,
            **dict(self.more),
        }


VISITORS = (
    Visitor(
        "Dana Whitfield",
        "dana.whitfield@northpier.example",
        "Northpier Freight",
        "Could you send me the prices for exhibiting in the spring hall? We want a corner stand of 36 square metres"
        " again and need to decide by 14 January.",
        (("phone", "+44 20 7946 0101"), ("budget", "$18,500"), ("topic", "exhibiting")),
    ),
    Visitor(
        "Marek Nowak",
        "marek@lumenhaul.example",
        "Lumenhaul",
        "We are looking at sponsoring the opening evening. What does the headline package cost, and is it still free?",
        (("budget", "25000"), ("topic", "sponsoring")),
    ),
    Visitor(
        "Priya Raman",
        "priya.raman@greywharf.example",
        "Grey Wharf Labs",
        "I would like to speak about forecasting port congestion. Is the call for talks still open, and whom do I send"
        " the outline to?",
        (("topic", "speaking"),),
    ),
    Visitor(
        "Jonas Lindqvist",
        "jonas.lindqvist@havnkraft.example",
        "Havnkraft",
        "Three of us would like to attend. Is there a group rate, and does the ticket include the workshops"
        " on day two?",
        (("phone", "+46 8 5550 0142"), ("topic", "attending")),
    ),
    Visitor(
        "Amara Osei",
        "amara@saltmarsh.example",
        "Saltmarsh Studio",
        "Hello, how do you work with smaller agencies? I am not sure which of your services fits us.",
        (("topic", "general"),),
    ),
    Visitor(
        "Niamh Doyle",
        "niamh.doyle@quayside.example",
        "Quayside Carriers",
        "Please tell me the cost of a shell scheme stand for 12 people, with power and two screens.",
        (("budget", "€9,000"), ("topic", "exhibiting")),
    ),
    Visitor(
        "Oliver Hartmann",
        "o.hartmann@kranwerk.example",
        "Kranwerk",
        "Our board asks about sponsoring the coffee bar for both days. Could we have a call this week?",
        (("phone", "+49 30 5550 0187"), ("topic", "sponsoring")),
    ),
    Visitor(
        "Sofia Marchetti",
        "sofia.marchetti@portolano.example",
        "Portolano",
        "One of our engineers could give a talk on electric yard trucks. Do you pay travel for speakers?",
        (("topic", "speaking"),),
    ),
    Visitor(
        "Ben Achterberg",
        "ben@zandvaart.example",
        "Zandvaart",
        "Where do I get an invoice for my ticket, and can I change the name on it?",
        (("topic", "attending"),),
    ),
    Visitor(
        "Ruth Abara",
        "ruth.abara@tidewater.example",
        "Tidewater Analytics",
        "I have a question about your report on port data: may we quote two of its charts in our newsletter?",
        (("topic", "general"),),
    ),
    Visitor(
        "Ingrid Solberg",
        "ingrid.solberg@fjordlast.example",
        "Fjordlast",
        "We are choosing between two stands in the spring hall. Could we talk on Thursday at 3 pm?",
        (("phone", "+47 22 55 01 63"), ("topic", "exhibiting")),
    ),
    Visitor(
        "Mateo Villalba",
        "mateo@rutaclara.example",
        "Ruta Clara",
        "Which of the evening's packages still has room on the programme, and what does it include?",
        (("phone", "+34 91 555 0129"), ("topic", "sponsoring")),
    ),
    Visitor(
        "Tomas Reyes",
        "tomas.reyes@harlowlane.example",
        "Harlow Lane",
        "About the spring campaign: the board has agreed to the larger version. Can you send me what that includes?",
        (("budget", "$52,000"), ("topic", "exhibiting")),
    ),
)


def next_visitor(store: Store) -> Visitor:
    """Each in turn, going on after a restart."""
    return VISITORS[(store.next_id("visitor") - 1) % len(VISITORS)]


def name_of(email: str) -> str | None:
    """The full name of an invented person; None for a stranger."""
    for visitor in VISITORS:
        if visitor.email == email:
            return visitor.name
    for _, _, properties in CONTACTS:
        if properties["email"] == email:
            return f"{properties['firstname']} {properties['lastname']}"
    return None
