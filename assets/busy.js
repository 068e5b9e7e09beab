/* A server that says "busy" (Retry-After) is asked again after that time, without anybody pressing anything.
   Each page waits a little longer than it was told, by chance, so that a crowd does not come back at once. */
(function () {
  'use strict';

  const CALLBACKS = '/_dash-update-component';
  const LONGEST = 15000;
  const KIND_TRIES = 8;
  const plain = window.fetch;
  let waiting = 0;

  function box() {
    let found = document.getElementById('busy');
    if (!found) {
      found = document.createElement('div');
      found.id = 'busy';
      found.className = 'busy';
      found.setAttribute('role', 'status');
      document.body.appendChild(found);
    }
    return found;
  }

  function say() {
    const text = waiting ? 'The server is busy; trying again.' : '';
    const found = box();
    if (found.textContent !== text) { found.textContent = text; }
    found.classList.toggle('shown', Boolean(text));
  }

  function pause(seconds, tries) {
    const grown = Math.min(seconds * 1000 * Math.pow(1.5, tries), LONGEST);
    return new Promise(function (done) { setTimeout(done, grown * (1 + Math.random() / 2)); });
  }

  function seconds(answer) {
    const told = Number(answer.headers.get('Retry-After'));
    return told > 0 ? told : 0;
  }

  /* Dash gets the last answer. An answer of status 200 carries the reason in its panel, so that it is shown
     in the end; a 503 has nothing to show and is asked again for as long as its view is open. */
  async function patient(url, options) {
    const here = location.href;
    let waits = false;
    try {
      for (let tries = 0; ; tries += 1) {
        const answer = await plain(url, options);
        const told = seconds(answer);
        // 429 is refused.js's: it says who asked too often, and for how long.
        if (!told || answer.status === 429) { return answer; }
        if (answer.status !== 503 && tries >= KIND_TRIES) { return answer; }
        if (!waits) { waits = true; waiting += 1; say(); }
        await pause(told, Math.min(tries, 6));
        if (location.href !== here) { return new Response(null, { status: 204 }); }
      }
    } finally {
      if (waits) { waiting -= 1; say(); }
    }
  }

  window.fetch = function (url, options) {
    const callback = typeof url === 'string' && url.indexOf(CALLBACKS) >= 0;
    return callback ? patient(url, options) : plain.apply(this, arguments);
  };
})();
