/* What the page says where the server refuses to answer it: asked too often (429: it waits as long as it is
   told and asks again), or no longer signed in (401). Dash itself says nothing of either. */
(function () {
  'use strict';

  const CALLBACKS = '/_dash-update-component';
  const TRIES = 3;
  const LONGEST = 120;
  const plain = window.fetch.bind(window);
  let waiting = 0;

  function say(text, link) {
    let box = document.getElementById('refused');
    if (!box) {
      box = document.createElement('div');
      box.id = 'refused';
      box.className = 'refused';
      box.setAttribute('role', 'alert');
      document.body.appendChild(box);
    }
    box.textContent = text;
    if (link) {
      const anchor = document.createElement('a');
      anchor.href = link;
      anchor.textContent = 'Sign in';
      box.append(' ', anchor);
    }
  }

  function unsay() {
    const box = document.getElementById('refused');
    if (box) { box.remove(); }
  }

  function pause(seconds) {
    return new Promise(function (resume) { setTimeout(resume, seconds * 1000); });
  }

  async function patient(target, options) {
    for (let tries = 1; ; tries += 1) {
      const answer = await plain(target, options);
      if (answer.status === 401) {
        const here = window.location.pathname + window.location.search;
        say('You are no longer signed in.', '/sign-in?next=' + encodeURIComponent(here));
        return answer;
      }
      if (answer.status !== 429) { return answer; }
      const seconds = Math.min(LONGEST, Number(answer.headers.get('Retry-After')) || 30);
      if (tries === TRIES) {
        say('The server still refuses: too many questions came from your address. Reload the page later.');
        return answer;
      }
      say('Too many questions came from your address at once. This page goes on by itself in '
        + seconds + ' s.');
      waiting += 1;
      try { await pause(seconds + Math.random()); } finally {
        waiting -= 1;
        if (!waiting) { unsay(); }
      }
    }
  }

  window.fetch = function (target, options) {
    const path = typeof target === 'string' ? target : (target && target.url) || '';
    if (path.indexOf(CALLBACKS) < 0 || typeof target !== 'string') { return plain(target, options); }
    return patient(target, options);
  };
})();
