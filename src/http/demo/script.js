"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const read = (json) => { try { return JSON.parse(json); } catch { return null; } };
  const kept = "moderato-demo-";
  // Storage may be switched off; then nothing is remembered, and everything else works.
  const store = {
    get(name) { try { return localStorage.getItem(kept + name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(kept + name, value); } catch { /* not remembered */ } },
    drop(name) { try { localStorage.removeItem(kept + name); } catch { /* nothing is there */ } },
  };

  // What came of the comment: asked for while somebody looks, less and less often.
  const outcome = at("outcome");
  if (!outcome) {
    store.drop("sent");
  } else {
    if (store.get("sent")) { store.drop("draft"); store.drop("sent"); }
    outcome.focus();
    const address = outcome.dataset.ask;
    const slowest = 60000;
    let wait = 2000;
    let timer = 0;
    const tell = (title, words, tone) => {
      const line = document.createElement("p");
      line.textContent = words;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Show me";
      button.addEventListener("click", () => location.reload());
      at("outcome-title").textContent = title;
      at("outcome-text").remove();
      outcome.className = `outcome ${tone}`;
      // The element is live: what comes into it is read out.
      at("news").replaceChildren(line, button);
    };
    const ask = async () => {
      timer = 0;
      if (document.hidden) { return; }
      try {
        const answer = await fetch(address, { cache: "no-store", credentials: "omit" });
        if (answer.status === 404) { return; }
        if (answer.ok) {
          const { status } = await answer.json();
          if (status === "published") { tell("Good news", "Your comment has just been published.", "good"); return; }
          if (status === "declined") { tell("There is news", "Your comment is not published.", "bad"); return; }
        }
        if (answer.status === 429) { wait = slowest; }
      } catch { /* away for now: asked again later */ }
      timer = setTimeout(ask, wait);
      wait = Math.min(wait * 1.5, slowest);
    };
    if (address) {
      timer = setTimeout(ask, wait);
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden && !timer && !at("news").hasChildNodes()) { ask(); }
      });
    }
  }

  const form = at("form");
  if (!form) { return; }
  const text = at("comment");

  // The draft: it survives a closed page, and goes once the comment was taken.
  if (!text.value && !outcome) { text.value = store.get("draft") || ""; }
  text.addEventListener("input", () => {
    store.drop("sent");
    if (text.value) { store.set("draft", text.value); } else { store.drop("draft"); }
    count();
  });

  // How much still fits, told when it matters; aloud only at every hundred.
  const most = Number(text.dataset.most);
  let told = null;
  const count = () => {
    const left = most - [...text.value].length;
    const words = left > 500 ? "" : left >= 0 ? `${left} characters left.` : `${-left} characters too many.`;
    at("count").textContent = words;
    const step = left > 500 ? null : Math.floor(left / 100);
    if (step !== told) { told = step; at("count-news").textContent = words; }
  };
  count();

  // Who writes, if they want it kept.
  const people = ["name", "email", "url"];
  const remember = at("remember");
  remember.closest("p").hidden = false;
  const known = read(store.get("who"));
  if (known) {
    remember.checked = true;
    for (const field of people) { if (!at(field).value) { at(field).value = known[field] || ""; } }
  }
  remember.addEventListener("change", () => { if (!remember.checked) { store.drop("who"); } });

  // One click, one comment.
  const button = form.querySelector("button");
  form.addEventListener("submit", () => {
    if (remember.checked) { store.set("who", JSON.stringify(Object.fromEntries(people.map((field) => [field, at(field).value])))); }
    store.set("sent", "1");
    button.disabled = true;
    at("sending").textContent = "Sending …";
  });
  window.addEventListener("pageshow", () => { button.disabled = false; at("sending").textContent = ""; });
})();
