"use strict";
const find = (id) => document.getElementById(id);
const sections = [...document.querySelectorAll("section")];

function show() {
  const office = find("office").value;
  const day = find("day").value;
  let lines = 0;
  for (const section of sections) {
    const match = (!office || section.dataset.office === office) && (!day || section.dataset.day === day);
    section.hidden = !match;
    if (match) lines += section.querySelectorAll("tbody tr").length;
  }
  const first = sections.find((section) => !section.hidden);
  sections.forEach((section) => section.classList.toggle("first", section === first));
  find("shown").textContent = `${find("shown").dataset.words} ${lines}`;
}

let typed = false;
document.addEventListener("input", (event) => { typed ||= event.target.matches("td input"); });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
find("office").addEventListener("change", show);
find("day").addEventListener("change", show);
find("print").addEventListener("click", () => window.print());
find("tools").hidden = false;
show();
