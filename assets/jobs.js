/* Long work in a panel (layouts/working.py, callbacks/jobs.py): stop it, start it again, and notice when the
   server has gone, since a poll that fails leaves the page waiting. */
(function () {
  'use strict';

  const SILENT = 20000;
  const heard = new Map();

  function triggered() {
    return window.dash_clientside.callback_context.triggered.map(function (one) { return one.prop_id; });
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.nemdesk_jobs = {
    /* Another view of the same tab, or the button: the panel no longer waits for its job. Leaving the tab is
       neither: the job goes on, and coming back finds it. */
    stop: function (clicks, search, job, className) {
      const none = window.dash_clientside.no_update;
      const byButton = triggered().some(function (id) { return id.endsWith('-cancel.n_clicks'); });
      const here = job && window.location.pathname.replace(/\//g, '') === job.tab;
      const byView = triggered().includes('url.search') && here;
      const running = className.indexOf('idle') < 0;
      if (triggered().some(function (id) { return id.endsWith('-job.data'); })) {
        setTimeout(function () {
          window.dash_clientside.set_props('job-nudge', { data: { at: Date.now() } });
        }, 300);
      }
      const why = byButton ? 'button' : 'view';
      return [running && (byButton || byView) ? { why: why, at: Date.now() } : none, !(byButton && running)];
    },
    again: function (clicks, job) {
      if (!clicks || !job) { return window.dash_clientside.no_update; }
      return Object.assign({}, job, { id: String(Date.now()) });
    },
  };

  setInterval(function () {
    for (const box of document.querySelectorAll('.work:not(.idle)')) {
      const said = box.textContent;
      const last = heard.get(box.id);
      if (!last || last.said !== said) {
        heard.set(box.id, { said: said, at: Date.now() });
      } else if (Date.now() - last.at > SILENT) {
        heard.delete(box.id);
        const panel = box.id.replace(/-work$/, '');
        window.dash_clientside.set_props(box.id, { className: 'work idle' });
        window.dash_clientside.set_props(panel + '-top', {
          children: 'The server does not answer any more. Reload the page to try again.',
        });
        window.dash_clientside.set_props(panel, { className: 'panel-failed' });
      }
    }
    for (const id of heard.keys()) {
      if (!document.querySelector('#' + CSS.escape(id) + ':not(.idle)')) { heard.delete(id); }
    }
  }, 2000);
})();
