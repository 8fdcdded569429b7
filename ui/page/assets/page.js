// The page's own behaviour: opens papers beside the chat, and remembers light or dark. It sends no requests.
(() => {
  const THEME = "citewell-theme";
  const byId = (id) => document.getElementById(id);
  const panel = () => byId("cw-panel");
  let openKey = null; // of the view that is open: "source-1-2.3" is the fourth view of the paper "source-1-2"
  let opener = null;
  let taken = null; // the question whose answer's papers were put into the panel last
  let asked = 0; // questions in the chat

  const paperOf = (key) => {
    const paper = key ? byId(key.split(".")[0]) : null;
    return paper && paper.classList.contains("cw-paper") ? paper : null;
  };
  const show = (elements, chosen) => {
    for (const element of elements) {
      if (element.hidden !== (element !== chosen)) element.hidden = element !== chosen;
    }
  };

  // Only what a new answer adds to the panel is sent. It is moved into the panel and stays until the chat is cleared.
  const take = () => {
    const sheet = panel()?.querySelector("aside");
    const box = byId("cw-delivery");
    if (!sheet || !box) return;
    const sent = box.querySelector(".cw-delivery");
    const turn = sent ? sent.dataset.turn : null;
    if (turn === taken) return;
    taken = turn;
    if (!sent) for (const old of sheet.querySelectorAll(".cw-group, .cw-paper, .cw-file")) old.remove();
    const overview = sheet.querySelector(".cw-overview");
    // Moved, not copied: an id is on the page once.
    for (const part of sent ? [...sent.children] : []) {
      if (part.classList.contains("cw-group")) overview.querySelector(".cw-count").after(part);
      else sheet.append(part);
    }
    const cited = new Set([...sheet.querySelectorAll(".cw-paper[data-cited]")].map((paper) => paper.dataset.cited)).size;
    const count = `${cited} ${cited === 1 ? "paper" : "papers"} in this conversation`;
    overview.querySelector(".cw-count").textContent = cited ? count : "Nothing has been cited so far.";
  };

  // Highlights in the paper's abstract what decides the view that is open.
  const highlight = (paper, view) => {
    const abstract = paper.querySelector(".cw-abstract");
    if (!abstract || abstract.dataset.view === view.id) return;
    abstract.dataset.view = view.id;
    const text = abstract.textContent;
    if (!view.dataset.end) return abstract.replaceChildren(text);
    const [start, end] = [Number(view.dataset.start), Number(view.dataset.end)];
    const mark = document.createElement("mark");
    mark.title = view.dataset.note;
    mark.textContent = text.slice(start, end);
    abstract.replaceChildren(text.slice(0, start), mark, text.slice(end));
  };

  // The server redraws the chat at any time; this brings what it drew in line with what is open.
  const settle = () => {
    take();
    const paper = paperOf(openKey);
    if (openKey && !paper) openKey = null;
    document.body.classList.toggle("cw-reading", Boolean(paper));
    show(document.querySelectorAll(".cw-paper"), paper);
    if (paper) {
      const view = byId(openKey) ?? paper.querySelector(".cw-view");
      show(paper.querySelectorAll(".cw-view"), view);
      highlight(paper, view);
    }
    // The chat component follows an answer only where its end is in sight: a new question brings it there.
    const questions = document.querySelectorAll("#cw-messages .cw-question").length;
    const chat = document.querySelector("#cw-messages .bubble-wrap");
    if (chat && questions > asked) chat.scrollTop = chat.scrollHeight;
    asked = questions;
    // The chat component labels a message with its markup, which nobody wants read out.
    for (const message of document.querySelectorAll("#cw-messages [data-testid='user'], #cw-messages [data-testid='bot']")) {
      const label = message.dataset.testid === "user" ? "Question" : "Answer";
      if (message.getAttribute("aria-label") !== label) message.setAttribute("aria-label", label);
    }
    // A table that is wider than its frame is scrolled with the arrow keys too; labels do not pass the sanitizer.
    for (const frame of document.querySelectorAll(".cw-table")) {
      const wide = frame.scrollWidth > frame.clientWidth;
      if (wide === frame.hasAttribute("tabindex")) continue;
      const facts = { tabindex: "0", role: "region", "aria-label": "Table, scrolls sideways" };
      for (const [name, value] of Object.entries(facts)) wide ? frame.setAttribute(name, value) : frame.removeAttribute(name);
    }
    for (const link of document.querySelectorAll("a.cw-open")) {
      // The chat's sanitizer drops aria attributes, so that labels travel as titles.
      if (link.title && !link.hasAttribute("aria-label")) link.setAttribute("aria-label", link.title);
      const target = link.hash.slice(1);
      const current = String(Boolean(paper) && (target === openKey || target === paper.id));
      if (link.getAttribute("aria-current") !== current) link.setAttribute("aria-current", current);
    }
  };

  const open = (key, from) => {
    const paper = paperOf(key);
    if (!paper) return;
    openKey = key.includes(".") ? key : key + ".0";
    if (from && !panel().contains(from)) opener = from;
    document.body.classList.add("cw-panel-open");
    settle();
    paper.querySelector(".cw-panel-title").focus({ preventScroll: true });
    const mark = paper.querySelector("mark");
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    // Only the panel scrolls: scrollIntoView would move everything around it as well.
    const room = panel().getBoundingClientRect();
    panel().scrollTop = 0;
    if (!mark) return;
    const shown = mark.getBoundingClientRect();
    const below = shown.bottom + 64 - room.bottom; // no further than needed: the title stays in sight where it can
    const above = shown.top - room.top - 72;
    if (below > 0) panel().scrollTo({ top: Math.min(below, above), behavior: calm ? "auto" : "smooth" });
  };

  const back = () => {
    openKey = null;
    settle();
    const title = document.querySelector(".cw-overview .cw-panel-title");
    if (title) title.focus();
  };

  const close = () => {
    openKey = null;
    document.body.classList.remove("cw-panel-open");
    settle();
    if (opener && opener.isConnected) opener.focus();
    opener = null;
  };

  // An answer's files are in the panel, as JSON in an attribute: to save and to copy needs no server.
  const fileOf = (link) => {
    const held = byId(link.hash.slice(1));
    return held && held.dataset.text ? { ...held.dataset, text: JSON.parse(held.dataset.text) } : null;
  };
  const save = (link) => {
    const file = fileOf(link);
    if (!file) return;
    const address = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    const way = document.createElement("a");
    way.href = address;
    way.download = file.name;
    way.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  const copy = async (link) => {
    const file = fileOf(link);
    if (!file) return;
    let copied = false;
    try {
      await navigator.clipboard.writeText(file.text);
      copied = true;
    } catch {
      // Over plain http from another machine there is no clipboard to write to; this older way works.
      const field = document.createElement("textarea");
      field.value = file.text;
      field.style.position = "fixed";
      document.body.append(field);
      field.select();
      copied = document.execCommand("copy");
      field.remove();
      link.focus();
    }
    link.textContent = copied ? "Copied" : "Not copied";
    setTimeout(() => (link.textContent = "Copy"), 2_000);
  };

  const isDark = () => document.body.classList.contains("dark");
  const paint = (dark) => {
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  const remembered = () => {
    try {
      return localStorage.getItem(THEME);
    } catch {
      return null; // storage may be refused; the page works without
    }
  };
  const remember = (value) => {
    try {
      localStorage.setItem(THEME, value);
    } catch {
      // as above
    }
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const link = target.closest("a.cw-open");
    if (link) {
      event.preventDefault();
      open(link.hash.slice(1), link);
    } else if (target.closest("a.cw-save, a.cw-copy")) {
      event.preventDefault();
      const chosen = target.closest("a");
      if (chosen.classList.contains("cw-copy")) copy(chosen);
      else save(chosen);
    } else if (target.closest(".cw-back")) {
      back();
    } else if (target.closest(".cw-close")) {
      close();
    } else if (target.closest(".cw-theme-switch")) {
      paint(!isDark());
      remember(isDark() ? "dark" : "light");
    } else if (target.closest("#cw-stop, #cw-new") && (event.detail === 0 || window.matchMedia("(pointer: fine)").matches)) {
      // About to vanish or to have nothing more to do: typing goes on where it is of use. Not after a touch, which would
      // bring up a keyboard over what is being read.
      byId("cw-question").querySelector("textarea").focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("cw-panel-open")) close();
  });

  const chosen = remembered();
  paint(chosen ? chosen === "dark" : isDark() || window.matchMedia("(prefers-color-scheme: dark)").matches);

  let scheduled = false;
  new MutationObserver(() => {
    take(); // at once: frames are not drawn while the tab is hidden
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      settle();
    });
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "title", "aria-label"] });
  window.addEventListener("resize", settle);
  settle();
})();
