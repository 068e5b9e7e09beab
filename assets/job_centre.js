/* The job centre (layouts/job_centre.py): opening and closing, the focus, and what its buttons wish for.
   Whether a wish is allowed is decided on the server (callbacks/job_centre.py). */
(function () {
  'use strict';

  const OPEN = 'data-open-jobs';
  const TOAST_MILLISECONDS = 12000;
  const PRESSED_MILLISECONDS = 4000;
  const SILENT_MILLISECONDS = 20000;
  const root = document.documentElement;
  let focused = null;
  let watched = null;
  let timer = 0;
  let heard = 0;
  let said = '';

  function byId(id) { return document.getElementById(id); }
  function isOpen() { return root.hasAttribute(OPEN); }
  function send(id, data) {
    if (window.dash_clientside && window.dash_clientside.set_props) { window.dash_clientside.set_props(id, data); }
  }

  function open() {
    root.setAttribute(OPEN, '');
    byId('job-button').setAttribute('aria-expanded', 'true');
    byId('job-panel').focus();
    dismiss();
  }

  function close(back) {
    if (!isOpen()) { return; }
    root.removeAttribute(OPEN);
    focused = null;
    const button = byId('job-button');
    button.setAttribute('aria-expanded', 'false');
    if (back) { (button.classList.contains('none') ? byId('page') : button).focus(); }
  }

  function dismiss() {
    clearTimeout(timer);
    const toast = byId('job-toast');
    if (toast && toast.childElementCount) { send('job-toast', { children: null }); }
  }

  function fade() {
    const toast = byId('job-toast');
    if (toast && toast.matches(':hover, :focus-within')) {
      timer = setTimeout(fade, 3000);
    } else {
      dismiss();
    }
  }

  function wish(button) {
    if (button.hasAttribute('aria-disabled')) { return; }
    button.setAttribute('aria-disabled', 'true');
    setTimeout(function () { button.removeAttribute('aria-disabled'); }, PRESSED_MILLISECONDS);
    send('job-act', { data: { do: button.dataset.jobDo, job: button.dataset.job, at: Date.now() } });
  }

  /* A button that went away with its list gives the focus to its successor, else to its job, else to the
     panel: a keyboard never falls back to the top of the page. */
  function keepFocus() {
    if (!isOpen() || !focused || (document.activeElement && document.activeElement !== document.body)) { return; }
    const item = byId('job-list').querySelector('[data-job-item="' + CSS.escape(focused.job) + '"]');
    const same = item && item.querySelector('[data-job-do="' + CSS.escape(focused.what) + '"]');
    const next = same || (item && item.querySelector('a, button')) || byId('job-panel');
    next.focus();
  }

  document.addEventListener('focusin', function (event) {
    const inside = event.target instanceof Element && event.target.closest('#job-list');
    const item = inside && event.target.closest('[data-job-item]');
    if (inside) {
      focused = { job: item ? item.dataset.jobItem : '', what: event.target.dataset.jobDo || '' };
    } else if (event.target.id !== 'job-panel') {
      focused = null;
    }
  });

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) { return; }
    if (target.closest('#job-button')) {
      if (isOpen()) { close(true); } else { open(); }
      return;
    }
    if (target.closest('#job-toast')) {
      if (target.closest('a, button')) { setTimeout(dismiss, 0); }
      return;
    }
    if (!isOpen()) { return; }
    if (!target.closest('#job-panel')) { close(false); return; }
    const button = target.closest('[data-job-do]');
    if (button) {
      wish(button);
    } else if (target.closest('[data-job-panel="close"]')) {
      close(true);
    } else if (target.closest('a[data-nav]')) {
      close(false);
      byId('page').focus();
    }
  });

  document.addEventListener('keydown', function (event) {
    if (event.key !== 'Escape' || event.defaultPrevented) { return; }
    if (isOpen()) { close(true); } else { dismiss(); }
  });

  /* Browsers let a hidden page's clock go slow: it looks at once when it is seen again. */
  document.addEventListener('visibilitychange', function () {
    if (!document.hidden && byId('job-button')) { send('job-nudge', { data: { at: Date.now() } }); }
  });

  /* A question that found no server leaves dash's clock off: it is put on again. A running job tells its
     seconds, so that a list which stands still for long means that nobody answers. */
  setInterval(function () {
    const list = byId('job-list');
    if (!list) { return; }
    send('jobs-tick', { disabled: false });
    const waits = !document.hidden && list.querySelector('.job-running');
    if (!waits) { heard = Date.now(); }
    root.toggleAttribute('data-jobs-silent', Boolean(waits) && Date.now() - heard > SILENT_MILLISECONDS);
  }, 5000);

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.nemdesk_centre = {
    /* After each drawing of the list or of the line under the header. */
    drawn: function (_list, toast) {
      heard = Date.now();
      const list = byId('job-list');
      if (list && watched !== list) {
        watched = list;
        new MutationObserver(keepFocus).observe(list, { childList: true, subtree: true });
      }
      const line = JSON.stringify(toast || null);
      if (line !== said) {
        said = line;
        clearTimeout(timer);
        timer = setTimeout(fade, TOAST_MILLISECONDS);
      }
      return window.dash_clientside.no_update;
    },
  };
})();
