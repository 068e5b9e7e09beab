/* The System tab: a click on a day of the calendar opens it; the live panels ask again only while somebody
   looks at the page. */
(function () {
  'use strict';

  const DAY = 24 * 3600 * 1000;

  /* The cell's day and region, from its place (layouts/system_calendar.py says how the places are counted). */
  function placeOf(point, meta) {
    const cell = point && point.pointNumber;
    if (!Array.isArray(cell) || !meta) { return null; }
    const block = Math.floor(cell[0] / meta.block);
    const days = cell[1] * meta.across + (cell[0] % meta.block);
    return {
      day: new Date(Date.parse(meta.first + 'T00:00Z') + days * DAY).toISOString().slice(0, 10),
      region: meta.places[block],
    };
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
