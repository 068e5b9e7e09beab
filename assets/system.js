/* The System tab: a click on a day of the calendar opens it; the live panels ask again only while somebody
   looks at the page. */
(function () {
  'use strict';

  const DAY = 24 * 3600 * 1000;

  /* The cell's day and region, from its middle (layouts/system_calendar.py says how the places are counted). */
  function placeOf(point, meta) {
    if (!point || !meta || typeof point.y !== 'number') { return null; }
    const middle = Date.parse(String(point.x).replace(' ', 'T').slice(0, 16).padEnd(16, 'T00:00') + 'Z');
    const first = Date.parse(meta.first + 'T00:00Z');
    const column = Math.floor((middle - first) / DAY / meta.across);
    const days = column * meta.across + (point.y % meta.block);
    const region = meta.places[Math.floor(point.y / meta.block)];
    if (!region || !Number.isFinite(days)) { return null; }
    return { day: new Date(first + days * DAY).toISOString().slice(0, 10), region: region };
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.nemdesk_system = {
    follow: function (click, figure) {
      const place = click && placeOf(click.points[0], figure && figure.layout && figure.layout.meta);
      if (place) {
        const nemdesk = window.dash_clientside.nemdesk;
        const region = /1$/.test(place.region) ? place.region : null;
        nemdesk.go(nemdesk.withParameters({ day: place.day, region: region }));
      }
      return window.dash_clientside.no_update;
    },
    beat: function (count) {
      return document.hidden ? window.dash_clientside.no_update : count;
    },
  };
})();
