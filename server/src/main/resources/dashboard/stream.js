// The incoming stream: rates, the newest images with the trainer's views of them, and rejects.

import { byId, empty, h, past, put, since, table } from './dom.js';
import { count, counted, fixed, isNumber, percent, short } from './format.js';

const REASONS = 6;
const SOURCES = 4;

export function showStream({ stream, gallery, rejects, run, rounds }) {
  if (stream) {
    const rate = (value) => (isNumber(value) ? [fixed(value, 0), h('small', {}, ' images/s')] : '–');
    put(byId('stream'),
      fact('Arriving', rate(stream.arriving)),
      fact('Training', rate(stream.training)),
      fact('Lag', isNumber(stream.lag) ? [short(stream.lag), h('small', {}, ' images')] : '–'));
  }
  showGate(run?.gate);
  showOtherFrames(run?.otherFrames);
  showGallery(gallery, run?.step, rounds);
  showRejects(rejects, run?.step > 0 || stream?.stored > 0);
}

/** What the gate skips, the sources with the most images first. */
function showGate(gate) {
  if (!gate?.seen) {
    put(byId('gate'));
    return;
  }
  const sources = Object.entries(gate.sources).sort(([, a], [, b]) => b.seen - a.seen);
  const named = sources.slice(0, SOURCES)
    .map(([name, source]) => `${percent(source.skipped / source.seen, 0)} of ${name || 'images without a source'}`);
  put(byId('gate'),
    `Skipped by the gate: ${named.join(', ')}${sources.length > SOURCES ? `, and of ${sources.length - SOURCES} more sources` : ''}. `
    + `${fixed(gate.seen / Math.max(1, gate.seen - gate.skipped), 1)}× fewer steps than with every image.`);
}

/** How many second views show another frame, where they may. */
function showOtherFrames(share) {
  put(byId('other-frames'), share > 0 ? `Made from another frame of the same scene: ${percent(share, 0)} of the second views of the last steps.` : null);
}

function fact(term, value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value));
}

function showGallery(gallery, step, rounds) {
  const place = byId('gallery');
  if (!gallery) {
    put(place, rounds ? empty('Not shown for a run of several trainers.') : step ? empty('The views of the newest step are being computed.') : empty('No step yet: the trainer waits for a batch of images.', 'millrace push PATH'));
    return;
  }
  if (gallery.images.length === 0) {
    put(place, empty(gallery.problem + '.'));
    return;
  }
  const row = (name, pick) => [
    h('span', { class: 'row', 'aria-hidden': 'true' }, name),
    gallery.images.map((image, i) => h('img', {
      src: pick(image),
      alt: `${name} ${i + 1} of step ${gallery.step}${image.source ? ', ' + image.source : ''}`,
      title: [image.label, image.source, `offset ${image.at}`, image.secondFrom && `view 2 from offset ${image.secondFrom}`]
        .filter(Boolean).join(' · '),
    })),
    Array.from({ length: 8 - gallery.images.length }, () => h('span')),
  ];
  put(place,
    h('div', { class: 'gallery' }, row('image', (image) => image.image), row('view 1', (image) => image.first), row('view 2', (image) => image.second)),
    h('p', { class: 'note' }, `Step ${count(gallery.step)}: the two views as trained on${gallery.note ? `; ${gallery.note}` : ''}.`));
}

function showRejects(rejects, read) {
  const place = byId('rejects');
  if (!rejects || rejects.read === 0) {
    put(place, h('p', { class: 'note' }, past.reading ? 'Reading…' : read ? 'Nothing was rejected.' : 'No image has arrived yet.'));
    return;
  }
  const shown = rejects.reasons.slice(0, REASONS);
  const others = rejects.reasons.slice(REASONS);
  put(place,
    table(
      [{ title: 'images', number: true }, { title: 'reason', text: true }, { title: 'newest', text: true }],
      shown.map((reason) => [
        count(reason.count),
        h('span', { title: reason.newest.reason }, reason.reason),
        [since(reason.newest.timeMillis), reason.newest.from ? h('span', { class: 'from' }, reason.newest.from) : null],
      ]),
      'Rejected images, by reason'),
    others.length === 0 ? null : h('p', { class: 'note' },
      `and ${counted(others.reduce((sum, reason) => sum + reason.count, 0), 'image')} for ${counted(others.length, 'other reason')}`));
}
