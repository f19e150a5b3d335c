// Neighbours under two encoders, and a map of the recent images. On request only, since it costs the run some computing.

import { h, s, byId, empty, put } from './dom.js';
import { state } from './state.js';
import { clock, count, counted, duration, fixed, percent } from './format.js';

const PICKED = 40;
const GROUPS = ['#0b84a5', '#d2691e', '#3f8f4f', '#9a5fb0', '#c2a000', '#c2405a', '#6b7fd7', '#7a7a72'];

const view = { recent: null, first: null, second: null, asked: null, found: null, map: null, colour: 'time', problem: '', busy: false };
let shownVersions = '';

const versions = () => (state.encoders || []).map((encoder) => encoder.version); // newest first

export function showNeighbours() {
  const now = versions().join();
  if (now === shownVersions && byId('neighbours').hasChildNodes()) {
    return;
  }
  shownVersions = now;
  draw();
}

function draw() {
  const place = byId('neighbours');
  const there = versions();
  if (there.length === 0) {
    put(place, empty('No encoder has been published yet.', 'millrace train'));
    return;
  }
  // the oldest and the newest, until the user has loaded images: versions arrive one after the other
  view.second = view.recent && there.includes(view.second) ? view.second : there[0];
  view.first = view.recent && there.includes(view.first) ? view.first : there[there.length - 1];
  if (!view.recent) {
    put(place,
      h('p', { class: 'empty' }, 'Which images look alike to an early encoder, and which to the newest? This embeds the newest 512 images, a few seconds of computing for the run.'),
      h('div', { class: 'row-tools' }, h('button', { type: 'button', id: 'explore', disabled: view.busy, onclick: load }, view.busy ? 'Reading…' : 'Show recent images')),
      problem());
    return;
  }
  put(place, h('div', { class: 'explore' }, h('div', {}, mapPart(there)), h('div', {}, askPart(there))));
}

const problem = () => h('p', { class: 'note bad', role: 'status' }, view.problem);

async function load() {
  await work(async () => {
    view.recent = await ask('/dashboard/recent');
    view.byName = new Map(view.recent.images.map((image) => [image.at, image]));
    view.asked = view.found = null;
    if (view.recent.images.length < 2) {
      const { leftOut } = view.recent;
      view.recent = null;
      throw new Error(leftOut > 0
        ? 'The recent images are too large to decode here.'
        : 'There are not enough images in the log yet: millrace push PATH');
    }
    if (view.recent.images.some((image) => image.label)) {
      view.colour = 'label';
    }
    view.map = await ask(`/dashboard/map?version=${view.second}`);
    if (view.map.readAtMillis !== view.recent.readAtMillis) {
      view.map = null;
    }
  });
}

async function work(task) {
  view.busy = true;
  view.problem = '';
  draw();
  try {
    await task();
  } catch (failure) {
    view.problem = String(failure.message);
  }
  view.busy = false;
  draw();
}

async function ask(address, options) {
  const answer = await fetch(address, options);
  const body = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (!answer.ok) {
    throw new Error(body.error);
  }
  return body;
}

function askAbout(image, file) {
  return work(async () => {
    const query = new URLSearchParams({ versions: [...new Set([view.first, view.second])].join() });
    if (image) {
      query.set('image', image);
    }
    const found = await ask(`/dashboard/neighbours?${query}`, { method: 'POST', body: file ?? null });
    view.found = found;
    view.asked = { image, name: file ? file.name : null };
  });
}

function select(label, chosen, there, change) {
  return h('label', {}, label, h('select', { onchange: (event) => change(Number(event.target.value)) },
    there.map((version) => {
      const words = version === there[0] ? `${version}, newest` : version === 0 ? '0, untrained' : String(version);
      return h('option', { value: version, selected: version === chosen }, words);
    })));
}

/* the map */

