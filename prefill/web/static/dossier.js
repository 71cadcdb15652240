// The page at /dossier: the agent's key stays in one variable, proofs are drawn as registers answer.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const SHAPES = { ask: "?", good: "✓", delivered: "✓", bad: "✕", watch: "!", plain: "•", none: "–" };
  const THEMES = ["general", "financial", "social_and_tax", "certificates", "intellectual_property", "others"];
  const NUMBERS = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 2 });
  const MOMENTS = new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeStyle: "short" });

  let key = ""; // nowhere else: neither storage, nor address, nor field
  let asked = null;
  let running = null;
  let nextArchive = null;
  let proofs = new Map();
  let themes = new Map();

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };

  // -- what is asked --------------------------------------------------------------------------------

  const headers = (accept) => ({ Authorization: `Bearer ${key}`, Accept: accept, "Accept-Language": "fr" });
  const call = (path, accept, signal) =>
    fetch(path, { headers: headers(accept), cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", signal });

  const queryOf = () => new URLSearchParams({
    object: asked.object,
    ...(asked.all ? { all: "1" } : {}),
    ...(asked.named.length ? { with: asked.named.join(",") } : {}),
  });

  // `named`: the sources that are queried only because the agent asks for them.
  const ask = async (named = []) => {
    running?.abort();
    running = new AbortController();
    const mine = running;
    asked = { siret: $("siret").value.trim(), object: $("object").value.trim(), all: $("all").checked, named };
    proofs = new Map();
    themes = new Map();
    clear();
    say("Les registres sont interrogés…");
    $("dossier").setAttribute("aria-busy", "true");
    try {
      const response = await call(`/v1/dossiers/${encodeURIComponent(asked.siret)}?${queryOf()}`, "text/event-stream", mine.signal);
      if (!response.ok) throw await problem(response);
      await follow(response);
    } catch (fault) {
      if (mine.signal.aborted) return;
      refuse(fault);
    } finally {
      if (mine === running) $("dossier").setAttribute("aria-busy", "false");
    }
  };

  const problem = async (response) => {
    const told = await response.json().catch(() => ({}));
    return Object.assign(new Error(told.detail || "Le service ne répond pas : réessayez plus tard."), { status: response.status });
  };

  const follow = async (response) => {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    let ended = false;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) ended = hear(block) || ended;
    }
    if (!ended) throw new Error("La réponse s’est interrompue : consultez à nouveau le dossier.");
  };

  const hear = (block) => {
    const name = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (!name || !data) return false;
    const body = JSON.parse(data);
    if (name === "problem") throw new Error(body.detail);
    if (name === "proofs") progress(body);
    if (name === "done") finish(body);
    return name === "done";
  };

  // -- what is shown --------------------------------------------------------------------------------

  const say = (text) => { $("status").textContent = text; };

  const clear = () => {
    $("problem").hidden = true;
    $("dossier").hidden = true;
    for (const id of ["overview", "zip", "notices", "expiring", "mentions"]) $(id).hidden = true;
    for (const id of ["themes", "identity", "counts", "notices", "expiring-list", "mentions-list"]) $(id).replaceChildren();
    $("zip-status").textContent = "";
    followArchive(null);
  };

  const refuse = (fault) => {
    say("");
    $("problem").textContent = fault.message || "Le service ne répond pas : réessayez plus tard.";
    $("problem").hidden = false;
    if (fault.status === 401) forget();
  };

  const progress = (body) => {
    identify(body.company);
    quote(body.mentions);
    learn(body.themes);
    draw();
    say(`${body.answered} registre${body.answered > 1 ? "s ont" : " a"} répondu sur ${body.expected}…`);
  };

  const finish = (body) => {
    proofs = new Map(); // in the order of the whole answer, not of arrival
    identify(body.company);
    quote(body.mentions);
    learn(body.themes);
    draw();
    $("notices").replaceChildren(...body.notices.map((one) => make("li", {}, one.message)));
    $("notices").hidden = !body.notices.length;
    expire(body.expiring);
    count(body.counts);
    $("overview").hidden = false;
    $("zip").hidden = ![...proofs.values()].some((proof) => proof.documents.some((one) => !one.host));
    $("printed").textContent = `Établi le ${MOMENTS.format(new Date())} par prefill, d’après les registres nommés.`;
    say(body.complete ? "Tous les registres ont répondu."
      : "Dossier partiel : un registre au moins n’a pas répondu. Redemander ne coûte que ce qui manque.");
  };

  const identify = (company) => {
    const named = Object.fromEntries(company.map((one) => [one.name, one]));
    $("procedure").textContent = `Procédure ${asked.object}`;
    $("company").textContent = named.name?.value || `Entreprise ${asked.siret}`;
    const rest = company.filter((one) => one.name !== "name" && one.type !== "list");
    $("identity").replaceChildren(...rest.map((one) =>
      make("div", {}, make("dt", {}, one.label), make("dd", {}, written(one.value, one.type)))));
    $("dossier").hidden = false;
  };

  // Entries of the registers that must be read: quoted, with their date, above everything else.
  const quote = (mentions) => {
    if (!mentions) return;
    $("mentions-about").textContent = mentions.explanation;
    $("mentions-list").replaceChildren(...mentions.entries.map((entry) =>
      make("li", {}, make("strong", {}, entry.date ? day(entry.date) : "sans date"), " · ", make("q", {}, entry.text))));
    $("mentions").hidden = false;
  };

  const learn = (told) => {
    for (const theme of told) {
      themes.set(theme.id, theme.title);
      for (const proof of theme.proofs) proofs.set(proof.source, { ...proof, theme: theme.id });
    }
  };

  const draw = () => {
    const open = new Set([...document.querySelectorAll(".aside[open]")].map((one) => one.dataset.theme));
    const focused = document.activeElement?.dataset?.href;
    const sections = THEMES.filter((id) => themes.has(id)).map((id) => {
      const all = [...proofs.values()].filter((proof) => proof.theme === id);
      const aside = all.filter((proof) => proof.folded);
      const shown = all.filter((proof) => !proof.folded);
      return make("section", { "aria-labelledby": `theme-${id}` }, make("h3", { id: `theme-${id}` }, themes.get(id)),
        ...shown.map(line),
        aside.length ? make("details", { class: "aside", "data-theme": id, open: open.has(id) },
          make("summary", {}, aside.length > 1 ? `${aside.length} autres sources, non interrogées ou sans réponse` : "1 autre source, non interrogée ou sans réponse"),
          ...aside.map(line)) : null);
    });
    $("themes").replaceChildren(...sections);
    if (focused) document.querySelector(`[data-href="${CSS.escape(focused)}"]`)?.focus();
  };

  const badge = (tone, word) => make("span", { class: `badge ${tone}` },
    make("span", { class: "shape", "aria-hidden": "true" }, make("span", {}, SHAPES[tone])), word);

  const line = (proof) => make("article", { class: "proof", "data-source": proof.source },
    make("div", { class: "head" },
      make("h4", {}, proof.title),
      make("p", { class: "who" }, proof.producer)),
    make("div", { class: "tells" }, ...tells(proof)));

  const tells = (proof) => [
    make("p", {}, badge(proof.tone, proof.word)),
    proof.validUntil ? make("p", { class: "until" },
      `${proof.state === "expired" ? "Échu le" : "Valable jusqu’au"} ${day(proof.validUntil)}`,
      proof.expiresSoon ? make("strong", {}, " · expire bientôt") : null) : null,
    make("p", { class: "message" }, proof.message, proof.retryIn ? ` Revenir dans ${wait(proof.retryIn)}.` : ""),
    proof.state === "not_queried" ? query(proof) : null,
    proof.perimeter.length ? make("div", { class: "perimeter" },
      make("p", {}, "N’en ont jamais, même en règle :"), make("ul", {}, ...proof.perimeter.map((one) => make("li", {}, one)))) : null,
    proof.alternative ? make("p", { class: "alternative" }, proof.alternative) : null,
    proof.proves ? make("p", { class: "proves" }, `Ce qu’il atteste : ${proof.proves} ${proof.holdsUntil}`) : null,
    ...proof.cautions.map((one) => make("p", { class: "caution" }, make("strong", {}, "Attention. "), one)),
    facts(proof.details.filter((one) => one.type !== "list" && one.name !== "validUntil")),
    ...proof.details.filter((one) => one.type === "list").map((one) => table(one, proof.title)),
    proof.replacements ? make("ul", { class: "replacements" }, ...proof.replacements.map((one) =>
      make("li", {}, `À la place : ${one.title} (${one.producer}) · ${one.word}`))) : null,
    proof.link ? make("p", {}, make("a", { href: proof.link, rel: "noreferrer noopener", target: "_blank" },
      "Recherche publique à l’INPI (nouvel onglet)")) : null,
    proof.documents.length ? make("ul", { class: "files" }, ...proof.documents.map((one) => make("li", {}, file(one, proof.documents.length > 1)))) : null,
    proof.provenance.length ? make("p", { class: "origin" }, proof.provenance.map(origin).join(" ; ")) : null,
    ...proof.provenance.filter((one) => one.fix).map((one) => make("p", { class: "origin" }, "Une donnée à corriger ? L’entreprise s’adresse à ",
      make("a", { href: one.fix.href, rel: "noreferrer noopener", target: "_blank" }, one.fix.name), ".")),
  ].filter((part) => part !== null);

  const facts = (details) => details.length ? make("dl", { class: "facts" }, ...details.flatMap((one) =>
    [make("dt", {}, one.label), make("dd", {}, written(one.value, one.type))])) : null;

  const table = (detail, title) => {
    const columns = detail.items.filter((item) => detail.value.some((row) => item.name in row));
    const head = make("tr", {}, ...columns.map((item) => make("th", { scope: "col" }, item.label)));
    const rows = detail.value.map((row) => make("tr", {}, ...columns.map((item) => make("td", {}, cell(row, item)))));
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `${title} : ${detail.label}` },
      make("table", {}, make("caption", {}, detail.label), make("thead", {}, head), make("tbody", {}, ...rows)));
  };

  const cell = (row, item) => {
    const text = item.name in row ? written(row[item.name], item.type) : "";
    return item.name === "validUntil" && row.valid !== undefined ? `${text} (${row.valid ? "valable" : "échu"})` : text;
  };

  const origin = (one) => {
    const asOf = one.asOf ? `, registre à jour du ${day(one.asOf)}` : "";
    const when = one.retrievedAt ? `, interrogé le ${MOMENTS.format(new Date(one.retrievedAt))}` : "";
    return `${one.producer}${asOf}${when}${one.stale ? " (réponse antérieure : le registre est en panne)" : ""}`;
  };

  const day = (text) => text.split("-").reverse().join("/");

  const wait = (seconds) => seconds >= 172800 ? `${Math.round(seconds / 86400)} jours`
    : seconds >= 7200 ? `${Math.round(seconds / 3600)} heures`
    : seconds >= 120 ? `${Math.round(seconds / 60)} minutes` : `${Math.ceil(seconds)} secondes`;

  const written = (value, type) => {
    if (type === "date") return day(value);
    if (type === "boolean") return value ? "oui" : "non";
    if (type === "number" || type === "integer") return NUMBERS.format(value);
    return String(value);
  };

  const count = (counts) => {
    $("counts").replaceChildren(...counts.map((one) => make("li", {}, badge(one.tone, `${one.number} ${one.word}`))));
  };

  // A source that is not queried by default is one click away.
  const query = (proof) => {
    const button = make("button", { type: "button", class: "quiet", "data-href": `query:${proof.source}`, "aria-label": `Interroger : ${proof.title}` },
      "Interroger ce registre");
    button.addEventListener("click", async () => {
      await ask([...new Set([...asked.named, proof.source])]);
      const row = document.querySelector(`[data-source="${CSS.escape(proof.source)}"]`);
      row?.setAttribute("tabindex", "-1");
      row?.focus();
    });
    return make("p", {}, button);
  };

  const expire = (expiring) => {
    $("expiring-list").replaceChildren(...expiring.map((one) => make("li", {}, `${one.title} : jusqu’au ${day(one.validUntil)}`)));
    $("expiring").hidden = !expiring.length;
  };

  // -- documents ------------------------------------------------------------------------------------

  const file = (one, several) => {
    const title = several ? `${one.title} (${one.n})` : one.title;
    if (one.host) {
      return make("a", { href: one.href, rel: "noreferrer noopener", target: "_blank" },
        `${title} : chez ${one.host}, hors de ce service (nouvel onglet)`);
    }
    const button = make("button", { type: "button", class: "quiet", "data-href": one.href }, `Télécharger : ${title}`);
    button.addEventListener("click", () => fetchFile(one.href, button, (text) => say(text)));
    return button;
  };

  const fetchFile = async (href, button, tell, received = () => {}) => {
    button.disabled = true;
    $("problem").hidden = true;
    try {
      tell("Le document est demandé…");
      const response = await call(href, "application/pdf, application/zip, application/problem+json");
      if (!response.ok) throw await problem(response);
      const parts = [];
      let size = 0;
      const reader = response.body.getReader();
      const expected = response.headers.get("X-Prefill-Documents");
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        parts.push(value);
        size += value.length;
        tell(`${NUMBERS.format(Math.ceil(size / 1000))} ko reçus${expected ? ` (${expected} document${expected > 1 ? "s" : ""} au plus)` : ""}…`);
      }
      save(new Blob(parts, { type: response.headers.get("Content-Type") }), name(response));
      const left = Number(response.headers.get("X-Prefill-Documents-Left") || 0);
      const more = left ? ` Restent ${left} document${left > 1 ? "s" : ""}, au-delà des téléchargements de cette minute.` : "";
      tell(`Reçu : ${name(response)} (${NUMBERS.format(Math.ceil(size / 1000))} ko).${more}`);
      received(/<([^>]+)>; rel="next"/.exec(response.headers.get("Link") || "")?.[1] || null);
    } catch (fault) {
      tell("");
      refuse(fault);
    } finally {
      button.disabled = false;
      button.focus();
    }
  };

  const name = (response) => /filename="([\w.-]+)"/.exec(response.headers.get("Content-Disposition"))?.[1] || "document";

  // An archive holds what the quota of downloads allows: the button then asks for the next one.
  const followArchive = (next) => {
    nextArchive = next;
    $("zip").textContent = next ? "La suite des documents (ZIP)" : "Tous les documents (ZIP)";
  };

  const save = (blob, filename) => {
    const address = URL.createObjectURL(blob);
    const link = make("a", { href: address, download: filename, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };

  // -- who asks -------------------------------------------------------------------------------------

  const sign = (proof) => {
    key = proof.trim();
    $("key").value = "";
    $("signin").hidden = true;
    $("signed").hidden = false;
    $("siret").focus();
  };

  const forget = () => {
    key = "";
    $("signin").hidden = false;
    $("signed").hidden = true;
    $("key").focus();
  };

  $("signin").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("key").value.trim()) sign($("key").value);
  });
  $("use-sandbox")?.addEventListener("click", () => sign($("sandbox-key").textContent));
  $("signout").addEventListener("click", () => {
    running?.abort();
    clear();
    say("");
    forget();
  });
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!key) {
      refuse(new Error("Présentez d’abord votre clé d’agent."));
      $("key").focus();
    } else ask();
  });
  for (const card of document.querySelectorAll("[data-siret]")) {
    card.addEventListener("click", () => {
      $("siret").value = card.dataset.siret;
      $("object").value ||= "2026-TRX-014";
      if (!key) sign($("sandbox-key").textContent);
      ask().then(() => $("dossier").hidden || $("dossier").scrollIntoView());
    });
  }
  $("zip").addEventListener("click", () => {
    const path = nextArchive || `/v1/dossiers/${encodeURIComponent(asked.siret)}/documents.zip?${queryOf()}`;
    fetchFile(path, $("zip"), (text) => { $("zip-status").textContent = text; }, followArchive);
  });
  $("print").addEventListener("click", () => window.print());
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll(".aside")) one.open = true; });
  addEventListener("pagehide", forget);
})();
