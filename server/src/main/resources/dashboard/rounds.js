// The rounds of several trainers: which slots are computed and by whom, how fast, and what the merges do to the weights.

import { byId, empty, h, put, since, table } from './dom.js';
import { Chart, axis } from './chart.js';
import { compact, count, counted, duration, isNumber, percent, rate, significant } from './format.js';
import { state } from './state.js';

let charts;
let lateShown = false;

function make() {
  charts = {
    time: new Chart(byId('round-time'), {
      title: 'Time of a round', up: 'seconds', height: 126, least: 0, format: seconds, tick: compact,
      series: [{ name: 'round', style: 's1' }, { name: 'slowest slot', style: 's2' }],
    }),
    norms: new Chart(byId('round-norms'), {
      title: 'Norms', up: 'norm', height: 126, least: 0, format: significant, tick: compact,
      series: [{ name: 'mean change', style: 's1' }, { name: 'outer step', style: 's2' }],
    }),
  };
}

/** Absent for a run of one trainer. */
export function showRounds({ rounds, roundHistory = [] }) {
  byId('rounds').hidden = !rounds;
  byId('rounds-jump').hidden = !rounds;
  byId('loss-note').hidden = !rounds;
  if (!rounds) {
    return;
  }
  if (!charts) {
    make();
  }
  lateShown = isLate(rounds);
  showFacts(rounds);
  showSlots(rounds);
  showWorkers(rounds);
  const across = (point) => (axis.over === 'time' ? point.timeMillis : point.images);
  charts.time.show(
    roundHistory.map((point) => ({ x: across(point), values: [point.seconds, point.slowestSeconds], label: label(point) })), axis.over,
    empty('No round has been merged yet.'));
  charts.norms.show(
    roundHistory.filter((point) => isNumber(point.change)).map((point) => ({ x: across(point), values: [point.change, point.moved], label: label(point) })), axis.over,
    empty('No round has been merged yet.'));
}

/** Rounds of minutes are compared by their seconds. */
const seconds = (value) => (!isNumber(value) ? '–' : value < 600 ? `${significant(value)} s` : duration(1000 * value));

const label = (point) => (point.rounds === 1 ? `round ${count(point.round)}` : `${counted(point.rounds, 'round')} to ${count(point.round)}`);

/** A round has one deal, so all awaited slots are late from the same moment on. */
function isLate(rounds) {
  const round = rounds.underWay;
  return Boolean(round) && isNumber(rounds.lateSeconds) && Date.now() - round.dealtAtMillis > 1000 * rounds.lateSeconds;
}

function showFacts(rounds) {
  const { underWay, last, merged, slots, nextSlots } = rounds;
  const changes = slots !== nextSlots;
  const next = changes ? `${count(nextSlots)} from the next round` : null;
  put(byId('rounds-facts'),
    underWay
      ? fact(`Round ${count(underWay.round)}`, ['dealt ', since(underWay.dealtAtMillis)], merged > 0 ? `${upTo(merged)} merged` : null)
      : fact('Rounds merged', count(merged), merged > 0 ? upTo(merged) : null),
    underWay
      ? fact('Slots ready', `${count(underWay.ready)} of ${count(underWay.dealt)}`, next)
      : fact('Slots', changes ? `${count(slots)} now` : count(slots), next),
    fact('Usual round', seconds(rounds.usualSeconds)),
    fact('Last round', seconds(last?.seconds), last && isNumber(last.medianSeconds) ? `median slot ${seconds(last.medianSeconds)}` : null),
    fact('Slowest slot', seconds(last?.slowestSeconds), last && isNumber(last.slowestSlot) ? `slot ${last.slowestSlot}` : null),
    fact('Exchange and waiting', percent(rounds.waiting, 0), last && isNumber(last.waiting) ? `last round ${percent(last.waiting, 0)}` : null),
    fact('Norm of the mean change', significant(last?.change)),
    fact('Norm of the outer step', significant(last?.moved)));
}

/** Rounds by their numbers, which begin with 0. */
const upTo = (rounds) => (rounds === 1 ? 'round 0' : `rounds 0 to ${count(rounds - 1)}`);

function fact(term, value, note) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value), note ? h('dd', { class: 'note' }, note) : null);
}

function showSlots(rounds) {
  const place = byId('slots');
  const { underWay } = rounds;
  if (!underWay) {
    put(place, empty(`${rounds.merged ? 'No round is under way: the next' : 'No round yet: one'} begins when the log holds images for ${rounds.nextSlots === 1 ? 'its slot' : `all ${count(rounds.nextSlots)} slots`}.`, 'millrace push PATH'));
    return;
  }
  const hidden = underWay.dealt - underWay.slots.length;
  put(place,
    table(
      [{ title: 'slot', number: true }, { title: 'images', number: true }, { title: 'state' }, { title: 'computed by', text: true }, { title: 'steps took', number: true }, { title: 'ready after', number: true }],
      underWay.slots.map((slot) => [
        count(slot.slot),
        count(slot.offsets),
        slot.worker !== null ? 'ready' : lateShown ? h('span', { class: 'bad' }, 'late') : 'awaited',
        slot.worker ?? '–',
        seconds(slot.seconds),
        seconds(slot.afterSeconds),
      ]),
      'Slots of the round under way'),
    hidden > 0 ? h('p', { class: 'note' }, `and ${counted(hidden, 'slot')} more; the awaited ones come first.`) : null);
}

function showWorkers({ workers, slots }) {
  const place = byId('workers');
  if (workers.length === 0) {
    put(place, empty('No slot has been computed yet: a process appears here with its first one.', 'millrace train', `with rounds.slots=${slots}`));
    return;
  }
  put(place, table(
    [{ title: 'process', text: true }, { title: 'slots', number: true }, { title: 'images/s', number: true }, { title: 'latest slot' }, { title: 'seen' }],
    workers.map((worker) => [
      [worker.name, worker.present && !worker.silent ? null : h('div', { class: 'warn' }, worker.present ? 'silent for longer than usual' : 'in none of the last 3 rounds')],
      count(worker.slots),
      rate(worker.imagesPerSecond),
      `${count(worker.slot)} of round ${count(worker.round)}`,
      since(worker.seenMillis),
    ]),
    'Processes that computed slots of the last 50 rounds'));
}

setInterval(() => {
  if (state.rounds && isLate(state.rounds) !== lateShown) {
    showRounds(state);
  }
}, 1000);
