// Puts the panels together: connection → state → panels.

import { byId, h, past, put, since } from './dom.js';
import { connect, connected, on, refresh, state } from './state.js';
import { showAnswers } from './answers.js';
import { readSpan, showBrush } from './brush.js';
import { axis } from './chart.js';
import { comparable, count, duration, fixed, percent, rate, short, isNumber } from './format.js';
import { showCompare } from './compare.js';
import { showAlarms, showDrift, driftFigure } from './drift.js';
import { showHealth } from './health.js';
import { showLearning } from './learning.js';
import { showCheckpoints, showDisk, showDictionary, showEncoders, showStages } from './machine.js';
import { showNeighbours } from './neighbours.js';
import { showRounds } from './rounds.js';
import { showStream } from './stream.js';

const QUIET_MILLIS = 30_000;

function showStatus() {
  const run = state.run;
  byId('run-name').textContent = run ? run.name : '';
  document.title = run ? `${run.name} · Millrace` : 'Millrace';
  const [mark, words] = status(run);
  const element = byId('status');
  if (element.textContent !== words) {
    element.textContent = words;
  }
  element.dataset.state = mark;
  showReading(run);
}

/** While the past is read, nothing is known to be missing, and the panels say so. */
function showReading(run) {
  const reading = !run || isNumber(run.reading);
  const bar = byId('reading');
  bar.hidden = !reading;
  if (run && reading) {
    bar.value = run.reading;
  }
  if (past.reading !== reading) {
    past.reading = reading;
    refresh();
  }
}

function status(run) {
  if (!connected()) {
    return ['bad', 'reconnecting'];
  }
  if (!run) {
    return ['wait', 'connecting'];
  }
  if (!run.brokerAnswers) {
    return ['bad', 'the broker does not answer'];
  }
  if (isNumber(run.reading)) {
    return ['wait', `reading the run’s history, ${percent(run.reading, 0)}`];
  }
  const round = state.rounds?.underWay;
  if (round) {
    return roundStatus(round, state.rounds);
  }
  if (!run.lastStepMillis) {
    return ['wait', 'waiting for the first step'];
  }
  const quiet = Date.now() - run.lastStepMillis;
  return quiet < QUIET_MILLIS ? ['live', 'training'] : ['idle', `no step for ${duration(quiet)}`];
}

/** Its steps are reported when it is merged. */
function roundStatus(round, { usualSeconds, silentSinceMillis }) {
  if (isNumber(silentSinceMillis)) {
    return ['idle', `no process has reported for ${duration(1000 * Math.round((Date.now() - silentSinceMillis) / 1000))}`];
  }
  const age = Date.now() - round.dealtAtMillis;
  const usual = isNumber(usualSeconds) ? 3000 * usualSeconds : Infinity;
  return age < QUIET_MILLIS + usual ? ['live', `training, round ${count(round.round)}`] : ['idle', `round ${count(round.round)} under way for ${duration(age)}`];
}

function figure(term, value, unit, note, tone) {
  const word = !/[0-9–]/.test(value);
  return h('div', {},
    h('dt', {}, term),
    h('dd', { class: word ? 'value word' : 'value', data: tone ? { tone } : {} }, value, unit ? h('small', {}, unit) : null),
    h('dd', { class: 'note' }, note || '\u00a0'));
}

