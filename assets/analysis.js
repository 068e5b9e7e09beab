/* The tree of Price Analysis in AG Grid (layouts/tree_grid.py): which branches are open, keys, texts.
   Branches are the browser's own affair: no address, no server. Rows name their path, '/' between levels. */
(function () {
  'use strict';

  const GRID = 'analysis-grid';
  const open = new Set();
  const functions = window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  const components = window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};

  function api() { return window.dash_ag_grid && window.dash_ag_grid.getApi(GRID); }

  function parentOf(path) {
    const end = path.lastIndexOf('/');
    return end < 0 ? '' : path.slice(0, end);
  }

  function redraw(grid, nodes) {
    grid.onFilterChanged();
    grid.refreshCells({ columns: ['name'], force: true, rowNodes: nodes });
  }

  function turn(grid, node, wanted) {
    if (!node.data.has_children || node.rowPinned || open.has(node.data.path) === wanted) { return false; }
    if (wanted) { open.add(node.data.path); } else { open.delete(node.data.path); }
    redraw(grid, [node]);
    return true;
  }

  /* A row shows when every branch above it is open. */
  functions.treeShown = function (node) {
    let path = parentOf(node.data.path);
    while (path) {
      if (!open.has(path)) { return false; }
      path = parentOf(path);
    }
    return true;
  };

  /* Keys on a name: right opens, left closes or goes to the row above, Enter and Space turn. */
  functions.treeKey = function (params) {
    const key = params.event.key;
    const node = params.node;
    if (!node.data || node.rowPinned) { return false; }
    if (key === 'Enter' || key === ' ') {
      if (params.event.type === 'keydown' && turn(params.api, node, !open.has(node.data.path))) {
        params.event.preventDefault();
        return true;
      }
    } else if (key === 'ArrowRight') {
      return turn(params.api, node, true);
    } else if (key === 'ArrowLeft') {
      if (turn(params.api, node, false)) { return true; }
      const above = params.api.getRowNode(parentOf(node.data.path));
      if (above) {
        params.api.setFocusedCell(above.rowIndex, 'name');
        params.api.ensureIndexVisible(above.rowIndex);
        return true;
      }
    }
    return false;
  };

  /* Numbers as layouts/formats.py writes them. */
  const NOTHING = '–';

  function number(value, decimals) {
    const text = Math.abs(value).toLocaleString('en-AU', {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    });
    return (value < 0 && /[1-9]/.test(text) ? '−' : '') + text;
  }

  const FORMS = {
    energy: function (v) { const s = Math.abs(v); return number(v, s >= 100 ? 0 : s >= 1 ? 1 : 2); },
    millions: function (v) { const s = Math.abs(v); return number(v, s >= 100 ? 0 : s >= 1 ? 1 : 2); },
    power: function (v) { return number(v, Math.abs(v) >= 9.95 || v === 0 ? 0 : 1); },
    count: function (v) { return number(v, 0); },
    percent: function (v) { return number(v * 100, 1) + '%'; },
    share: function (v) { return number(v * 100, 1) + '%'; },
    found: function (v) { return v >= 0.9995 ? '100%' : number(v * 100, 1) + '% ⚠'; },
    price: function (v) {
      const s = Math.abs(v);
      const text = number(s, Math.round(s * 100) / 100 < 10 ? 2 : Math.round(s * 10) / 10 < 100 ? 1 : 0);
      return (v < 0 && /[1-9]/.test(text) ? '−$' : '$') + text;
    },
  };

  functions.treeText = function (value, form) {
    return value === null || value === undefined ? NOTHING : FORMS[form](value);
  };

  functions.treeBar = function (params) {
    const width = Math.max(0, Math.min(1, params.value || 0)) * 100;
    const bar = params.node.rowPinned ? 0 : width;
    return {
      background: 'linear-gradient(to left, var(--bar) ' + bar.toFixed(1) + '%, transparent 0) content-box',
    };
  };

  /* A treegrid for those who hear it: level and state of each row, as the grid itself does for its own. */
  function describe(cell, data, isOpen) {
    const row = cell && cell.closest('[role="row"]');
    if (!row) { return; }
    const root = cell.closest('[role="grid"]');
    if (root) {
      root.setAttribute('role', 'treegrid');
      root.setAttribute('aria-label', 'Groups and units');
    }
    row.setAttribute('aria-level', String(Math.max(1, data.level)));
    if (data.has_children && data.level > 0) {
      row.setAttribute('aria-expanded', String(isOpen));
    } else { row.removeAttribute('aria-expanded'); }
  }

  components.NemdeskTreeName = function (props) {
    const make = window.React.createElement;
    const data = props.data;
    const branch = data.has_children && !props.node.rowPinned;
    const isOpen = open.has(data.path);
    window.React.useEffect(function () { describe(props.eGridCell, data, isOpen); });
    const turned = function (event) {
      event.stopPropagation();
      turn(props.api, props.node, !open.has(data.path));
    };
    const mark = branch
      ? make('button', {
        type: 'button', className: 'tree-mark', tabIndex: -1, onClick: turned,
        'aria-expanded': isOpen, 'aria-label': (isOpen ? 'Close ' : 'Open ') + data.name,
      }, isOpen ? '▾' : '▸')
      : make('span', { className: 'tree-mark', 'aria-hidden': 'true' });
    const swatch = data.colour
      ? make('span', { className: 'tree-swatch', style: { background: data.colour } }) : null;
    return make('span', {
      className: 'tree-name' + (branch ? ' branch' : ''),
      style: { paddingLeft: Math.max(0, data.level - 1) * 18 + 'px' },
      title: data.name,
      onClick: branch ? turned : undefined,
    }, mark, swatch, make('span', { className: 'tree-text' }, data.name));
  };

  /* A header as layouts/tables.py has it: a link that sorts, the unit, the "i". */
  components.NemdeskTreeHeader = function (props) {
    const make = window.React.createElement;
    const mark = { ascending: ' ▲', descending: ' ▼' }[props.sorted] || '';
    window.React.useEffect(function () {
      /* On a phone the names leave room for a number beside them. */
      if (props.column.getColId() === 'name' && window.innerWidth < 700) {
        props.api.setColumnWidths([{ key: 'name', newWidth: 150 }]);
      }
    }, []);
    window.React.useEffect(function () {
      const cell = props.eGridHeader;
      if (!cell) { return undefined; }
      if (props.sorted) { cell.setAttribute('aria-sort', props.sorted); } else { cell.removeAttribute('aria-sort'); }
      const enter = function (event) {
        const link = cell.querySelector('a');
        if (event.key === 'Enter' && event.target === cell && link) { link.click(); }
      };
      cell.addEventListener('keydown', enter);
      return function () { cell.removeEventListener('keydown', enter); };
    });
    return make('span', { className: 'tree-header' },
      make('span', null,
        make('a', { href: props.href, 'data-nav': 'true', title: 'Sort by ' + props.label }, props.label + mark),
        props.definition ? make('button', {
          type: 'button', className: 'info', 'data-definition': props.definition, tabIndex: -1,
          'aria-label': 'Definition: ' + props.label, 'aria-expanded': 'false',
        }, 'i') : null),
      props.unit ? make('span', { className: 'unit' }, props.unit) : null);
  };

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target.closest('[data-branches]') : null;
    const grid = target && api();
    if (!grid) { return; }
    open.clear();
    if (target.dataset.branches === 'open') {
      grid.forEachNode(function (node) { if (node.data.has_children) { open.add(node.data.path); } });
    }
    redraw(grid);
  });

  /* Folded choices: the page draws them anew with each answer, so what was open is opened again, with the
     focus where it was. A click elsewhere or Escape closes them. */
  let unfolded = '';
  let focused = '';

  document.addEventListener('toggle', function (event) {
    const fold = event.target;
    if (!(fold instanceof HTMLDetailsElement) || !fold.dataset.fold) { return; }
    if (fold.open) {
      document.querySelectorAll('details[data-fold][open]').forEach(function (other) {
        if (other !== fold) { other.open = false; }
      });
      unfolded = fold.dataset.fold;
    } else if (unfolded === fold.dataset.fold && fold.isConnected) { unfolded = ''; }
  }, true);

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target : null;
    const within = target && target.closest('details[data-fold]');
    focused = within && target.closest('a') ? target.closest('a').textContent : '';
    if (!within) { fold(); }
  }, true);

  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape' && unfolded) { fold(true); }
  });

  function fold(focus) {
    document.querySelectorAll('details[data-fold][open]').forEach(function (one) {
      one.open = false;
      if (focus) { one.querySelector('summary').focus(); }
    });
    unfolded = '';
  }

  new MutationObserver(function (changes) {
    if (!unfolded || !changes.some(function (one) { return one.addedNodes.length; })) { return; }
    const again = document.querySelector('details[data-fold="' + unfolded + '"]');
    if (!again || again.open) { return; }
    again.open = true;
    for (const link of again.querySelectorAll('a')) {
      if (link.textContent === focused) { link.focus(); }
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
