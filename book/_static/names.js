// Give the theme's controls names that match what they show, for readers who hear the page.
document.addEventListener("DOMContentLoaded", () => {
  for (const control of document.querySelectorAll("button.search-button__button, summary[aria-label]")) {
    control.removeAttribute("aria-label"); // their own text names them
  }
  for (const summary of document.querySelectorAll("nav details > summary")) {
    const link = summary.closest("li")?.querySelector("a");
    if (link) summary.setAttribute("aria-label", `Pages below ${link.textContent.trim()}`);
  }
});
