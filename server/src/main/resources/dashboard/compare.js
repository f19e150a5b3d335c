// Scores of other runs beside this one's.

import { byId, h, put, table } from './dom.js';
import { Chart, axis } from './chart.js';
import { accuracy, comparable, count, counted, fixed, percent } from './format.js';
import { acrossScore } from './learning.js';

const MOST = 4;
const STYLES = ['s1', 's2', 's3', 's4'];

let shown; // the run whose page this is
let chosen = []; // names, this run first
let compared = null;
let charts;

/** The choice of runs, for a run that has a name by now. */
export function showCompare({ run, evaluations = [] }) {
  if (!run) {
    return;
  }
  if (shown !== run.name) {
    shown = run.name;
    chosen = [shown];
    compared = null;
    put(byId('compare'), h('p', { class: 'note' }, h('button', { type: 'button', onclick: load }, 'Choose runs'), ' of this broker, at most four.'));
  } else if (compared && evaluations.length !== compared.runs[0].scores.length) {
    ask();
  }
  draw();
}

async function answer(path) {
  const response = await fetch(path);
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.detail ?? body.title ?? response.statusText);
  }
  return body;
}

async function load() {
  try {
    const names = await answer('/dashboard/runs');
    const others = names.filter((name) => name !== shown);
    const words = h('p', { class: 'note', id: 'compare-words', role: 'status' });
    const boxes = [shown, ...others].map((name) => h('label', { class: 'choice' },
      h('input', { type: 'checkbox', value: name, checked: name === shown, disabled: name === shown, onchange: choose }), h('span', {}, name)));
    put(byId('compare'),
      others.length ? h('fieldset', { class: 'choices' }, h('legend', { class: 'hidden' }, 'Runs to compare'), boxes) : h('p', { class: 'empty' }, 'No other run on this broker has scores.'),
      words, h('div', { class: 'pair' }, h('figure', { id: 'compare-linear' }), h('figure', { id: 'compare-neighbours' })), h('div', { id: 'compare-table' }));
    const make = (id, title) => new Chart(byId(id), { title, up: 'accuracy', height: 214, own: true, format: (value) => percent(value), tick: (value) => percent(value, 0), series: [] });
    charts = [['linear', make('compare-linear', 'Linear probe')], ['neighbours', make('compare-neighbours', 'kNN')]];
    await ask();
  } catch (error) {
    put(byId('compare'), h('p', { class: 'empty' }, `The runs cannot be read: ${error.message} `, h('button', { type: 'button', onclick: load }, 'Try again')));
  }
}

function choose() {
  const boxes = [...document.querySelectorAll('#compare input')];
  chosen = [shown, ...boxes.filter((box) => box.checked && box.value !== shown).map((box) => box.value)];
  for (const box of boxes) {
    box.disabled = box.value === shown || (!box.checked && chosen.length >= MOST);
  }
  ask();
}

async function ask() {
  const asked = chosen;
  try {
    const found = await answer(`/dashboard/compare?runs=${asked.join(',')}`);
    if (asked === chosen) {
      compared = found;
      say('');
      draw();
    }
  } catch (error) {
    say(`The scores cannot be read: ${error.message}`);
  }
}

function say(words) {
  const place = byId('compare-words');
  if (place) {
    place.textContent = words;
  }
}

function draw() {
  if (!compared || !charts) {
    return;
  }
  const { runs } = compared;
  const base = runs.map((each) => each.scores[each.scores.length - 1]).find(Boolean); // others on one line with it only if comparable
  for (const [probe, chart] of charts) {
    chart.options.series = runs.map((each, i) => ({ name: each.run, style: STYLES[i], dots: true }));
    chart.show(
      runs.flatMap((each, i) => each.scores.filter((score) => comparable(score, base)).map((score) => ({
        x: acrossScore(score),
        values: runs.map((_, j) => (i === j ? score[probe].accuracy : null)),
        label: `${each.run}, encoder ${score.version}, ${counted(score.imagesTrained, 'image')}: ${accuracy(score[probe])}`,
      }))),
      axis.over,
      h('p', { class: 'empty' }, 'None of these runs has a score.'));
  }
  put(byId('compare-table'), table(
    [{ title: 'run' }, { title: 'encoder', number: true }, { title: 'images', number: true }, { title: 'linear (95 %)', number: true }, { title: `points above ${runs[0].run} (95 %)`, number: true },
      { title: 'kNN (95 %)', number: true }, { title: 'points above (95 %)', number: true }, { title: 'of images', number: true }],
    runs.map((each) => {
      const last = each.scores[each.scores.length - 1];
      const missing = each.difference?.missing;
      return last
        ? [each.run, count(last.version), count(last.imagesTrained), accuracy(last.linear), points(each.difference?.linear), accuracy(last.neighbours), points(each.difference?.neighbours), count(last.testImages) + (missing ? ` (${missing})` : '')]
        : [each.run, '–', '–', '–', '–', '–', '–', 'no score yet'];
    }),
    'The newest encoder of each run'));
}

/** A paired difference: +1.3 (0.2 to 2.4). */
function points(difference) {
  const signed = (share) => (share > 0 ? '+' : '') + fixed(100 * share, 1);
  return difference ? `${signed(difference.difference)} (${signed(difference.low)} to ${signed(difference.high)})` : '–';
}
