// Search and choice for tables marked as filterable; without scripts the whole table shows.
document.addEventListener("DOMContentLoaded", () => {
  const parts = (cell) => cell.textContent.split(", ").map((part) => part.trim());
  for (const table of document.querySelectorAll("table.filterable")) {
    const rows = [...table.tBodies[0].rows];
    const form = document.createElement("form");
    form.className = "table-filter";
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Choose rows of the table");
    const field = (name, control) => {
      const label = document.createElement("label");
      label.append(name, control);
      form.append(label);
      return control;
    };
    const words = field("Search", document.createElement("input"));
    words.type = "search";
    const choices = [...table.tHead.rows[0].cells].flatMap((head, column) => {
      if (!head.hasAttribute("data-filter")) return [];
      const choice = field(head.textContent, document.createElement("select"));
      choice.add(new Option("all", ""));
      const values = new Set(rows.flatMap((row) => parts(row.cells[column])));
      for (const value of [...values].sort()) choice.add(new Option(value, value));
      return [{ choice, column }];
    });
    const shown = document.createElement("output");
    form.append(shown);
    const apply = () => {
      const sought = words.value.toLowerCase().split(/\s+/);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !(
          sought.every((word) => text.includes(word)) &&
          choices.every(
            ({ choice, column }) => !choice.value || parts(row.cells[column]).includes(choice.value)
          )
        );
      }
      shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    table.before(form);
    apply();
  }
});
