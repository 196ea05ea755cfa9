// What comes back after a mail: the person's answer, or word that it could not be delivered.

import { post } from "./api.js";
import { el } from "./dom.js";
import { area, maker, options } from "./maker.js";
import { store } from "./store.js";
import { toast } from "./toast.js";

const ANSWERS = [
  ["Wants to meet", "Thanks, that helps. Let's talk Wednesday, 2 or 3 pm your time?"],
  ["Asks something", "Thank you. Does the price include setting up and taking down?"],
  ["Not now", "Thanks, but we have put this off until next quarter. Please come back in the spring."],
  ["Wants no more mail", "Please take me off your list and do not write to me again."],
  ["Out of office", "I am out of the office until Monday and will read your mail then."],
];
const BOUNCES = [["hard", "There is no such address"], ["soft", "The mailbox is full, Gmail goes on trying"], ["policy", "Their server blocks it"]];
const NO_MAIL = "No mail has gone out yet. Approve a move first, then";

const sentMails = () => (store.gmail.messages ?? []).filter((mail) => (mail.labels ?? []).includes("SENT"))
  .sort((a, b) => String(b.at).localeCompare(String(a.at)));
const addressOf = (value) => /[^\s<>,"]+@[^\s<>,"]+/.exec(String(Array.isArray(value) ? value[0] : value))?.[0] ?? "";

function offerMails(select) {
  const mails = sentMails();
  options(select, mails.map((each) => [each.id, `${addressOf(each.to)}: ${each.subject}`]));
  return mails[0]?.id ?? "";
}

function chosen(id) {
  const mail = sentMails().find((each) => each.id === id);
  if (!mail) throw new Error("Choose the mail.");
  return { to: addressOf(mail.to), message_id: mail.id };
}

export function replyMaker() {
  const [mail, offer, text] = [el("select"), el("select"), area()];
  options(offer, ANSWERS.map(([words], index) => [String(index), words]));
  offer.addEventListener("change", () => { text.value = ANSWERS[Number(offer.value)][1]; });
  return maker("The person replies", [["mail", "Which mail", mail], ["offer", "What they say", offer], ["text", "Text", text]], {
    ready: () => (sentMails().length ? null : `${NO_MAIL} a person can reply to it.`),
    fill: () => ({ mail: offerMails(mail), offer: "0", text: ANSWERS[0][1] }),
    run: async (values) => {
      const answered = chosen(values.mail);
      const told = await post("/control/reply", { ...answered, text: values.text });
      toast(`${answered.to} replied. CaseyOS sees it when it next looks into the mailbox.`);
      return told;
    },
  });
}

export function bounceMaker() {
  const [mail, kind] = [el("select"), el("select")];
  options(kind, BOUNCES);
  return maker("It bounces", [["mail", "Which mail", mail], ["kind", "Why", kind]], {
    ready: () => (sentMails().length ? null : `${NO_MAIL} it can bounce.`),
    fill: () => ({ mail: offerMails(mail), kind: BOUNCES[0][0] }),
    run: async (values) => {
      const bounced = chosen(values.mail);
      const told = await post("/control/bounce", { ...bounced, kind: values.kind });
      toast(`The mail to ${bounced.to} came back. CaseyOS sees it when it next looks into the mailbox.`);
      return told;
    },
  });
}
