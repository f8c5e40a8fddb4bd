// Values under the pointer. The page is whole without it.
const read = new WeakMap();
const points = path => {
  if (!read.has(path)) {
    let x = 0, y = 0;
    read.set(path, path.getAttribute("d").split(/(?=[Ml])/).map(part => {
      const [dx, dy] = part.match(/-?(?:\d+\.?\d*|\.\d+)/g).map(Number);
      [x, y] = part[0] === "M" ? [dx, dy] : [x + dx, y + dy];
      return [x, y, part[0] === "M"];
    }));
  }
  return read.get(path);
};
const value = (at, [from, to, low, high, log]) => {
  const share = (at - from) / (to - from);
  return log ? low * (high / low) ** share : low + (high - low) * share;
};
const under = (path, x) => {
  const all = points(path);
  for (let i = 1; i < all.length; i++) {
    const [a, b] = [all[i - 1], all[i]];
    if (!b[2] && a[0] <= x && x <= b[0]) return a[1] + (b[1] - a[1]) * (b[0] > a[0] ? (x - a[0]) / (b[0] - a[0]) : 0);
  }
};
const text = number => Math.abs(number) >= 1e4 ? Math.round(number).toLocaleString("en") : String(+number.toPrecision(3));
for (const svg of document.querySelectorAll("figure div > svg")) {
  const figure = svg.closest("figure"), plot = svg.querySelector(".plot");
  const tip = Object.assign(document.createElement("div"), {className: "tip", hidden: true});
  const cursor = document.createElementNS(svg.namespaceURI, "path");
  cursor.setAttribute("class", "cursor");
  svg.append(cursor);
  figure.append(tip);
  const [across, down] = [plot.dataset.x, plot.dataset.y].map(numbers => numbers.split(" ").map(Number));
  svg.addEventListener("pointerleave", () => { tip.hidden = true; cursor.setAttribute("d", ""); });
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), frame = figure.getBoundingClientRect();
    const x = Math.min(across[1], Math.max(across[0], (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width));
    const lines = [...plot.querySelectorAll(".line[data-name]")].map(path => [path, under(path, x)]).filter(line => line[1] !== undefined);
    const where = value(x, across);
    const along = {"by-time": "time ", "by-updates": "update ", "by-passes": "pass "}[svg.parentNode.className] ?? "";
    tip.replaceChildren(Object.assign(document.createElement("div"), {textContent: along + text(along === "update " || along === "pass " ? Math.round(where) : where)}));
    for (const [path, y] of lines.slice(0, 12)) {
      const row = document.createElement("div"), key = document.createElement("i"), number = document.createElement("b");
      key.className = "key " + path.getAttribute("class").replace("line", "");
      number.textContent = text(value(y, down));
      row.append(key, number, lines.length > 1 ? " " + path.dataset.name : "");
      tip.append(row);
    }
    tip.hidden = false;
    cursor.setAttribute("d", `M${x} ${down[0]}V${down[1]}`);
    const left = event.clientX - frame.left;
    tip.style.top = Math.max(0, event.clientY - frame.top + 14) + "px";
    tip.style.left = left < frame.width / 2 ? left + 14 + "px" : "auto";
    tip.style.right = left < frame.width / 2 ? "auto" : frame.width - left + 14 + "px";
  });
}
