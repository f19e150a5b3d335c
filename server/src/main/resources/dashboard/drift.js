// Drift of the images and of the model, and alarms.

import { byId, empty, h, past, put, table } from './dom.js';
import { Chart, axis } from './chart.js';
import { acrossScore } from './learning.js';
import { clock, compact, count, counted, fixed, isNumber, percent } from './format.js';

const VERDICTS = {
  NOT_ENOUGH: ['too few images', 'none'],
  UNUSABLE: ['unusable', 'none'],
  REFERENCE: ['reference', 'none'],
  STABLE: ['stable', 'stable'],
  DRIFT: ['drift', 'drift'],
};

const RAISED = 'RAISED';
const isOpen = (alarm) => alarm.state === RAISED || alarm.state === 'ACKNOWLEDGED';

let charts;

function make() {
  charts = {
    data: new Chart(byId('data-drift'), {
      title: 'Farthest detector, threshold = 1', up: 'of the threshold', height: 176, least: 0, bars: true, format: (value) => fixed(value, 2), tick: compact,
      series: [{ name: '', style: 's1' }], limit: { value: 1, show: true },
    }),
    model: new Chart(byId('model-drift'), {
      title: 'Model drift', plain: true, up: 'share of neighbours, CKA', height: 176, least: 0, format: (value) => fixed(value, 2), tick: compact,
      series: [{ name: 'new neighbours', style: 's1', dots: true }, { name: 'CKA to the first', style: 's2', dots: true }], most: 1,
    }),
  };
}

const excess = (window) => Math.max(0, ...window.detectors.map((detector) => detector.excess));

export function showDrift({ windows = [], sources = [], evaluations = [] }) {
  if (!charts) {
    make();
  }
  charts.data.show(
    windows.map((window) => ({
      x: window.fromMillis,
      values: [window.detectors.length ? excess(window) : null],
      tone: VERDICTS[window.verdict]?.[1] ?? 'none',
      label: `${clock(window.fromMillis, true)}, ${VERDICTS[window.verdict]?.[0] ?? window.verdict}`,
    })),
    'time',
    empty('The incoming images are not monitored for drift.', 'millrace drift', 'compares windows of them, once an encoder is published.'));
  showDetectors(windows[windows.length - 1], sources);
  const compared = evaluations.filter((score) => score.modelDrift);
  charts.model.show(
    compared.map((score) => ({
      x: acrossScore(score),
      values: [against(score, 'PREVIOUS')?.churn, against(score, 'FIRST')?.cka],
      label: `encoder ${score.version}, ${counted(score.imagesTrained, 'image')}`,
    })),
    axis.over,
    empty('Not enough yet: the second scored encoder is compared with the first.', 'millrace evaluate --watch'));
  showModelWords(compared[compared.length - 1]);
}

const against = (score, role) => score.modelDrift.against.find((one) => one.role === role) ?? (role === 'FIRST' ? score.modelDrift.against[0] : undefined);

function showDetectors(window, sources) {
  if (!window) {
    put(byId('detectors'));
    return;
  }
  const verdict = VERDICTS[window.verdict]?.[0] ?? window.verdict;
  const words = window.reason
    ? `The newest window is unusable: ${window.reason}.`
    : window.verdict === 'REFERENCE'
    ? `The newest window became part of the reference: ${counted(window.referenceImages, 'image')} so far.`
    : `Newest window ${clock(window.fromMillis, true)}: ${counted(window.images, 'image')}, ${verdict}, against ${count(window.referenceImages)} of the reference through encoder ${window.encoderVersion}.`;
  put(byId('detectors'),
    h('p', { class: window.verdict === 'DRIFT' ? 'note bad' : 'note' }, words),
    window.detectors.length === 0 ? null : table(
      [{ title: 'detector' }, { title: 'score', number: true }, { title: 'p', number: true }, { title: 'threshold', number: true }, { title: 'verdict' }],
      window.detectors.map((detector) => [
        detector.name,
        compact(detector.score),
        detector.pValue === null ? '–' : compact(detector.pValue),
        compact(detector.threshold),
        detector.alarm ? h('span', { class: 'bad' }, 'alarm') : 'below',
      ]),
      'Detectors of the newest window'),
    stability(window),
    attribution(window),
    sources.length === 0 ? null : [h('h3', {}, 'By source'), table(
      [{ title: 'source', text: true }, { title: 'images', number: true }, { title: 'farthest', number: true }, { title: 'verdict' }],
      sources.map((source) => [
        source.source,
        count(source.images),
        source.detectors.length ? fixed(excess(source), 2) : '–',
        h('span', { class: source.verdict === 'DRIFT' ? 'bad' : null }, VERDICTS[source.verdict]?.[0] ?? source.verdict),
      ]),
      'Newest window of each source')]);
}

