/* The map of the Regions tab: scrubbing through the period, zooming, following clicks.
   The server sends one frame for every step, colours and words included (layouts/market_state.py); nothing
   here decides what a number looks like. The slider's position goes into the address when it is let go. */
(function () {
  'use strict';

  const WAIT = 350; // ms: keys and quick moves become one address
  const BEAT = 280; // ms between two steps while playing
  const ZOOM = 1.6;

  let kept = { layout: null, frames: null, row: 0 }; // frames of the figure drawn, and the step it shows
  let pending = null;
  let waiting = null;
  let playing = null;

  function map() { return document.querySelector('#regions-map .js-plotly-plot'); }
  function slider() { return document.getElementById('regions-slider'); }
  function say(id, text) {
    const element = document.getElementById(id);
    if (element) { element.textContent = text; }
  }

  function framesOf(gd) {
    const meta = gd && gd.layout && gd.layout.meta;
    if (!meta || !meta.frames) { return null; }
    if (kept.layout !== gd.layout) {
      // A new figure from the server: what it shows is what it says.
      const frames = JSON.parse(meta.frames);
      kept = { layout: gd.layout, frames: frames, row: frames.row };
    }
    return kept.frames;
  }

  /* Colours, words and arrows of one step. Only what differs from the step drawn before is changed: a new
     colour or width costs the browser little, a turned arrow makes plotly.js compute the chart again. */
  function show(row) {
    const gd = map();
    const frames = framesOf(gd);
    if (!frames || !frames.fills[row]) { return; }
    const before = kept.row;
    const changes = {};
    function change(name, place, value) {
      if (!changes[name]) { changes[name] = new Array(frames.traces.length).fill(undefined); }
      changes[name][place] = value;
    }
    const none = frames.gap;
    frames.fills[row].forEach(function (colour, place) {
      const old = frames.fills[before][place];
      if (colour !== old) { change('fillcolor', place, colour); }
      if ((colour === none) !== (old === none)) { change('fillpattern.shape', place, colour === none ? '/' : ''); }
    });
    const regions = frames.fills[row].length;
    const lines = frames.ends.length;
    frames.arrows[row].forEach(function (arrow, number) {
      const old = frames.arrows[before][number];
      const place = regions + number;
      if (arrow[1] !== old[1]) {
        change('line.width', place, arrow[1]);
        change('line.width', place + lines, arrow[1] + frames.halo);
      }
      if (arrow[0] !== old[0]) {
        const ends = frames.ends[number];
        const back = arrow[0] < 0;
        change('x', place, back ? [ends[2], ends[0]] : [ends[0], ends[2]]);
        change('y', place, back ? [ends[3], ends[1]] : [ends[1], ends[3]]);
        change('marker.size', place, [0, arrow[0] ? frames.head : 0]);
      }
    });
    const words = {};
    const texts = frames.texts[row].concat(frames.arrows[row].map(function (arrow) { return arrow[2]; }));
    texts.forEach(function (text, place) { words['annotations[' + place + '].text'] = text; });
    kept.row = row;
    window.Plotly.update(gd, changes, words, frames.traces);
    say('regions-moment', frames.labels[row]);
    say('regions-low', frames.legend[row ? 1 : 0][0]);
    say('regions-high', frames.legend[row ? 1 : 0][1]);
    slider().setAttribute('aria-valuetext', frames.labels[row]);
  }

  function write() {
    const frames = framesOf(map());
    const field = slider();
    if (!frames || !field) { return; }
    const at = frames.at[Number(field.value)];
    const nemdesk = window.dash_clientside.nemdesk;
    nemdesk.go(nemdesk.withParameters({ at: at || null }));
  }

  document.addEventListener('input', function (event) {
    if (event.target.id !== 'regions-slider') { return; }
    // Of several moves within one picture only the last is drawn.
    if (!waiting) {
      waiting = window.requestAnimationFrame(function () {
        waiting = null;
        const field = slider();
        if (field) { show(Number(field.value)); }
      });
    }
  });

  document.addEventListener('change', function (event) {
    if (event.target.id !== 'regions-slider' || playing) { return; }
    window.clearTimeout(pending);
    pending = window.setTimeout(write, WAIT);
  });

  function stop() {
    window.clearInterval(playing);
    playing = null;
    const button = document.querySelector('[data-map-play]');
    if (button) { button.textContent = '▶'; button.setAttribute('aria-label', 'Play'); button.title = 'Play'; }
  }

  function move(row) {
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    set.call(slider(), String(row));
    show(row);
  }

  function play(button) {
    if (playing) { stop(); write(); return; }
    if (!slider()) { return; }
    if (Number(slider().value) >= Number(slider().max)) { move(0); }
    button.textContent = '❚❚';
    button.setAttribute('aria-label', 'Pause');
    button.title = 'Pause';
    playing = window.setInterval(function () {
      const field = slider();
      if (!field) { stop(); return; }
      const next = Number(field.value) + 1;
      if (next > Number(field.max)) { stop(); write(); return; }
      move(next);
    }, BEAT);
  }

  /* Which stations show: largest first, down to a size that falls with the square of the zoom. */
  function thin(gd, frames) {
    const rule = frames.stations;
    if (rule.off) { say('regions-shown', 'Stations are off.'); return; }
    const range = gd._fullLayout.yaxis.range;
    const zoom = (frames.whole[3] - frames.whole[2]) / Math.abs(range[1] - range[0]);
    const everything = rule.everything || zoom >= rule.everythingFrom;
    const least = everything ? 0 : rule.smallest / Math.max(zoom, 1) ** 2;
    const count = rule.capacity.filter(function (mw) { return mw >= least; }).length;
    const drawn = gd.data[rule.trace];
    if (drawn.x.length !== count) { window.Plotly.restyle(gd, { x: [rule.x.slice(0, count)] }, [rule.trace]); }
    const total = rule.x.length;
    let text = count === total
      ? 'All ' + total + ' stations.'
      : count + ' of ' + total + ' stations: those of ' + Math.round(least) + ' MW or more; zoom in for smaller ones.';
    if (rule.lacking) { text += ' ' + rule.lacking + ' more in the list below have no known place.'; }
    say('regions-shown', text);
  }

  function zoom(how) {
    const gd = map();
    const frames = framesOf(gd);
    if (!frames) { return; }
    const ranges = { x: gd._fullLayout.xaxis.range, y: gd._fullLayout.yaxis.range };
    let next;
    if (how === 'all') {
      next = { x: [frames.whole[0], frames.whole[1]], y: [frames.whole[2], frames.whole[3]] };
    } else {
      const factor = how === 'in' ? 1 / ZOOM : ZOOM;
      // From the whole map the way in leads to where most stations are, not to its empty middle.
      const far = how === 'in' && ranges.y[1] - ranges.y[0] >= frames.whole[3] - frames.whole[2] - 0.01;
      next = {};
      for (const axis of ['x', 'y']) {
        const middle = far ? frames.focus[axis] : (ranges[axis][0] + ranges[axis][1]) / 2;
        const half = (ranges[axis][1] - ranges[axis][0]) / 2 * factor;
        next[axis] = [middle - half, middle + half];
      }
    }
    // Only a map that is zoomed in takes drags: otherwise a finger that means to scroll would move it.
    const closer = next.y[1] - next.y[0] < frames.whole[3] - frames.whole[2];
    window.Plotly.relayout(gd, { 'xaxis.range': next.x, 'yaxis.range': next.y, dragmode: closer ? 'pan' : false });
  }

  document.addEventListener('click', function (event) {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest('[data-map-play], [data-map-zoom]');
    if (!button) { return; }
    if (button.dataset.mapZoom) { zoom(button.dataset.mapZoom); } else { play(button); }
  });

  function open(href) {
    if (typeof href === 'string' && href.startsWith('/') && !href.startsWith('//')) {
      window.dash_clientside.nemdesk.go(href);
    }
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.regions = {
    /* A click on a bubble or an arrow carries its address; one on a region, its trace's. */
    follow: function (click) {
      const point = click && click.points && click.points[0];
      if (point) {
        const trace = map() && map().data[point.curveNumber];
        open(point.customdata || (trace && trace.meta));
      }
      return window.dash_clientside.no_update;
    },
    settle: function () {
      window.requestAnimationFrame(function () {
        const gd = map();
        const frames = framesOf(gd);
        if (frames && gd._fullLayout && gd._fullLayout.yaxis) { thin(gd, frames); }
      });
      return window.dash_clientside.no_update;
    },
  };
})();
