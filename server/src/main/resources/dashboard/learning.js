// How good the representation is, and what the optimiser does.

import { byId, empty } from './dom.js';
import { Chart, axis } from './chart.js';
import { accuracy, comparable, compact, count, counted, fixed, percent } from './format.js';

let charts;

function make() {
  charts = {
    scores: new Chart(byId('scores'), {
      title: 'Held-out accuracy', up: 'accuracy', height: 214, format: (value) => percent(value), tick: (value) => percent(value, 0),
      series: [{ name: 'linear', style: 's1', dots: true }, { name: 'kNN', style: 's2', dots: true }],
    }),
    loss: new Chart(byId('loss'), {
      title: 'Loss', up: 'loss', height: 214, format: (value) => fixed(value, 3), tick: compact, series: [{ name: '', style: 's1' }],
    }),
    rate: new Chart(byId('rate'), {
      title: 'Learning rate', up: 'rate', height: 116, least: 0, format: compact, series: [{ name: '', style: 's1' }],
    }),
    momentum: new Chart(byId('momentum'), {
      title: 'Momentum', up: 'momentum', height: 116, most: 1, format: (value) => fixed(value, 4), tick: compact, series: [{ name: '', style: 's1' }],
    }),
  };
}

export const across = (point) => (axis.over === 'time' ? point.timeMillis : point.images);
export const acrossScore = (score) => (axis.over === 'time' ? score.evaluatedAtMillis : score.imagesTrained);

export function showLearning({ steps = [], evaluations = [], run }) {
  if (!charts) {
    make();
  }
  const kind = axis.over;
  const newest = evaluations.reduce((late, score) => (!late || score.evaluatedAtMillis > late.evaluatedAtMillis ? score : late), null);
  charts.scores.show(
    evaluations.filter((score) => comparable(score, newest)).map((score) => ({
      x: acrossScore(score),
      values: [score.linear.accuracy, score.neighbours.accuracy],
      marks: [score.linear, score.neighbours].map((one) => one.besideUntrained === 'BELOW'),
      label: `encoder ${score.version}, ${counted(score.imagesTrained, 'image')}; of ${count(score.testImages)} held out: linear ${accuracy(score.linear)}, kNN ${accuracy(score.neighbours)}`,
    })),
    kind,
    empty('No scores yet: encoders are scored on labelled images.', 'millrace push --to probe --labels folder PATH',
      'and, unless demo or up is running, millrace evaluate --watch'));
  const nothing = empty('No step yet: the trainer waits for images.', 'millrace push PATH');
  charts.loss.show(steps.map((point) => ({ x: across(point), values: [point.loss] })), kind, nothing);
  charts.rate.show(steps.map((point) => ({ x: across(point), values: [point.learningRate] })), kind, empty('No step yet.'));
  charts.momentum.show(
    steps.filter((point) => point.momentum !== null).map((point) => ({ x: across(point), values: [point.momentum] })),
    kind,
    empty(run && steps.length ? `${run.settings['trainer.objective']} has no momentum encoder.` : 'No step yet.'));
}