/** How far the features' components have moved; independent of the number of images. */
function stability({ stability: index }) {
  if (!isNumber(index)) {
    return null;
  }
  const words = index < 0.1 ? 'little' : index < 0.25 ? 'some' : 'much';
  return h('p', { class: 'note' }, `Population stability index of the features, mean: ${fixed(index, 2)}, ${words} change.`);
}

/** The shares of the images and of the current encoder in the change of the embeddings. */
function attribution({ attribution: parts }) {
  if (!parts) {
    return null;
  }
  const share = parts.ofImages / (parts.ofImages + parts.ofEncoder);
  const part = (name, of) => {
    const piece = h('i', { class: name });
    piece.style.flex = `${of} 0 0`;
    return piece;
  };
  return [
    h('h3', {}, 'Cause of the change'),
    h('div', { class: 'stacked thin', 'aria-hidden': 'true' }, part('t0', share), part('t7', 1 - share)),
    h('p', { class: 'note' }, `Share of the embeddings’ movement: images ${percent(share, 0)}, encoder ${parts.version} ${percent(1 - share, 0)}.`),
  ];
}

/** What an encoder was when the scored one was compared with it. */
const ROLES = { PREVIOUS: 'the one before', CURRENT: 'current until then', FIRST: 'the first', PINNED: 'pinned' };

function showModelWords(score) {
  if (!score) {
    put(byId('model-words'));
    return;
  }
  const versions = new Map(); // one encoder may have several roles
  for (const one of score.modelDrift.against) {
    versions.set(one.version, [...(versions.get(one.version) ?? []), one]);
  }
  const rows = [...versions.values()].map(([one, ...others]) => [
    `encoder ${one.version}, ${[one, ...others].map((each) => ROLES[each.role] ?? each.role.toLowerCase()).join(' and ')}`,
    percent(one.churn, 0),
    fixed(one.cka, 3),
    fixed(one.procrustes, 3),
  ]);
  put(byId('model-words'),
    h('p', { class: 'note' }, `Encoder ${score.version} on ${counted(score.modelDrift.anchors, 'frozen image')}: the share of each image’s ${score.modelDrift.neighbours} neighbours that are new.`),
    table([{ title: 'compared with' }, { title: 'new', number: true }, { title: 'CKA', number: true }, { title: 'Procrustes', number: true }], rows, 'Model drift'),
    ...indexWords(score));
}

/** What indexes of earlier encoders are worth to the queries of this one. */
function indexWords(score) {
  const spaces = score.spaces ?? [];
  if (spaces.length === 0) {
    return [];
  }
  const recall = (value) => (value === null || value === undefined ? '–' : percent(value, 0));
  const rows = spaces.map((one) => [
    `encoder ${one.space}`,
    recall(one.raw),
    recall(one.adapter?.recall),
    recall(one.adapter?.recallOfNew),
    recall(one.reembedded),
  ]);
  const refused = spaces.filter((one) => one.refused).map((one) => `No adapter to encoder ${one.space}: ${one.refused}.`);
  const first = spaces[0];
  return [
    h('h3', {}, 'Indexes of earlier encoders'),
    h('p', { class: 'note' }, `Queries by encoder ${score.version} in an index that was made by another: recall@${first.neighbours} of that one’s own neighbours, on ${counted(first.heldOut, 'frozen image')} that no adapter was fitted to. “new” is the recall of encoder ${score.version}’s own neighbours by adapted queries, which only embedding all images again makes 100 %: an adapter cannot find what the old index does not hold.`),
    table([{ title: 'index by' }, { title: 'raw', number: true }, { title: 'adapted', number: true }, { title: 'new', number: true }, { title: 're-embedded', number: true }], rows, 'Indexes of earlier encoders'),
    ...refused.map((words) => h('p', { class: 'note' }, words)),
  ];
}

/** Drift in the strip of key figures. */
export function driftFigure({ alarms = [], windows = [] }, figure) {
  const open = alarms.filter(isOpen);
  if (open.length > 0) {
    const raised = open.some((alarm) => alarm.state === RAISED);
    return figure('Data drift', raised ? 'alarm' : 'seen', null, `since ${clock(open[0].fromMillis)}`, raised ? 'bad' : 'warn');
  }
  const last = windows[windows.length - 1];
  if (!last) {
    return figure('Data drift', 'not monitored', null, 'millrace drift', 'none');
  }
  const words = { STABLE: 'none', REFERENCE: 'reference', UNUSABLE: 'unusable', NOT_ENOUGH: 'too few', DRIFT: 'alarm' }[last.verdict] ?? last.verdict;
  return figure('Data drift', words, null, `window of ${clock(last.fromMillis)}`);
}

