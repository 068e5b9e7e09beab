/* The box "Export…": its close button presses the button that opened it; so does Escape. */
(function () {
  'use strict';

  document.addEventListener('click', function (event) {
    const button = event.target instanceof Element ? event.target.closest('[data-press]') : null;
    const pressed = button && document.getElementById(button.dataset.press);
    if (pressed) {
      pressed.click();
      pressed.focus();
    }
  });

  document.addEventListener('keydown', function (event) {
    const open = document.getElementById('export-open');
    if (event.key === 'Escape' && open && open.getAttribute('aria-expanded') === 'true') {
      open.click();
      open.focus();
    }
  });
})();
