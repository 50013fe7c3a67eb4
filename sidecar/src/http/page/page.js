// Shows GET /status, and keeps showing it.
const REFRESH_MS = 5000;
const element = (id) => document.getElementById(id);

function row(cells) {
  const tr = document.createElement("tr");
  for (const text of cells) tr.insertCell().textContent = text;
  return tr;
}

function show(status) {
  document.title = element("name").textContent = status.name;
  element("state").textContent = status.state;
  element("state").className = `badge ${status.state === "online" ? "online" : "offline"}`;
  element("players").textContent = status.players === 1 ? "1 player" : `${status.players} players`;
  element("maps").replaceChildren(...status.maps.map((map) => row([map.map_id, map.servers, map.players])));
  element("maps").closest("table").hidden = status.maps.length === 0;
  element("empty").hidden = status.maps.length > 0;
}

async function refresh() {
  try {
    const answer = await fetch("/status");
    if (answer.ok) show(await answer.json());
  } catch {
    element("state").textContent = "not reachable";
    element("state").className = "badge offline";
  }
  setTimeout(refresh, REFRESH_MS);
}

refresh();