export function showAlarms({ alarms = [], run }) {
  const place = byId('alarms');
  const shown = past.reading ? [] : alarms.filter(isOpen).map(alarmBox);
  if (run?.collapsed) {
    shown.unshift(box(RAISED, 'Collapsed.', 'Every image has nearly the same projection. Lower optimiser.learning-rate and start again; encoders published earlier are still good.'));
  }
  const key = JSON.stringify([alarms, run?.collapsed, past.reading]);
  if (place.dataset.key !== key) { // announced once, not at every change of something else
    place.dataset.key = key;
    put(place, shown);
  }
}

function alarmBox(alarm) {
  const where = alarm.source ? ` of source ${alarm.source}` : '';
  const words = `The incoming images${where} differ from the reference since ${clock(alarm.fromMillis, true)}`
    + `${alarm.detectors.length ? ', according to ' + alarm.detectors.join(', ') : ''}.`
    + `${alarm.note ? ' ' + alarm.note : ''}`;
  const buttons = h('div', { class: 'orders' },
    alarm.state === RAISED
      ? h('button', { type: 'button', class: 'acknowledge', onclick: (event) => order('acknowledge', alarm, event.currentTarget) }, 'Acknowledge')
      : h('span', { class: 'said' }, 'the first window without drift clears it'),
    rebaseButton(alarm));
  return box(alarm.state, alarm.state === RAISED ? 'Data drift.' : 'Data drift, acknowledged.', words, buttons, changedPart(alarm));
}

function box(state, title, words, ...more) {
  return h('div', { class: 'alarm', data: { state } }, h('p', {}, h('strong', {}, title), ' ', words), more);
}

/** Asks once more: what was the reference is given up. */
function rebaseButton(alarm) {
  const button = h('button', { type: 'button', class: 'rebase', onclick: () => confirm() }, 'Take as the new reference');
  const confirm = () => {
    const question = h('span', { class: 'confirm', role: 'group', 'aria-label': 'Take a new reference' },
      'Images from now on become the reference, and the alarm ends.',
      h('button', { type: 'button', class: 'strong', onclick: (event) => order('rebase', alarm, event.currentTarget) }, 'Rebase'),
      h('button', { type: 'button', onclick: () => question.replaceWith(button) }, 'Cancel'));
    button.replaceWith(question);
    question.querySelector('button').focus();
  };
  return button;
}

const DEVIATIONS_SEEN = 0.5;
const share = (value) => percent(value, value < 0.1 ? 1 : 0);

/** What a person can see of the change: four traits in words, and eight images from before and of now in the order of the one that changed most. */
function changedPart(alarm) {
  const place = h('div', { class: 'changed' }, h('p', { class: 'said' }, 'Comparing images…'));
  fetch(`/dashboard/changed?${new URLSearchParams({ source: alarm.source })}`)
    .then((answer) => answer.json().then((body) => {
      if (!answer.ok) {
        throw new Error(body.error);
      }
      return body;
    }))
    .then((changed) => showChanged(place, changed))
    .catch((problem) => put(place, h('p', { class: 'said' }, `No pictures: ${problem.message}.`)));
  return place;
}

function showChanged(place, { problem, changes, before, now, leftOut }) {
  if (problem) {
    put(place, h('p', { class: 'said' }, `No pictures: ${problem}.`));
    return;
  }
  const seen = changes.filter((change) => Math.abs(change.deviations) >= DEVIATIONS_SEEN);
  const words = seen.length === 0
    ? 'Brightness, contrast, sharpness and colour are about the same: something else in the images has changed.'
    : `Visible changes: ${seen.map((change) => `${change.words} (${change.trait.toLowerCase()} ${share(change.before)} → ${share(change.now)})`).join(', ')}.`;
  const by = changes[0].trait.toLowerCase();
  const row = (name, images) => [
    h('span', { class: 'row', 'aria-hidden': 'true' }, name),
    images.map((image, i) => h('img', { src: image, alt: `${name}, image ${i + 1} by ${by}` })),
    Array.from({ length: 8 - images.length }, () => h('span')),
  ];
  put(place,
    h('p', {}, words),
    h('div', { class: 'gallery' }, row('reference', before), row('now', now)),
    h('p', { class: 'said' }, `From the least ${by} to the most.${leftOut ? ` ${counted(leftOut, 'image')} left out, too large to decode here.` : ''}`));
}

async function order(kind, alarm, button) {
  button.disabled = true;
  const say = (words) => button.after(h('span', { class: 'said', role: 'status' }, words));
  try {
    const answer = await fetch(`/dashboard/${kind}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ source: alarm.source }),
    });
    const became = await answer.json();
    if (!answer.ok) {
      throw new Error(became.error);
    }
    if (became.length === 0) {
      say('Drift is not being monitored now; the order takes effect when millrace drift runs again.');
    }
  } catch (problem) {
    button.disabled = false;
    say(String(problem.message));
  }
}
