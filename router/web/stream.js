// A search as server-sent events, with the plain answer as a second way.
export async function search(parameters, signal, on) {
  const response = await fetch(`/v1/search/stream?${parameters}`, { signal });
  if (response.status === 503 && !on.retried) return retry(response, parameters, signal, on);
  if (!response.ok) return on.problem(await problem(response));
  await read(response.body, on);
}

async function retry(response, parameters, signal, on) {
  const seconds = Number(response.headers.get("Retry-After")) || 1;
  on.busy(seconds);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  if (!signal.aborted) await search(parameters, signal, { ...on, retried: true });
}

async function read(body, on) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (waiting + value).split("\n\n");
    waiting = events.pop();
    for (const event of events) dispatch(event, on);
  }
}

function dispatch(event, on) {
  const lines = event.split("\n");
  const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
  if (name && on[name]) on[name](JSON.parse(data));
}

async function problem(response) {
  try {
    return await response.json();
  } catch {
    return { title: "The search failed", detail: `The server answered ${response.status}.` };
  }
}
