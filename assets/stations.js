/* Type-ahead over stations, units and owners: asks the server while a person types, draws what it finds as
   links that add it to the address. What is found goes in as text, never as markup. */
(function () {
  'use strict';

  const WAIT = 120;
  const MOST = 6;
  let timer = null;
  let running = null;
  let active = -1;

  function input() { return document.getElementById('station-search'); }
  function list() { return document.getElementById('station-matches'); }

  function part(parent, name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function close() {
    clearTimeout(timer);
    if (running) { running.abort(); running = null; }
    active = -1;
    const box = list();
    if (box) { box.hidden = true; box.replaceChildren(); }
    const field = input();
    if (field) {
      field.setAttribute('aria-expanded', 'false');
      field.removeAttribute('aria-activedescendant');
    }
  }

  function escaped(item) { return item.replace(/%/g, '%25').replace(/,/g, '%2C'); }

  /* The address with one more chosen, written as data_layer/requests/base.py joins. */
  function withItem(item) {
    const query = new URLSearchParams(location.search);
    const chosen = (query.get('units') || '').split(',').filter(Boolean);
    if (!chosen.includes(escaped(item))) { chosen.push(escaped(item)); }
    query.set('units', chosen.slice(0, MOST).join(','));
    return location.pathname + '?' + query.toString().replace(/%3A/g, ':').replace(/%2C/g, ',');
  }

  function isFull() {
    const chosen = (new URLSearchParams(location.search).get('units') || '').split(',').filter(Boolean);
    return chosen.length >= MOST;
  }

  function describe(row) {
    const size = row.capacity_mw ? Math.round(row.capacity_mw).toLocaleString('en-AU') + ' MW' : '';
    const units = row.item.startsWith('station:') && row.units > 1 ? row.units + ' units' : row.duids;
    return [row.fuel, row.regionid, size, units, row.owner].filter(Boolean).join(' · ');
  }

  function say(text) {
    const box = list();
    box.replaceChildren();
    part(box, 'p', 'station-none', text).setAttribute('role', 'status');
    open(box);
  }

  function open(box) {
    box.hidden = false;
    input().setAttribute('aria-expanded', 'true');
  }

  /* A person who has marked a match may still be typing: the next answer does not take the mark away. */
  function draw(rows, text) {
    const before = active >= 0 ? list().querySelectorAll('[role=option]')[active] : null;
    active = -1;
    if (isFull()) { say('Six stand side by side: remove one to add another.'); return; }
    if (!rows.length) { say('Nothing is called “' + text + '” here: try fewer letters, another region or fuel.'); return; }
    const box = list();
    box.replaceChildren();
    rows.forEach(function (row, place) {
      const link = document.createElement('a');
      link.id = 'station-match-' + place;
      link.href = withItem(row.item);
      link.dataset.nav = 'true';
      link.dataset.item = row.item;
      link.tabIndex = -1;
      link.setAttribute('role', 'option');
      link.setAttribute('aria-selected', 'false');
      const name = row.item.startsWith('station:') || row.item === row.name ? row.name : row.item + ' · ' + row.name;
      part(link, 'span', 'match-name', name);
      part(link, 'span', 'match-facts', describe(row));
      box.appendChild(link);
    });
    open(box);
    const again = before ? rows.findIndex(function (row) { return row.item === before.dataset.item; }) : -1;
    if (again >= 0) { mark(again); } else { input().removeAttribute('aria-activedescendant'); }
  }

  function ask() {
    const tools = document.querySelector('[data-search]');
    const field = input();
    if (!tools || !field) { return; }
    const text = field.value.trim();
    if (running) { running.abort(); }
    running = new AbortController();
    fetch(tools.dataset.search + '&text=' + encodeURIComponent(text), { signal: running.signal })
      .then(function (answer) { return answer.json().then(function (body) { return [answer.ok, body]; }); })
      .then(function (got) {
        if (got[0]) { draw(got[1].rows, text); } else { say(got[1].error || 'The search failed: try again.'); }
      })
      .catch(function (error) {
        if (error.name !== 'AbortError') { say('The search failed: try again.'); }
      });
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  }

  function mark(place) {
    const options = list().querySelectorAll('[role=option]');
    if (!options.length) { return; }
    if (active >= 0 && options[active]) { options[active].setAttribute('aria-selected', 'false'); }
    active = (place + options.length) % options.length;
    options[active].setAttribute('aria-selected', 'true');
    options[active].scrollIntoView({ block: 'nearest' });
    input().setAttribute('aria-activedescendant', options[active].id);
  }

  document.addEventListener('focusin', function (event) {
    if (event.target.id !== 'station-search') { return; }
    const field = event.target;
    field.setAttribute('role', 'combobox');
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-controls', 'station-matches');
    list().setAttribute('role', 'listbox');
    list().setAttribute('aria-label', 'Stations and units found');
    later();
  });

  document.addEventListener('input', function (event) {
    if (event.target.id === 'station-search') { later(); }
  });

  document.addEventListener('focusout', function (event) {
    if (event.target.id === 'station-search') { close(); }
  });

  /* A press on a match must not take the focus, which would close the list before the click. */
  document.addEventListener('mousedown', function (event) {
    if (event.target instanceof Element && event.target.closest('#station-matches')) { event.preventDefault(); }
  });

  document.addEventListener('click', function (event) {
    if (event.target instanceof Element && event.target.closest('#station-matches a')) { finish(); }
  });

  /* The field is React's: its value is set as typing would, so that the page does not bring it back. */
  function empty() {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input(), '');
    input().dispatchEvent(new Event('input', { bubbles: true }));
    close();
  }

  function finish() {
    empty();
    input().blur();
  }

  document.addEventListener('keydown', function (event) {
    if (event.target.id !== 'station-search') { return; }
    const options = list().querySelectorAll('[role=option]');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (options.length) { mark(active + (event.key === 'ArrowDown' ? 1 : -1)); } else { later(); }
    } else if (event.key === 'Enter' && options.length) {
      event.preventDefault();
      options[Math.max(active, 0)].click();
    } else if (event.key === 'Escape') {
      /* Browsers empty a search field themselves, which counts as typing: the list would open again. */
      event.preventDefault();
      if (list().hidden) { empty(); } else { close(); }
    }
  });
})();