function groupOf(image) {
  if (view.colour === 'label') {
    return image.label || 'no label';
  }
  const source = image.source || 'no source';
  const folder = source.replace(/[!#].*$/, '').split('/').slice(0, -1).join('/');
  return folder || source;
}

function colours() {
  const { images } = view.recent;
  if (view.colour === 'time') {
    const from = images[0].timeMillis;
    const span = Math.max(1, images[images.length - 1].timeMillis - from);
    return { of: (image) => tint((image.timeMillis - from) / span), key: [['oldest', tint(0)], [`newest, ${duration(span)} later`, tint(1)]] };
  }
  const counts = new Map();
  images.forEach((image) => counts.set(groupOf(image), (counts.get(groupOf(image)) ?? 0) + 1));
  const sorted = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
  const named = sorted.length > GROUPS.length ? sorted.slice(0, GROUPS.length - 1) : sorted;
  const of = (image) => GROUPS[named.includes(groupOf(image)) ? named.indexOf(groupOf(image)) : GROUPS.length - 1];
  const key = named.map((name, i) => [`${name} (${count(counts.get(name))})`, GROUPS[i]]);
  if (named.length < sorted.length) {
    key.push([`${sorted.length - named.length} others`, GROUPS[GROUPS.length - 1]]);
  }
  return { of, key };
}

const tint = (share) => `color-mix(in oklab, var(--accent) ${Math.round(12 + 88 * share)}%, var(--rule-2))`;

function mapPart(there) {
  const parts = [
    h('div', { class: 'row-tools' },
      select('Map of encoder', view.second, there, (version) => {
        view.second = version;
        work(async () => {
          view.map = await ask(`/dashboard/map?version=${version}`);
          if (view.asked?.image) {
            await askQuietly();
          }
        });
      }),
      h('label', {}, 'coloured by', h('select', {
        onchange: (event) => {
          view.colour = event.target.value;
          draw();
        },
      }, ['time', 'source', 'label'].map((kind) => h('option', { value: kind, selected: kind === view.colour }, kind)))),
      h('button', { type: 'button', class: 'quiet', disabled: view.busy, onclick: load }, view.busy ? 'Working…' : 'Load the newest')),
  ];
  const { images, leftOut } = view.recent;
  if (leftOut > 0) {
    parts.push(h('p', { class: 'note', id: 'left-out' }, `${count(images.length)} of the newest ${counted(images.length + leftOut, 'image')}: the others are too large to decode here.`));
  }
  if (view.map && view.map.points.length === 2 * view.recent.images.length) {
    const { of, key } = colours();
    parts.push(drawMap(of),
      h('ul', { class: 'map-key' }, key.map(([name, colour]) => {
        const dot = h('i', { 'aria-hidden': 'true' });
        dot.style.background = colour;
        return h('li', {}, dot, name);
      })),
      h('p', { class: 'note' }, `${counted(view.recent.images.length, 'image')} in the plane of the largest variance of this encoder’s features: ${percent(view.map.share, 0)} of it.`));
  }
  parts.push(problem());
  return parts;
}

async function askQuietly() {
  view.found = await ask(`/dashboard/neighbours?${new URLSearchParams({ versions: [...new Set([view.first, view.second])].join(), image: view.asked.image })}`, { method: 'POST' });
}

function drawMap(colourOf) {
  const width = 460;
  const height = 400;
  const xs = view.map.points.filter((value, i) => i % 2 === 0);
  const ys = view.map.points.filter((value, i) => i % 2 === 1);
  const fit = (values, size) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value) => 14 + ((value - low) / (high - low || 1)) * (size - 28);
  };
  const [x, y] = [fit(xs, width), fit(ys, height)];
  const near = new Set((view.found?.found.find((found) => found.version === view.second)?.images ?? []).map((neighbour) => neighbour.at));
  const dots = view.recent.images.map((image, i) => {
    const chosen = image.at === view.asked?.image;
    const dot = s('circle', {
      cx: x(xs[i]).toFixed(1), cy: y(ys[i]).toFixed(1), r: chosen ? 7 : near.has(image.at) ? 5.2 : 3.6,
      class: chosen ? 'chosen' : near.has(image.at) ? 'near' : null, 'data-at': image.at,
    }, s('title', {}, describe(image)));
    dot.style.fill = colourOf(image);
    return dot;
  });
  const later = dots.filter((dot) => dot.getAttribute('class'));
  return s('svg', {
    class: 'map', viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': `Map of ${dots.length} recent images; choose one in the list beside it, or with a click here.`,
    onclick: (event) => {
      if (event.target.dataset.at) {
        askAbout(event.target.dataset.at);
      }
    },
  }, dots.filter((dot) => !dot.getAttribute('class')), later);
}

/* the question and its answer */

const describe = (image) => [image.label, image.source, clock(image.timeMillis, true)].filter(Boolean).join(' · ') || image.at;