function showFigures() {
  const { run, stream = {}, steps = [] } = state;
  const evaluations = [...(state.evaluations ?? [])].sort((a, b) => a.version - b.version); // held ones may be scored late
  if (!run) {
    return;
  }
  const first = evaluations[0];
  const last = evaluations[evaluations.length - 1];
  const range = ({ interval }) => (interval ? `${fixed(100 * interval.low, 1)}–${fixed(100 * interval.high, 1)} ` : '');
  const gain = (probe) => `${range(last[probe])}of ${count(last.testImages)}, `
    + (first === last || !comparable(first, last) ? `encoder ${last.version}` : `from ${percent(first[probe].accuracy)}${first.version === 0 ? ', untrained' : ''}`);
  const below = (probe) => last[probe].besideUntrained === 'BELOW';
  const same = (probe) => (last[probe].besideUntrained === 'NO_DIFFERENT' ? `${range(last[probe])}of ${count(last.testImages)}, no different from untrained` : null);
  const score = (term, probe) => {
    if (!last) {
      return figure(term, past.reading ? '–' : 'none yet', null, past.reading ? 'reading…' : 'needs labelled images', 'none');
    }
    return figure(term, fixed(100 * last[probe].accuracy, 1), '%', below(probe) ? 'below the untrained encoder' : same(probe) ?? gain(probe), below(probe) ? 'bad' : null);
  };
  const point = steps[steps.length - 1];
  put(byId('figures'),
    figure('Images trained', short(run.images), null, `step ${count(run.step)}`),
    figure('Training', rate(stream.training), 'images/s',
      isNumber(stream.arriving) ? `${rate(stream.arriving)}/s arrive` : ''),
    figure('Lag', short(stream.lag), 'images', isNumber(stream.stored) ? `${short(stream.stored)} in the log` : 'no images yet'),
    score('Linear probe', 'linear'),
    score(last?.neighbours.k ? `kNN, k = ${last.neighbours.k}` : 'kNN', 'neighbours'),
    figure('Loss', point && isNumber(point.loss) ? fixed(point.loss, 3) : '–', null,
      run.collapsed ? 'collapsed' : run.lastStepMillis ? ['last step ', since(run.lastStepMillis)] : '', run.collapsed ? 'bad' : null),
    point && isNumber(point.freshShare) ? figure('Fresh', percent(point.freshShare, 0), 'of a batch', 'the rest is long past') : null,
    driftFigure(state, figure));
}

function showAbout() {
  const run = state.run;
  if (!run) {
    return;
  }
  const settings = run.settings;
  const start = run.start
    ? `${state.rounds ? 'Led' : 'Trained'} by ${run.start.writer} on ${run.start.engine}, since ${new Date(run.start.startedAtMillis).toLocaleString('en-GB')}.`
    : 'No trainer has started this run yet.';
  put(byId('about'), `${settings['trainer.objective']}, ${settings['encoder.architecture']}, `
    + `${settings['encoder.height']}×${settings['encoder.width']}×${settings['encoder.channels']}, batches of ${settings['trainer.batch-size']}, `
    + `${settings['optimiser.method']}, seed ${settings['run.seed']}. ${start}`);
}

function themeSwitch() {
  const button = byId('theme');
  const root = document.documentElement;
  const themes = ['system', 'light', 'dark'];
  const say = () => {
    button.textContent = `Theme: ${root.dataset.theme || 'system'}`;
  };
  button.addEventListener('click', () => {
    const next = themes[(themes.indexOf(root.dataset.theme || 'system') + 1) % themes.length];
    if (next === 'system') {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = next;
    }
    try {
      localStorage.setItem('millrace-theme', next);
    } catch {
      // no storage: it holds until the page is closed
    }
    say();
  });
  say();
}

function axisSwitch() {
  for (const input of document.querySelectorAll('#axis input')) {
    input.addEventListener('change', () => {
      axis.over = input.value;
      axis.span = null;
      refresh();
    });
  }
}

themeSwitch();
axisSwitch();
on(['run', 'connection', 'rounds'], showStatus);
on(['run', 'stream', 'evaluations', 'steps', 'alarms', 'windows'], showFigures);
on(['answers'], showAnswers);
on(['alarms', 'run'], showAlarms);
on(['steps', 'evaluations', 'encoders'], (now) => { // before the charts
  readSpan(now);
  showBrush();
});
on(['steps', 'evaluations', 'run', 'encoders'], showLearning);
on(['stream', 'gallery', 'rejects'], showStream);
on(['windows', 'sources', 'evaluations', 'encoders', 'steps'], showDrift);
on(['steps', 'evaluations', 'encoders'], showHealth);
on(['rounds', 'roundHistory'], showRounds);
on(['stages'], showStages);
on(['dictionary', 'run'], showDictionary);
on(['encoders', 'evaluations', 'standing'], showEncoders);
on(['checkpoints'], showCheckpoints);
on(['disk'], showDisk);
on(['encoders'], showNeighbours);
on(['run', 'evaluations'], showCompare);
on(['run'], showAbout);
setInterval(showStatus, 1000);
connect();
