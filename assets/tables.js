/* Draws tables from data (layouts/tables.py). A table is one component for Dash, because each of its cells
   would cost the browser at every update of the page. Text goes in as text, never as markup. */
(function () {
  'use strict';

  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) { made.className = className; }
    if (text) { made.textContent = text; }
    return made;
  }

  function link(text, href, title) {
    const made = make('a', '', text);
    if (!href.startsWith('/') || href.startsWith('//')) { return made; }
    made.href = href;
    made.title = title || '';
    made.dataset.nav = 'true';
    return made;
  }

  function info(definition, label) {
    const made = make('button', 'info', 'i');
    made.type = 'button';
    made.dataset.definition = definition;
    made.setAttribute('aria-label', 'Definition: ' + label);
    made.setAttribute('aria-expanded', 'false');
    return made;
  }

  function heading(column) {
    const cell = make('th', column.numeric ? 'num' : '');
    cell.scope = 'col';
    const marks = { ascending: ' ▲', descending: ' ▼' };
    if (column.href) {
      cell.appendChild(link(column.label + (marks[column.sorted] || ''), column.href, 'Sort by ' + column.label));
    } else { cell.append(column.label); }
    if (column.sorted) { cell.setAttribute('aria-sort', column.sorted); }
    if (column.swatch) { cell.classList.add('swatched'); cell.style.setProperty('--swatch', column.swatch); }
    if (column.definition) { cell.appendChild(info(column.definition, column.label)); }
    if (column.unit) { cell.appendChild(make('span', 'unit', column.unit)); }
    return cell;
  }

  function row(data, columns) {
    const made = make('tr', [data.off && 'off', data.strong && 'strong', data.href && 'clickable'].filter(Boolean).join(' '));
    data.cells.forEach(function (cell, place) {
      const first = place === 0;
      const box = make(first ? 'th' : 'td', [columns[place].numeric && 'num', cell.class_name].filter(Boolean).join(' '));
      if (first) {
        box.scope = 'row';
        if (data.swatch) { box.classList.add('swatched'); box.style.setProperty('--swatch', data.swatch); }
      }
      if (first && data.href) {
        const whole = link(cell.text, data.href, data.title);
        whole.className = 'row-link';
        box.appendChild(whole);
      } else { box.append(cell.text); }
      if (cell.definition) { box.appendChild(info(cell.definition, cell.text)); }
      if (cell.unit) { box.appendChild(make('span', 'unit', cell.unit)); }
      if (cell.delta) { box.appendChild(make('small', 'delta', cell.delta)); }
      if (cell.title) { box.title = cell.title; }
      if (cell.bar) { box.style.setProperty('--bar-width', cell.bar); }
      made.appendChild(box);
    });
    return made;
  }

  function draw(frame) {
    const data = JSON.parse(frame.dataset.table);
    const focused = Array.from(frame.querySelectorAll('a, button')).indexOf(document.activeElement);
    const table = make('table', 'data-table');
    table.appendChild(make('caption', 'visually-hidden', data.caption));
    const head = table.createTHead().insertRow();
    data.columns.forEach(function (column) { head.appendChild(heading(column)); });
    const body = table.createTBody();
    data.rows.forEach(function (one) { body.appendChild(row(one, data.columns)); });
    frame.replaceChildren(table);
    if (focused >= 0) {
      const again = frame.querySelectorAll('a, button')[focused];
      if (again) { again.focus(); }
    }
  }

  new MutationObserver(function (changes) {
    const frames = new Set();
    for (const change of changes) {
      if (change.type === 'attributes') { frames.add(change.target); }
      for (const node of change.addedNodes) {
        if (!(node instanceof Element)) { continue; }
        if (node.matches('[data-table]')) { frames.add(node); }
        for (const frame of node.querySelectorAll('[data-table]')) { frames.add(frame); }
      }
    }
    for (const frame of frames) { if (frame.dataset.table) { draw(frame); } }
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['data-table'],
  });
})();
