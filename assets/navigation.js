/* The address is the state: links, pickers and drags write it, Dash reads it.
   Nothing here knows what is shown; it only follows addresses without loading the page again. */
(function () {
  'use strict';

  function go(href, mark) {
    if (href === location.pathname + location.search) { return; }
    history.pushState(mark || {}, '', href);
    window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
  }

  function withParameters(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) { query.delete(name); } else { query.set(name, value); }
    }
    const text = query.toString().replace(/%3A/g, ':').replace(/%2C/g, ',');
    return location.pathname + (text ? '?' + text : '');
  }

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) { return; }
    const toggle = target.closest('[data-toggle]');
    if (toggle) {
      const name = 'data-open-' + toggle.dataset.toggle;
      const open = document.documentElement.toggleAttribute(name);
      toggle.setAttribute('aria-expanded', String(open));
      return;
    }
    const link = target.closest('a[data-nav]');
    if (!link || event.defaultPrevented || event.button !== 0) { return; }
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    event.preventDefault();
    const before = location.pathname;
    go(link.getAttribute('href'));
    if (location.pathname !== before) { window.scrollTo(0, 0); }
  });

  /* Date and resolution pickers. A date typed digit by digit passes through years like 0002. */
  document.addEventListener('change', function (event) {
    const id = event.target.id;
    if (id === 'start-date' || id === 'end-date') {
      const start = document.getElementById('start-date').value;
      const end = document.getElementById('end-date').value;
      if (/^(19|20)\d\d-/.test(start) && /^(19|20)\d\d-/.test(end)) {
        const later = start > end ? event.target.value : null;
        go(withParameters({
          range: null, start: later || start, end: later || end, resolution: null,
        }));
      }
    } else if (id === 'resolution-select') {
      const value = event.target.value;
      go(withParameters({ resolution: value === 'auto' ? null : value }));
    } else {
      const field = event.target.closest('[data-param]');
      if (field) { follow(field, event.target); }
    }
  });

  /* Any other field says which parameter it writes (layouts/controls.py). */
  function follow(field, input) {
    const value = input.value.trim();
    if (input.type === 'date' && value && !/^(19|20)\d\d-/.test(value)) { return; }
    go(withParameters({ [field.dataset.param]: value === field.dataset.default ? null : value }));
  }

  document.addEventListener('input', function (event) {
    if (event.target.type !== 'range') { return; }
    const said = event.target.parentElement.querySelector('output');
    if (said) { said.textContent = event.target.value; }
  });

  /* Double-click on a chart goes back to where the drag came from. */
  document.addEventListener('dblclick', function (event) {
    const inChart = event.target instanceof Element && event.target.closest('.js-plotly-plot');
    if (inChart && history.state && history.state.nemdeskZoom) { history.back(); }
  });

  /* The period a drag asks for. Stamps end their interval, so a point at 12:05 is the interval 12:00 to
     12:05; days and months are stamped at their first day. All in market time, which has no zone here. */
  const MINUTE = 60000;
  const FIVE = 5 * MINUTE;
  const DAY = 24 * 60 * MINUTE;

  function read(text) {
    const whole = String(text).replace(' ', 'T');
    return Date.parse(whole.length > 10 ? whole.slice(0, 19).padEnd(16, ':00') + 'Z' : whole);
  }
  function minute(ms) { return new Date(ms).toISOString().slice(0, 16); }
  function date(ms) { return new Date(ms).toISOString().slice(0, 10); }

  function period(from, to, resolution) {
    let a = Math.min(from, to);
    let b = Math.max(from, to);
    if (resolution === 'month') {
      const first = new Date(a);
      if (first.getUTCDate() > 1 || first.getTime() % DAY) { first.setUTCMonth(first.getUTCMonth() + 1, 1); }
      const last = new Date(b);
      if (first > last) { first.setTime(a); }
      return [date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), 1)),
        date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1, 0))];
    }
    if (resolution === 'day') {
      let first = Math.ceil(a / DAY) * DAY;
      const last = Math.floor(b / DAY) * DAY;
      if (first > last) { first = Math.floor(a / DAY) * DAY; }
      return [date(first), date(last)];
    }
    a = Math.floor(a / FIVE) * FIVE;
    b = Math.max(a + FIVE, Math.ceil(b / FIVE) * FIVE);
    return [minute(a), minute(b)];
  }

  const THEMES = ['auto', 'light', 'dark'];
  const dark = window.matchMedia('(prefers-color-scheme: dark)');

  function chosenTheme() {
    try {
      const kept = localStorage.getItem('nemdesk-theme');
      return THEMES.includes(kept) ? kept : 'auto';
    } catch (error) { return 'auto'; }
  }

  function applyTheme() {
    const chosen = chosenTheme();
    const resolved = chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen;
    document.documentElement.dataset.theme = resolved;
    document.documentElement.dataset.themeChoice = chosen;
    return resolved;
  }

  applyTheme();
  dark.addEventListener('change', function () {
    if (window.dash_clientside.set_props) {
      window.dash_clientside.set_props('theme-signal', { data: Date.now() });
    }
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.nemdesk = {
    go: go,
    withParameters: withParameters,
    theme: function (clicks) {
      const byClick = window.dash_clientside.callback_context.triggered
        .some(function (one) { return one.prop_id === 'theme-toggle.n_clicks'; });
      if (clicks && byClick) {
        const next = THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length];
        try { localStorage.setItem('nemdesk-theme', next); } catch (error) { /* private mode: not kept */ }
      }
      const resolved = applyTheme();
      const chosen = chosenTheme();
      return [resolved, chosen.charAt(0).toUpperCase() + chosen.slice(1)];
    },
    title: function (text) {
      if (text) { document.title = text; }
      const current = document.querySelector('.tabs [aria-current=page]');
      if (current) { current.scrollIntoView({ block: 'nearest', inline: 'center' }); }
      return window.dash_clientside.no_update;
    },
    zoom: function (relayout, figure) {
      if (relayout && relayout['xaxis.range[0]'] !== undefined) {
        const meta = (figure && figure.layout && figure.layout.meta) || {};
        if (meta.resolution) {
          const span = period(read(relayout['xaxis.range[0]']), read(relayout['xaxis.range[1]']), meta.resolution);
          go(withParameters({ range: null, start: span[0], end: span[1], resolution: null }), { nemdeskZoom: true });
        }
      }
      return window.dash_clientside.no_update;
    },
  };
})();
