// One time cursor for all figures over time of a page, or of a section that keeps to itself, and the numbers under the
// pointer. The page says everything without it.
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('readings').textContent);
  const slim = matchMedia('(max-width:640px)');
  const stages = [...document.querySelectorAll('.stage[data-read]')].map((el) => ({
    el, read: data[el.dataset.read], cursor: el.querySelector('.cursor'), out: el.querySelector('output'),
  }));
  const home = (el) => el.closest('section.own') || document.body;
  const minus = (text) => text.replace('-', '−');
  const clock = (s) => {
    const tenths = Math.round(s * 10), whole = Math.floor(tenths / 10);
    const pad = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (hours ? hours + ':' + pad(minutes) : minutes) + ':' + pad(whole % 60) + '.' + (tenths % 10);
  };
  const hertz = (hz) => (hz < 1000 ? Math.round(hz) + ' Hz' : (hz / 1000).toFixed(hz < 10000 ? 2 : 1) + ' kHz');
  const ends = (read) => (slim.matches ? read.narrow : read.wide);
  const part = ({ axis, min, max }, value) =>
    axis === 's' ? (value - min) / (max - min) : Math.log(value / min) / Math.log(max / min);
  const value = ({ axis, min, max }, place) => (axis === 's' ? min + (max - min) * place : min * (max / min) ** place);

  const show = (stage, at, told) => {
    const { read, cursor, out } = stage;
    const place = part(read, at);
    const there = place >= 0 && place <= 1;
    cursor.hidden = !there;
    out.hidden = !there || !told;
    if (!there) return;
    const [left, right] = ends(read);
    const x = 100 * (left + (right - left) * place);
    cursor.style.left = x + '%';
    if (!told) return;
    const lines = read.tracks.map((track) => {
      const n = read.axis === 's' ? (at - track.from) / track.step : Math.log(at / track.from) / Math.log(track.step);
      const reading = track.values[Math.round(n)];
      const number = reading === undefined || reading === null ? '–' : minus(reading.toFixed(track.places)) + ' ' + track.unit;
      return [track.label, number];
    });
    out.textContent = '';
    const head = document.createElement('b');
    head.textContent = read.axis === 's' ? clock(at) : hertz(at);
    out.append(head);
    for (const [label, number] of lines) {
      out.append(document.createElement('br'), label + ' ' + number);
    }
    const half = 50 * out.offsetWidth / stage.el.offsetWidth;
    out.style.left = Math.min(100 - half, Math.max(half, x)) + '%';
  };
  const hide = () => stages.forEach(({ cursor, out }) => { cursor.hidden = true; out.hidden = true; });
  const point = (stage, at) => {
    stage.at = at;
    stages.forEach((other) => {
      const along = stage.read.axis === 's' && other.read.axis === 's' && home(stage.el) === home(other.el);
      if (other === stage || along) show(other, at, other === stage);
    });
  };
  stages.forEach((stage) => {
    const { el, read } = stage;
    el.addEventListener('pointermove', (event) => {
      const box = el.getBoundingClientRect(), [left, right] = ends(read);
      const place = ((event.clientX - box.left) / box.width - left) / (right - left);
      point(stage, value(read, Math.min(1, Math.max(0, place))));
    });
    el.addEventListener('pointerleave', hide);
    el.addEventListener('blur', hide);
    el.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20 }[event.key];
      if (!step) return;
      event.preventDefault();
      const from = stage.at === undefined ? 0.5 : part(read, stage.at);
      point(stage, value(read, Math.min(1, Math.max(0, from + step / 400))));
    });
  });
  // A place named in the list of problems is shown on every picture over time.
  document.querySelectorAll('a[data-at]').forEach((link) => link.addEventListener('click', () => {
    const stage = stages.find(({ el, read }) => read.axis === 's' && home(el) === home(link));
    if (stage) point(stage, Number(link.dataset.at));
  }));
})();
