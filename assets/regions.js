/* The map of the Regions tab: scrubbing through the period, zooming, following clicks.
   The server sends one frame for every step, colours and words included (layouts/market_state.py); nothing
   here decides what a number looks like. The slider's position goes into the address when it is let go. */
(function () {
  'use strict';

  const WAIT = 350; // ms: keys and quick moves become one address
  const BEAT = 280; // ms between two steps while playing
  const ZOOM = 1.6;

  let kept = { text: null, frames: null };
  let pending = null;
  let playing = null;

  function map() { return document.querySelector('#regions-map .js-plotly-plot'); }
  function slider() { return document.getElementById('regions-slider'); }
  function say(id, text) {
    const element = document.getElementById(id);
    if (element) { element.textContent = text; }
  }

  function framesOf(gd) {
    const text = gd && gd.layout && gd.layout.meta && gd.layout.meta.frames;
    if (!text) { return null; }
    if (kept.text !== text) { kept = { text: text, frames: JSON.parse(text) }; }
    return kept.frames;
  }

  /* Colours, words and arrows of one step. */
  function show(row) {
    const gd = map();
    const frames = framesOf(gd);
    if (!frames || !frames.fills[row]) { return; }
    const style = { fillcolor: [], 'fillpattern.shape': [], x: [], y: [], text: [], 'line.width': [], 'marker.size': [] };
    const nothing = undefined; // leaves a trace's value as it is
    frames.fills[row].forEach(function (colour) {
      style.fillcolor.push(colour);
      style['fillpattern.shape'].push(colour === frames.gap ? '/' : '');
      for (const name of ['x', 'y', 'text', 'line.width', 'marker.size']) { style[name].push(nothing); }
    });
    frames.arrows[row].forEach(function (arrow, place) {
      const ends = frames.ends[place];
      const back = arrow[0] < 0;
      style.fillcolor.push(nothing);
      style['fillpattern.shape'].push(nothing);
      style.x.push(back ? [ends[2], ends[0]] : [ends[0], ends[2]]);
      style.y.push(back ? [ends[3], ends[1]] : [ends[1], ends[3]]);
      style.text.push([arrow[2], arrow[2]]);
      style['line.width'].push(arrow[1]);
      style['marker.size'].push([0, arrow[0] ? 8 + 2 * arrow[1] : 0]);
    });
    const words = {};
    frames.texts[row].concat(frames.arrows[row].map(function (arrow) { return arrow[2]; }))
      .forEach(function (text, place) { words['annotations[' + place + '].text'] = text; });
    window.Plotly.update(gd, style, words, frames.regions.concat(frames.lines));
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
    const row = Number(event.target.value);
    window.requestAnimationFrame(function () { show(row); });
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
      next = {};
      for (const axis of ['x', 'y']) {
        const middle = (ranges[axis][0] + ranges[axis][1]) / 2;
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
