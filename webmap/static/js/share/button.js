// The button that hands on what the page shows now: the page keeps its view in its own address.

for (const link of document.querySelectorAll("a[data-share]")) {
  link.addEventListener("click", () => {
    const fields = new URLSearchParams(location.search);
    for (const [name, value] of new URL(link.dataset.share, location.href).searchParams) fields.set(name, value);
    link.href = `${link.pathname}?${fields}`;
  });
}
