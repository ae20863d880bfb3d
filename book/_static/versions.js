// Under /v/VERSION/ of a server that holds all versions: list them, say so on an old one, and mark
// what was corrected since. Anywhere else, and from a file, nothing is asked for and nothing shown.
(() => {
  const place = location.pathname.match(/^(.*\/)v\/([^/]+)\/(.*)$/);
  if (!place || !location.protocol.startsWith("http")) return;
  const [, path, version, page] = place;
  const root = new URL(path, location.href);

  const read = async (name) => {
    const answer = await fetch(new URL(name, root));
    return answer.ok ? answer.json() : null;
  };

  const make = (tag, attributes, ...content) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...content);
    return element;
  };

  const link = (text, address) => make("a", { href: new URL(address, root).href }, text);

  // The same page of another version if that has it, else its first page.
  const linkVersion = (entry) => {
    const home = new URL(`v/${entry.version}/`, root);
    const made = link(entry.name, home);
    made.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const same = new URL(page + location.hash, home);
      const answer = await fetch(same, { method: "HEAD" }).catch(() => ({ ok: false }));
      location.assign(answer.ok ? same : home);
    });
    return made;
  };

  const listVersions = (versions) => {
    const sidebar = document.querySelector(".sidebar-primary-items__end") ??
      document.querySelector(".bd-sidebar-primary");
    if (!sidebar || versions.length < 2) return;
    const items = versions.map((entry) => {
      const own = entry.version === version;
      return make("li", {}, own ? make("strong", {}, entry.name) : linkVersion(entry));
    });
    const all = make("li", {}, link("All versions", "versions.html"));
    const summary = make("summary", {}, `Version ${version}`);
    sidebar.append(
      make("nav", { class: "versions", "aria-label": "Versions" },
        make("details", {}, summary, make("ul", {}, ...items, all))),
    );
  };

  const note = (name, ...content) =>
    make("aside", { class: name, role: "note" }, make("p", {}, ...content));

  const sayOld = (versions, article) => {
    const newest = versions.find((entry) => entry.preferred);
    const own = versions.find((entry) => entry.version === version);
    if (!newest || !own || newest.version === version) return;
    article.prepend(
      note("version-banner", `You are reading version ${version}. The newest is ${newest.version}: `,
        link("this page in the newest version", `latest/${page || "book/intro.html"}${location.hash}`),
        ", ", link("what changed", `v/${newest.version}/book/whats_changed.html`), "."),
    );
  };

  const markNumber = (correction, number) => {
    const mark = () => {
      const made = link(`corrected: ${number.new}`, correction.address);
      made.className = "correction-mark";
      const right = number.new === "withdrawn" ? "is withdrawn" : `should read ${number.new} (${number.unit})`;
      made.title = `Correction ${correction.id} (${correction.class}): ${number.old} ${right}`;
      return made;
    };
    for (const quoted of document.querySelectorAll(`a.ledger-link[href$="#${number.anchor}"]`)) {
      const sign = quoted.nextElementSibling; // the mark of the evidence class stays beside its number
      (sign?.matches("sup.class-mark") && sign === quoted.nextSibling ? sign : quoted).after(" ", mark());
    }
    document.querySelector(`#${number.anchor} strong`)?.after(" ", mark());
  };

  const markFigure = (correction, figure) => {
    document.getElementById(figure.anchor)?.prepend(
      note("correction-note", "This figure was corrected: ",
        link(`correction ${correction.id}`, correction.address), "."),
    );
  };

  const markCorrections = (feed, article) => {
    for (const { _equalcities: correction } of feed.items) {
      if (!correction.versions.includes(version)) continue;
      correction.numbers.forEach((number) => markNumber(correction, number));
      correction.figures.forEach((figure) => markFigure(correction, figure));
      const marked = article.querySelector(`[href$="#${new URL(correction.address, root).hash.slice(1)}"]`);
      if (correction.pages.includes(page) || (correction.class === "substantial" && marked)) {
        article.prepend(
          note("correction-note", `Something on this page was found wrong (${correction.class}): `,
            link(`correction ${correction.id}`, correction.address), "."),
        );
      }
    }
  };

  document.addEventListener("DOMContentLoaded", async () => {
    const article = document.querySelector("article.bd-article") ?? document.querySelector("main");
    try {
      const [versions, feed] = await Promise.all([read("switcher.json"), read("corrections.json")]);
      if (feed) markCorrections(feed, article);
      if (versions) {
        sayOld(versions, article);
        listVersions(versions);
      }
      // What was put in above has moved the place that the address asks for.
      if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    } catch (problem) {
      // Without the files at the root a version stands for itself, as it does on a disk.
      if (!(problem instanceof TypeError || problem instanceof SyntaxError)) throw problem;
    }
  });
})();
