(() => {
  'use strict';
  const list = document.getElementById('tables');
  const tools = document.getElementById('tools');
  if (!list || !tools) return;
  const rows = [...list.children].map((element, place) => ({
    element,
    place,
    name: element.querySelector('.n bdi').textContent.toLowerCase(),
    plan: element.querySelector('.plan')?.textContent,
    words: (element.querySelector('.s').textContent + ' ' + element.querySelector('.n').textContent).toLowerCase()
      + ' ' + element.dataset.w,
    keys: element.dataset.k.split(' ').map(Number),
  }));
  const search = document.getElementById('search');
  const plan = document.getElementById('plan');
  const problems = document.getElementById('problems-only');
  const shown = document.getElementById('shown');

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const visible = words.every((word) => row.words.includes(word))
        && (!plan || !plan.value || row.plan === plan.value)
        && (!problems.checked || row.keys[0] < 2);
      row.element.hidden = !visible;
      if (visible) count += 1;
    }
    shown.textContent = count + ' of ' + rows.length + ' shown';
  }

  const heads = [...document.querySelectorAll('.heads button')];
  function sort(head) {
    const again = head.getAttribute('aria-pressed') === 'true';
    const key = head.dataset.key;
    const up = again ? !head.classList.contains('up') : head.dataset.first === 'up';
    for (const other of heads) other.setAttribute('aria-pressed', String(other === head));
    head.classList.toggle('up', up);
    const sign = up ? 1 : -1;
    const compare = key === 'name'
      ? (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
      : (a, b) => a.keys[key] - b.keys[key];
    const ordered = [...rows].sort((a, b) => sign * compare(a, b) || a.place - b.place);
    list.append(...ordered.map((row) => row.element));
  }

  function reveal() {
    const row = document.getElementById(location.hash.slice(1));
    if (!row || !row.classList.contains('t')) return;
    row.hidden = false;
    row.open = true;
    row.scrollIntoView();
  }

  search.addEventListener('input', filter);
  problems.addEventListener('change', filter);
  if (plan) plan.addEventListener('change', filter);
  for (const head of heads) head.addEventListener('click', () => sort(head));
  window.addEventListener('hashchange', reveal);
  tools.hidden = false;
  for (const head of heads) head.disabled = false;
  filter();
  reveal();
})();
