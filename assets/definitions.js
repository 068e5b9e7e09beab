/* The "i" beside a number opens its definition. The texts stand once in the page (layouts/definitions/). */
(function () {
  'use strict';

  let open = null;

  function close(focus) {
    if (!open) { return; }
    open.box.remove();
    open.button.setAttribute('aria-expanded', 'false');
    open.button.removeAttribute('aria-describedby');
    if (focus) { open.button.focus(); }
    open = null;
  }

  function part(box, name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    box.appendChild(made);
  }

  function show(button) {
    const texts = JSON.parse(document.getElementById('definitions').dataset.texts);
    const entry = texts[button.dataset.definition];
    if (!entry) { return; }
    const box = document.createElement('div');
    box.className = 'info-text';
    box.id = 'info-text';
    box.setAttribute('role', 'note');
    part(box, 'strong', entry.name);
    part(box, 'p', entry.formula);
    part(box, 'small', 'Source: ' + entry.source);
    document.body.appendChild(box);
    const at = button.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left - 8), document.documentElement.clientWidth - box.offsetWidth - 8);
    const below = at.bottom + 6;
    const fits = below + box.offsetHeight <= window.innerHeight;
    box.style.left = left + window.scrollX + 'px';
    box.style.top = (fits ? below : Math.max(8, at.top - box.offsetHeight - 6)) + window.scrollY + 'px';
    button.setAttribute('aria-expanded', 'true');
    button.setAttribute('aria-describedby', 'info-text');
    open = { button: button, box: box };
  }

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest('.info');
    const again = open && open.button === button;
    if (open && !open.box.contains(target)) { close(false); }
    if (button && !again) { show(button); }
  });

  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape') { close(true); }
  });
})();