function thumb(at) {
  const image = view.byName.get(at);
  const words = image ? describe(image) : at;
  return h('button', {
    type: 'button', class: 'thumb', title: words, 'aria-pressed': at === view.asked?.image ? 'true' : 'false', disabled: view.busy, onclick: () => askAbout(at),
  }, h('img', { src: `/dashboard/picture?image=${encodeURIComponent(at)}`, alt: words, loading: 'lazy', width: 42, height: 42 }));
}

function askPart(there) {
  const newest = view.recent.images.slice(-PICKED).reverse();
  const upload = h('input', {
    type: 'file', accept: 'image/*', id: 'upload', class: 'hidden', 'aria-label': 'Image to upload', tabindex: -1,
    onchange: (event) => {
      if (event.target.files.length) {
        askAbout(null, event.target.files[0]);
      }
    },
  });
  const parts = [
    h('div', { class: 'row-tools' },
      select('Encoder', view.first, there, (version) => {
        view.first = version;
        draw();
      }),
      h('span', { class: 'note' }, `against encoder ${view.second}`),
      h('button', { type: 'button', disabled: view.busy, onclick: () => upload.click() }, 'Upload an image'), upload),
    h('div', { class: 'picker', role: 'group', 'aria-label': 'Recent images, newest first: choose one' }, newest.map((image) => thumb(image.at))),
  ];
  if (!view.found) {
    parts.push(h('p', { class: 'empty' }, 'Choose an image above, a point of the map, or upload one of your own.'));
    return parts;
  }
  const chosen = view.asked.image ? view.byName.get(view.asked.image) : null;
  const words = chosen ? describe(chosen) : view.asked.name ?? '';
  parts.push(h('div', { class: 'asked', id: 'asked' },
    h('img', { src: view.found.image, alt: 'The query image' }),
    h('p', {}, chosen ? words : ['Uploaded: ', words], h('br'), h('span', { class: 'note' }, shared()))));
  const both = view.found.found.map((found) => new Set(found.images.map((neighbour) => neighbour.at)));
  for (const found of view.found.found) {
    const others = both.filter((set, i) => view.found.found[i] !== found);
    parts.push(h('h3', {}, found.version === 0 ? 'Encoder 0, untrained' : `Encoder ${found.version}`),
      h('ol', { class: 'found', 'data-version': found.version }, found.images.map((neighbour) => h('li', {
        class: others.some((set) => set.has(neighbour.at)) ? 'shared' : null,
      }, thumb(neighbour.at), h('span', {}, fixed(neighbour.cosine, 3))))),
      found.matching ? matching(found) : '');
  }
  return parts;
}

// AMDIM: the score of the whole query with each place; place (row, column) sees 8 of 32 pixels, from 4·row and 4·column on
function matching(found) {
  const { side, images } = found.matching;
  const all = images.flatMap((image) => image.scores);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const names = ['the query itself', ...found.images.map((neighbour, i) => `neighbour ${i + 1}`)];
  return h('div', { class: 'matching', 'data-version': found.version },
    h('p', { class: 'note' }, `How well the whole query predicts each place of itself (first) and of its neighbours: f₁·φ₇(f₇)/√D, from ${fixed(low, 2)} (dark) to ${fixed(high, 2)} (bright).`),
    h('div', { class: 'matches' }, images.map((image, i) => {
      const best = image.scores.indexOf(Math.max(...image.scores));
      const words = `${names[i]}: best ${fixed(image.scores[best], 2)}, in row ${Math.floor(best / side) + 1} and column ${(best % side) + 1} of ${side}`;
      const step = 32 / (side + 1); // half a step of the rim is in no place's middle
      return s('svg', { viewBox: `${step / 2} ${step / 2} ${step * side} ${step * side}`, role: 'img', 'aria-label': words }, s('title', {}, words),
        s('image', { href: image.picture, width: 32, height: 32 }),
        image.scores.map((score, place) => s('rect', {
          x: step / 2 + step * (place % side), y: step / 2 + step * Math.floor(place / side), width: step, height: step,
          'fill-opacity': ((0.8 * (high - score)) / (high - low || 1)).toFixed(2),
        })));
    })));
}

function shared() {
  const [one, other] = view.found.found;
  if (!other) {
    return '';
  }
  const names = new Set(one.images.map((neighbour) => neighbour.at));
  const same = other.images.filter((neighbour) => names.has(neighbour.at)).length;
  return `${same} of ${other.images.length} neighbours are the same for both encoders; cosines below.`;
}
