"""Notices without a report, as mail servers of many kinds word them: each is a bounce, and of the right kind."""

import pytest

from core.mail.understanding import understand
from tests.core.mail.mails import notice

NOTICES = [
    pytest.param(
        "MAILER-DAEMON@mx.pier7.example (Mail Delivery System)",
        "Delayed Mail (still being retried)",
        (
            "This is the Postfix program at host mx.pier7.example.\n"
            "\n"
            "####################################################################\n"
            "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n"
            "####################################################################\n"
            "\n"
            "Your message could not be delivered for 0.2 hours.\n"
            "It will be retried until it is 5.0 days old.\n"
            "\n"
            "<bo@hill.example>: connect to mx.hill.example[192.0.2.9]: Connection refused\n"
            ""
        ),
        "soft",
        id="Delayed Mail (still being retried)",
    ),
    pytest.param(
        "MAILER-DAEMON@mx.pier7.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host mx.pier7.example.\n"
            "\n"
            "I'm sorry to have to inform you that your message could not\n"
            "be delivered to one or more recipients. It's attached below.\n"
            "\n"
            "<bo@hill.example>: host mx.hill.example[192.0.2.9] said: 550 5.1.1\n"
            "    <bo@hill.example>: Recipient address rejected: User unknown in local recipient\n"
            "    table (in reply to RCPT TO command)\n"
            ""
        ),
        "hard",
        id="Undelivered Mail Returned to Sender",
    ),
    pytest.param(
        "Mail Delivery System <Mailer-Daemon@mx.pier7.example>",
        "Warning: message 1abc delayed 24 hours",
        (
            "This message was created automatically by mail delivery software.\n"
            "A message that you sent has not yet been delivered to one or more of its\n"
            "recipients after more than 24 hours on the queue on mx.pier7.example.\n"
            "\n"
            "The address to which the message has not yet been delivered is:\n"
            "\n"
            "  bo@hill.example\n"
            "\n"
            "No action is required on your part. Delivery attempts will continue for\n"
            "some time."
        ),
        "soft",
        id="Warning: message 1abc delayed 24 hours",
    ),
    pytest.param(
        "System Administrator <postmaster@hill.example>",
        "Undeliverable: Offer",
        (
            "Your message did not reach some or all of the intended recipients.\n"
            "\n"
            "      Subject:\tOffer\n"
            "      Sent:\t24/11/2026 09:00\n"
            "\n"
            "The following recipient(s) cannot be reached:\n"
            "\n"
            "      bo@hill.example on 24/11/2026 09:01\n"
            "            The e-mail account does not exist at the organization this message was sent to.  Check the e-mail address, or contact the recipient directly to find out the correct address.\n"
            "            <mx.hill.example #5.1.1>"
        ),
        "hard",
        id="Undeliverable: Offer",
    ),
    pytest.param(
        "Microsoft Outlook <postmaster@hill.example>",
        "Undeliverable: Offer",
        (
            "Delivery has failed to these recipients or groups:\n"
            "\n"
            "bo@hill.example\n"
            "The recipient's mailbox is full and can't accept messages now. Please try resending your message later.\n"
            "\n"
            "Diagnostic information for administrators:\n"
            "\n"
            "Generating server: mx.hill.example\n"
            "\n"
            "bo@hill.example\n"
            "Remote Server returned '554 5.2.2 mailbox full'"
        ),
        "soft",
        id="Undeliverable: Offer",
    ),
    pytest.param(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.pier7.example>",
        "Returned mail: see transcript for details",
        (
            "The original message was received at Tue, 24 Nov 2026 09:00:00 GMT\n"
            "from pc [192.0.2.7]\n"
            "\n"
            "   ----- The following addresses had permanent fatal errors -----\n"
            "<bo@hill.example>\n"
            "    (reason: 550 Host unknown)\n"
            "\n"
            "   ----- Transcript of session follows -----\n"
            "550 5.1.2 <bo@hill.example>... Host unknown (Name server: hill.example: host not found)"
        ),
        "hard",
        id="Returned mail: see transcript for details",
    ),
    pytest.param(
        "Mail Delivery System <MAILER-DAEMON@mx.pier7.example>",
        "Delivery report",
        (
            "Hello, this is the mail server on mx.pier7.example.\n"
            "\n"
            "I am sending you this message to inform you on the delivery status of a\n"
            "message you previously sent.  Immediately below you will find a list of\n"
            "the affected recipients;  also attached is a Delivery Status Notification\n"
            "(DSN) report in standard format, as well as the headers of the original\n"
            "message.\n"
            "\n"
            "  <bo@hill.example>  delivery failed; will not continue trying"
        ),
        "",
        id="Delivery report",
    ),
    pytest.param(
        "postmaster@hill.example",
        "Message status - undeliverable",
        (
            "A message you sent to the following recipients could not be delivered due to a permanent error. The mail system responded with the following message(s)\n"
            "\n"
            "Unknown recipient address: bo@hill.example"
        ),
        "hard",
        id="Message status - undeliverable",
    ),
    pytest.param(
        "Mail Administrator <postmaster@pier7.example>",
        "Mail System Error - Returned Mail",
        (
            "An error occurred while sending mail. The mail server responded:  Requested action not taken: mailbox unavailable.  550"
        ),
        "",
        id="Mail System Error - Returned Mail",
    ),
    pytest.param(
        "MAILER-DAEMON@hill.example",
        "Failure Notice",
        (
            "Sorry, we were unable to deliver your message to the following address.\n"
            "\n"
            "<bo@hill.example>:\n"
            "554: delivery error: dd Sorry your message to bo@hill.example cannot be delivered. This account has been disabled or discontinued [#102]."
        ),
        "soft",
        id="Failure Notice",
    ),
    pytest.param(
        "MAILER-DAEMON@hill.example",
        "Mail konnte nicht zugestellt werden",
        (
            "Lieber Absender,\n"
            "\n"
            "Ihre E-Mail an bo@hill.example konnte leider nicht zugestellt werden, weil die Adresse nicht existiert.\n"
            "\n"
            "Ihr Mailserver"
        ),
        "hard",
        id="Mail konnte nicht zugestellt werden",
    ),
    pytest.param(
        "postmaster@hill.example",
        "No se puede entregar: Oferta",
        ("El mensaje no se pudo entregar a bo@hill.example: el buzón está lleno."),
        "soft",
        id="No se puede entregar: Oferta",
    ),
    pytest.param(
        "postmaster@hill.example",
        "Mail rejected",
        ("Your mail to bo@hill.example was rejected because our filter considers it spam."),
        "policy",
        id="Mail rejected",
    ),
    pytest.param(
        "MAILER-DAEMON@hill.example",
        "failure notice",
        (
            "Message from hill.example.\n"
            "Unable to deliver message to the following address(es).\n"
            "\n"
            "<bo@hill.example>:\n"
            "This user's mailbox is over its quota."
        ),
        "soft",
        id="failure notice",
    ),
    pytest.param(
        "Internet Mail Delivery <postmaster@hill.example>",
        "Delivery Notification: Delivery has timed out and failed",
        (
            "Delivery Notification: Delivery has been timed out. \n"
            "Recipient address: bo@hill.example\n"
            "Reason: unable to deliver this message after 3 days"
        ),
        "soft",
        id="Delivery Notification: Delivery has timed out and failed",
    ),
    pytest.param(
        "Mail Delivery System <mailer-daemon@hill.example>",
        "Mail could not be delivered",
        ("The message that you sent was undeliverable to the following:\n\tbo@hill.example (user not found)"),
        "hard",
        id="Mail could not be delivered",
    ),
]


@pytest.mark.parametrize(("sender", "subject", "text", "kind"), NOTICES)
def test_a_notice_is_a_bounce_of_its_kind(sender: str, subject: str, text: str, kind: str) -> None:
    understood = understand(notice(text, sender=sender, subject=subject))
    assert understood.class_ == "bounce"
    assert understood.bounce
    # An empty kind stands where the notice gives no reason.
    assert not kind or understood.bounce.kind == kind
    assert understood.bounce.recipient in {"bo@hill.example", None}
