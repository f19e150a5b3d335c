// The span of the run that every chart of steps shows: dragged on a strip of the whole run, on which encoders are marks.

import { byId, h, put, s } from './dom.js';
import { axis } from './chart.js';
import { count, isNumber, short, clock } from './format.js';
import { refresh } from './state.js';

const HEIGHT = 26;
const LEAST_PIXELS = 6;
const MOST_MARKS = 200;
const FOLLOWS = 0.005; // of the whole: a span that ends so near to the newest point goes on with it

let strip;
let words;
let whole;
let began = null; // where a drag began, in pixels

/** Takes the run's extent and marks from the state; the charts that are shown after this have them. */
export function readSpan({ steps = [], encoders = [], evaluations = [] }) {
  const ofStep = (point) => (axis.over === 'time' ? point.timeMillis : point.images);
  const ofScore = (score) => (axis.over === 'time' ? score.evaluatedAtMillis : score.imagesTrained);
  const across = [...steps.map(ofStep), ...evaluations.map(ofScore)].filter(isNumber);
  const before = axis.whole;
  axis.whole = across.length > 1 ? [Math.min(...across), Math.max(...across)] : null;
  if (axis.span && before && axis.whole) {
    const [left, right] = axis.span;
    if (right >= before[1] - FOLLOWS * (before[1] - before[0])) { // it followed the newest point
      axis.span = [left, axis.whole[1]];
    }
  }
  axis.marks = encoders.map((encoder) => ({
    x: axis.over === 'time' ? encoder.publishedAtMillis : encoder.images, version: encoder.version,
  })).filter((mark) => isNumber(mark.x)).slice(0, MOST_MARKS);
}

/** The strip; nothing where the run has no length yet. */
export function showBrush() {
  if (!strip) {
    make();
  }
  byId('brush').hidden = !axis.whole;
  draw();
}

function make() {
  strip = s('svg', { class: 'chart', height: HEIGHT, role: 'slider', tabindex: 0, 'aria-label': 'Span of the run that the charts show',
    'aria-valuemin': 0, 'aria-valuemax': 100 });
  words = h('span', { class: 'note' });
  whole = h('button', { type: 'button', class: 'quiet', onclick: () => choose(null) }, 'Whole run');
  put(byId('brush'), strip, h('p', {}, words, whole));
  strip.addEventListener('pointerdown', (event) => {
    began = event.offsetX;
    strip.setPointerCapture(event.pointerId);
  });
  strip.addEventListener('pointermove', (event) => {
    if (began !== null) {
      drag(began, event.offsetX);
    }
  });
  strip.addEventListener('pointerup', (event) => {
    if (began !== null && Math.abs(event.offsetX - began) < LEAST_PIXELS) {
      choose(null);
    }
    began = null;
  });
  strip.addEventListener('pointercancel', () => {
    began = null;
  });
  strip.addEventListener('keydown', key);
  new ResizeObserver(draw).observe(strip);
}

const place = (value) => ((value - axis.whole[0]) / (axis.whole[1] - axis.whole[0] || 1)) * strip.clientWidth;
const value = (pixels) => axis.whole[0] + (Math.max(0, Math.min(strip.clientWidth, pixels)) / strip.clientWidth) * (axis.whole[1] - axis.whole[0]);

function drag(from, to) {
  if (Math.abs(to - from) >= LEAST_PIXELS) {
    choose([value(Math.min(from, to)), value(Math.max(from, to))]);
  }
}

/** Arrow keys move the span, + and − make it shorter and longer, Escape shows the whole run. */
function key(event) {
  if (!axis.whole) {
    return;
  }
  const [first, last] = axis.whole;
  const [left, right] = axis.span ?? axis.whole;
  const length = right - left;
  const moved = (by) => {
    const from = Math.max(first, Math.min(last - length, left + by));
    return [from, from + length];
  };
  const sized = (factor) => [Math.max(first, right - length * factor), right]; // its end stays
  const next = {
    ArrowLeft: () => moved(-length / 4), ArrowRight: () => moved(length / 4), '+': () => sized(0.5), '-': () => sized(2),
    Home: () => moved(-Infinity), End: () => moved(Infinity), Escape: () => null,
  }[event.key];
  if (next) {
    event.preventDefault();
    choose(next());
  }
}

function choose(span) {
  const all = span === null || (span[0] <= axis.whole[0] && span[1] >= axis.whole[1]);
  axis.span = all ? null : span;
  refresh();
}

function draw() {
  const width = strip.clientWidth;
  if (!width || !axis.whole) {
    return;
  }
  const [left, right] = (axis.span ?? axis.whole).map(place);
  put(strip,
    s('rect', { class: 'track', x: 0, y: 4, width, height: HEIGHT - 12, rx: 3 }),
    s('rect', { class: 'span', x: left, y: 4, width: Math.max(2, right - left), height: HEIGHT - 12, rx: 3 }),
    axis.marks.map((mark) => s('line', { class: 'encoder', x1: place(mark.x), x2: place(mark.x), y1: HEIGHT - 7, y2: HEIGHT - 1 },
      s('title', {}, `encoder ${mark.version}`))));
  strip.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  const [from, to] = axis.span ?? axis.whole;
  const said = axis.over === 'time' ? `${clock(from)} to ${clock(to)}` : `${short(from)} to ${short(to)} images`;
  words.textContent = `${axis.span ? said : `Whole run, ${said}`}; ${axis.marks.length === 1 ? '1 encoder' : `${count(axis.marks.length)} encoders`}. ${axis.span ? '' : 'Drag here for a part of it.'}`;
  whole.hidden = !axis.span;
  strip.setAttribute('aria-valuenow', Math.round((100 * right) / width));
  strip.setAttribute('aria-valuetext', said);
}
