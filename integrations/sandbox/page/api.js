// The sandbox's control routes, and the stream that says when something changed.

export class Refused extends Error {
  constructor(status, { code = "error", message = "The sandbox could not do that.", field = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, { code: "unreachable", message: "The sandbox does not answer. Is its process still running?" });
  }
  let told = {};
  try {
    told = await answer.json();
  } catch {
    if (answer.ok) return {};
  }
  if (!answer.ok) throw new Refused(answer.status, told?.error ?? { message: `The sandbox answered ${answer.status} to ${path}.` });
  return told;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

/** Calls `changed` soon after anything changed (several changes, one call) and `online(true|false)` as the stream comes and goes. */
export function listen(changed, online) {
  let timer = null;
  const ring = () => {
    if (timer === null) timer = setTimeout(() => { timer = null; changed(); }, 60);
  };
  const source = new EventSource("/control/events");
  source.addEventListener("open", () => { online(true); ring(); });
  source.addEventListener("message", ring);
  source.addEventListener("error", () => {
    online(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(changed, online), 2000);
  });
}
